/* wsgi_log: what the host writes to its log, which is its standard error.
 *
 * A line is one write(2), so that lines of several processes do not mix. */

#ifndef STRATA_WSGI_LOG_H
#define STRATA_WSGI_LOG_H

#include "bytes.h"

#include <sys/types.h>

/* One line, printf-like; the newline is added.  wsgi_log_dated puts the date
 * before it, as uWSGI does for what happens while it serves:
 * "Sun Nov 22 06:51:49 2026 - ". */
void wsgi_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
void wsgi_log_dated(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Bytes that are lines already: in one write(2), or, where the log takes them
 * in pieces, all of them.  Nothing can be done about a log that takes no
 * more. */
void wsgi_log_write(struct span bytes);

/* One line of which `text` came from a stranger: control bytes are written as
 * \xNN, so that nobody can forge a line. */
bool wsgi_log_escape(struct buf *out, struct span text);

/* "Sun Nov 22 06:51:49 2026" and a NUL. */
#define WSGI_LOG_DATE 32
void wsgi_log_date(char *text);

/* Everything that uWSGI's request line tells. */
struct wsgi_log_request {
    int app;            /* 0, or -1: no application */
    uint64_t app_count; /* requests of this application in this worker */
    uint64_t count;     /* requests of all workers */
    struct span remote_addr, remote_user, method, uri, protocol;
    unsigned vars;       /* keys and values: twice the number of variables */
    unsigned vars_bytes; /* as they stand in a packet */
    uint64_t body;       /* bytes of the body that went out */
    uint64_t msecs;
    int status;
    unsigned headers; /* fields of the application */
    unsigned head_bytes;
    unsigned switches; /* items taken from the iterable */
    unsigned core;
};

/* Writes
 * [pid: 31021|app: 0|req: 1/1] 127.0.0.1 () {22 vars in 236 bytes} [Sun Nov 22
 * 07:11:08 2026] GET /path => generated 27 bytes in 0 msecs (HTTP/1.1 200)
 * 2 headers in 71 bytes (1 switches on core 0)
 * as one line; strangers' bytes are escaped. */
void wsgi_log_request(const struct wsgi_log_request *r);

#endif
