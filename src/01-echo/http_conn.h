/* http_conn: one client's connection, served by blocking calls.
 *
 * The thin shell around the pure parsers: it reads into a bounded buffer, asks
 * them, and keeps the clock.  It serves stages 1 to 5; the event loop of
 * stage 6 takes its place there. */

#ifndef STRATA_HTTP_CONN_H
#define STRATA_HTTP_CONN_H

#include "http_body.h"
#include "net.h"

/* Milliseconds; the defaults are nginx's. */
struct http_timeouts {
    int64_t idle; /* between two requests of one connection */
    int64_t head; /* from the first byte of a head to its last */
    int64_t body; /* between two reads of a body */
    int64_t send; /* between two writes that the client took */
};

#define HTTP_DEFAULT_TIMEOUTS {75000, 60000, 60000, 60000}

struct http_conn {
    int fd;
    struct buf in;       /* bytes received and not yet consumed */
    uint32_t head_held;  /* of which the first are the current request's head */
    struct http_timeouts timeouts;
    struct http_field list[HTTP_MAX_FIELDS];
    struct http_request request;
    struct http_body body;
    bool body_done;      /* the body was read to its end */
    bool continue_due;   /* the client waits for 100 Continue */
};

enum http_event {
    HTTP_EV_REQUEST, /* conn->request is complete */
    HTTP_EV_BAD,     /* answer request.status, close */
    HTTP_EV_TIMEOUT, /* in the midst of a head: answer 408, close */
    HTTP_EV_CLOSED,  /* the client left, or was silent too long: just close */
};

/* Takes over fd.  `limits` as in http_request_init; the input buffer is
 * bounded by the head limit plus one read. */
void http_conn_init(struct http_conn *c, int fd,
                    const struct http_timeouts *timeouts,
                    const struct http_limits *limits);

/* Closes the connection (lingering when `linger`) and frees its buffer. */
void http_conn_close(struct http_conn *c, bool linger);

/* Waits for the next request's head.  What is left unread of the previous
 * request's body must have been dealt with (http_conn_skip_body). */
enum http_event http_conn_next(struct http_conn *c);

/* The next content bytes of the request's body: > 0 with *content set, valid
 * until the next call on c; 0 at the end of the body; -1 when it fails:
 * c->body.status is then 400, 413 or 408, or 0 when the client has left.
 * max_body bounds the body and counts from the first call. */
int http_conn_read_body(struct http_conn *c, struct span *content);

/* Starts the body with its bound; called once after http_conn_next. */
void http_conn_start_body(struct http_conn *c, uint64_t max_body);

/* Reads and drops the rest of the body, at most `max` bytes of it, so that the
 * next request can be found; false when the connection must be closed. */
bool http_conn_skip_body(struct http_conn *c, uint64_t max);

#endif
