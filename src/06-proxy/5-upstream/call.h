/* call: one exchange's conversation with the peers of a group.
 *
 * It connects, sends the request, and takes the reply, whose head becomes the
 * answer's and whose body is relayed (reply.c); when a try fails before
 * anything reached the client, the next peer may be asked.  How a request is
 * written down is the protocol's. */

#ifndef STRATA_CALL_H
#define STRATA_CALL_H

#include "event.h"
#include "group.h"
#include "http_body.h"
#include "http_reply.h"

#define CALL_MAX_FIELDS 256

/* What may be tried again on the next peer (proxy_next_upstream). */
enum next_upstream {
    NEXT_OFF = 1,
    NEXT_ERROR = 2,
    NEXT_TIMEOUT = 4,
    NEXT_INVALID_HEADER = 8,
    NEXT_HTTP_500 = 16,
    NEXT_HTTP_502 = 32,
    NEXT_HTTP_503 = 64,
    NEXT_HTTP_504 = 128,
    NEXT_HTTP_403 = 256,
    NEXT_HTTP_404 = 512,
    NEXT_HTTP_429 = 1024,
    NEXT_NON_IDEMPOTENT = 2048,
};

struct name_list {
    struct name_list *next;
    struct span name;
};

/* What the directives of a family, proxy_ or uwsgi_, say of its calls. */
struct call_settings {
    int64_t connect_timeout, send_timeout, read_timeout;
    int64_t buffer_size;
    int64_t next_upstream, next_tries, next_timeout;
    int64_t pass_request_headers, pass_request_body;
    int64_t ignore_client_abort;
    struct name_list *hide, *pass; /* proxy_hide_header, proxy_pass_header */
};

/* A protocol towards upstreams. */
struct protocol {
    struct span scheme; /* for logs: "http://" */
    /* Appends the request's head; the body follows it as it is. */
    bool (*request)(struct exchange *x, struct buf *out);
    /* Fields of the reply that are not for the client. */
    const struct span *hidden;
    /* May change the value of Location; may be NULL. */
    struct span (*location)(struct exchange *x, struct span value);
};

/* One try, for the log. */
struct call_try {
    struct call_try *next;
    struct span peer;
    int status;   /* of the reply; 502 or 504 where there was none; 0: open */
    int64_t time; /* ms; -1: not over */
};

struct call {
    struct exchange *x;
    struct group *group;
    const struct protocol *protocol;
    const struct call_settings *settings;
    struct span uri; /* what is asked for, for logs */

    struct peer *peer;
    bool *tried;
    int64_t began, try_began;
    unsigned tries, peers; /* made; and how many there are to make */
    struct call_try *log, **last_log, *current;

    struct event event;
    struct timer timer;
    enum {
        CALL_CONNECTS,
        CALL_SENDS, /* and may receive already */
        CALL_WAITS, /* for the reply's head */
        CALL_RELAYS,
        CALL_OVER,
    } state;

    struct buf head;     /* the request's head, as bytes */
    bool with_body;      /* the exchange's body follows it */
    size_t head_sent;
    uint64_t body_sent;
    bool send_over;      /* all is sent, or nobody wants the rest */

    struct front_chunk *chunk; /* that is being read into */
    size_t filled, used;       /* bytes in it; those that are spent */
    uint64_t received;         /* bytes of this try */
    struct http_reply reply;
    struct http_field *list;
    struct http_body body;
};

/* Begins: the request's body has been read.  The exchange is answered, with
 * 502 or 504 in the worst case. */
void call_start(struct exchange *x, struct group *g,
                const struct protocol *protocol,
                const struct call_settings *settings, struct span uri);
/* The exchange's last call; NULL: nobody was asked. */
struct call *call_of(const struct exchange *x);
/* What an exchange has under way, ended with it and told to the error log. */
extern const struct module call_module;

/* For the reply: */

/* The try failed: another peer may do better, else `status` is answered. */
void call_failed(struct call *call, enum next_upstream why, int status,
                 const char *doing, int errnum);
/* The reply lets another peer be asked, and so one is: true then.  `failed`
 * says that it is held against the peer. */
bool call_retry(struct call *call, enum next_upstream why, bool failed);
/* Leaves the peer and closes the connection to it. */
void call_hang_up(struct call *call, bool failed);

#endif
