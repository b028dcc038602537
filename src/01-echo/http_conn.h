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
    struct buf in;     /* bytes received, which nobody looks at but by the
                        * functions below; it never moves once it is filled */
    size_t used;       /* of which these are done with: head, decoded body */
    unsigned requests; /* how many have begun */
    struct http_timeouts timeouts;
    struct http_limits limits;
    struct http_field list[HTTP_MAX_FIELDS];
    struct http_request request;
    struct http_body body;
    bool body_done;    /* the body was read to its end */
    bool continue_due; /* the client waits for 100 Continue */
};

/* What has come of a head can be read after each of these. */
enum http_event {
    HTTP_EV_REQUEST, /* conn->request is complete */
    HTTP_EV_BAD,     /* answer request.status, close */
    HTTP_EV_TIMEOUT, /* in the midst of a head: answer 408, close */
    HTTP_EV_CLOSED,  /* the client left, or was silent too long: just close */
};

/* How much is read at once, and how long a lingering close may take. */
#define HTTP_READ_SIZE 16384
#define HTTP_LINGER_MS 2000

/* Takes over fd.  `limits` as in http_request_init (NULL: the defaults); the
 * input buffer is bounded by the head limit plus HTTP_READ_SIZE. */
void http_conn_init(struct http_conn *c, int fd,
                    const struct http_timeouts *timeouts,
                    const struct http_limits *limits);

/* Closes the connection (lingering when `linger`) and frees its buffer. */
void http_conn_close(struct http_conn *c, bool linger);

/* Waits for the next request's head.  What is left unread of the previous
 * request's body must have been dealt with (http_conn_skip_body); if not, the
 * answer is HTTP_EV_CLOSED, for body bytes must never be taken for a request.
 * A signal handler that runs while the connection is idle between two requests
 * ends the wait: HTTP_EV_CLOSED.  The first request has the head timeout from
 * the start. */
enum http_event http_conn_next(struct http_conn *c);

/* The head of the request, as it came; what was received and is not used yet:
 * the beginning of a head, of a body, of what follows it. */
struct span http_conn_head(const struct http_conn *c);
struct span http_conn_rest(const struct http_conn *c);

/* What http_conn_next is made of, for those who cannot wait in it.
 * http_conn_receive takes what there is: 1, or 0 when that is nothing or there
 * is no room for it, or -1 when the client (or the memory) is gone.
 * http_conn_begin: the head is complete, r->head_len bytes of the rest, and
 * its body is next.  http_conn_forget: the request is done with, and the rest
 * begins another.  http_conn_drop: the rest is nothing to anybody. */
int http_conn_receive(struct http_conn *c);
void http_conn_begin(struct http_conn *c);
void http_conn_forget(struct http_conn *c);
void http_conn_drop(struct http_conn *c);

/* Bounds the body; called once after http_conn_next, before the body is read.
 * Without it there is no bound. */
void http_conn_start_body(struct http_conn *c, uint64_t max_body);

/* The next content bytes of the request's body: > 0 with *content set, valid
 * until the next call on c; 0 at the end of the body; -1 when it fails:
 * c->body.status is then what to answer (400, 408, 413, 431), or 0 when the
 * client has left.  100 Continue is sent before the first wait, if it is due.
 * The head, and spans into it, stay valid. */
int http_conn_read_body(struct http_conn *c, struct span *content);

/* The same, but gives the bytes as they were sent, framing and all. */
int http_conn_read_raw(struct http_conn *c, struct span *raw);

/* Has the whole of the body been received, read or not?  If not, the rest of it
 * stands between this request and the next. */
bool http_conn_has_body(const struct http_conn *c);

/* Reads and drops the rest of the body, at most `max` bytes of it, so that the
 * next request can be found; false when the connection must be closed. */
bool http_conn_skip_body(struct http_conn *c, uint64_t max);

#endif
