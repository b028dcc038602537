/* uwsgi_config: what the three parts of strata-uwsgi are told by its options.
 *
 * It is read by main.c and by nobody changed after. */

#ifndef STRATA_UWSGI_CONFIG_H
#define STRATA_UWSGI_CONFIG_H

#include "http_options.h"

struct uwsgi_config {
    struct http_options http;
    int64_t connect_timeout; /* milliseconds until a uwsgi server accepts */
    int64_t reply_timeout;   /* until it takes or says something more */
};

/* One line on stderr: "strata-uwsgi: 127.0.0.1:4711: " and the sentence. */
void uwsgi_log(const struct net_addr *peer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
