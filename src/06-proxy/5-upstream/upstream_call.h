/* upstream_call: one exchange's conversation with upstream peers, as its parts
 * see it. */

#ifndef STRATA_UPSTREAM_CALL_H
#define STRATA_UPSTREAM_CALL_H

#include "http_body.h"
#include "upstream.h"

#define CALL_MAX_FIELDS 256

/* One try, for the log. */
struct upstream_try {
    struct upstream_try *next;
    struct span peer;
    int status;   /* of the reply; 502 or 504 where there was none; 0: open */
    int64_t time; /* ms; -1: not over */
};

struct upstream_call {
    struct exchange *x;
    struct upstream *upstream;
    const struct upstream_protocol *protocol;
    const struct pass_settings *settings;

    struct upstream_peer *peer;
    bool *tried;
    int64_t began, try_began;
    unsigned tries, peers; /* made; and how many there are to make */
    struct upstream_try *log, **last_log, *current;

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
    struct http_field list[CALL_MAX_FIELDS];
    struct http_body body;
};

/* The try failed: another peer may do better, else `status` is answered. */
void call_failed(struct upstream_call *call, enum upstream_next why,
                 int status, const char *doing, int errnum);

/* upstream_reply.c */

/* Receives as much as there is: the head, then the body. */
void call_receive(struct upstream_call *call);

/* Gives what has come of the reply's head its home in the exchange's arena:
 * until then it lies in the call's chunk, which will be others', and nothing of
 * it can be read.  False without memory. */
bool call_settle(struct upstream_call *call);

/* True when this failure, or this reply, lets another peer be asked. */
bool call_may_retry(const struct upstream_call *call, enum upstream_next why);

/* Leaves the peer and closes the connection to it. */
void call_hang_up(struct upstream_call *call, bool failed);

/* Connects to the next peer. */
void call_connect(struct upstream_call *call);

/* The reply is complete, or as much of it as will ever come. */
void call_finish(struct upstream_call *call, bool complete);

#endif
