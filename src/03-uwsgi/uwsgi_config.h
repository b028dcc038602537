/* uwsgi_config: what the three parts of strata-uwsgi are told by its options.
 *
 * It is read by main.c and by nobody changed after. */

#ifndef STRATA_UWSGI_CONFIG_H
#define STRATA_UWSGI_CONFIG_H

#include "http_conn.h"

struct uwsgi_config {
    struct http_timeouts timeouts; /* of clients; `send` of servers, too */
    int64_t connect_timeout;       /* until a uwsgi server has accepted */
    int64_t reply_timeout;         /* between two reads of its answer */
    struct http_limits limits;
    uint64_t max_body;
};

#define UWSGI_DEFAULT_CONFIG                                                   \
    {                                                                          \
        .timeouts = HTTP_DEFAULT_TIMEOUTS, .connect_timeout = 60000,           \
        .reply_timeout = 60000, .limits = HTTP_DEFAULT_LIMITS,                 \
        .max_body = 1048576                                                    \
    }

/* One line on stderr: "strata-uwsgi: 127.0.0.1:4711: " and the sentence. */
void uwsgi_log(const struct net_addr *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
