/* uwsgi_call: one request to a uwsgi server and its answer, by blocking calls.
 *
 * Usage: uwsgi_call_connect; uwsgi_call_send for the packet and each piece of
 * the body; uwsgi_call_reply for the head of the answer; uwsgi_call_read until
 * the body is at its end; uwsgi_call_close, which may be called at any time.
 * The gateway and the client of stage 3 share it.
 *
 * Where something fails, a function returns the status that a gateway answers
 * for it: 502 when the server is not there or talks nonsense, 504 when a
 * deadline has passed (RFC 9110 15.6.3, 15.6.5), and leaves the sentence in
 * *err. */

#ifndef STRATA_UWSGI_CALL_H
#define STRATA_UWSGI_CALL_H

#include "http_reply.h"
#include "spool.h"
#include "uwsgi_config.h"

struct uwsgi_call {
    int fd;
    const struct uwsgi_config *config;
    char server[NET_ADDR_TEXT];

    bool deaf;          /* the server takes nothing more from us */
    bool ended;         /* it has closed its side */
    struct spool early; /* what it sent while we were still sending */
    uint64_t early_at;

    struct buf in;
    size_t at; /* where the undecoded bytes of the body begin */
    struct http_field list[HTTP_MAX_FIELDS];
    struct http_reply reply;
    struct http_body body;
    bool body_done;
};

/* Connects.  0, or the status. */
int uwsgi_call_connect(struct uwsgi_call *c, const struct net_addr *server,
                       const struct uwsgi_config *config, struct err *err);

/* Sends on.  Takes in what the server says meanwhile, so that a server that
 * answers while it reads cannot make both wait for each other.  A server that
 * hangs up is no failure yet, since its answer may be there: the rest is
 * dropped, and uwsgi_call_reply tells.  0, or the status. */
int uwsgi_call_send(struct uwsgi_call *c, const char *bytes, size_t n,
                    struct err *err);

/* The same for all that a spool holds; 500 when it cannot be read back. */
int uwsgi_call_send_spool(struct uwsgi_call *c, const struct spool *s,
                          struct err *err);

/* Waits for the final answer's head and parses it into c->reply, whose spans
 * are valid until the first uwsgi_call_read; 1xx answers are passed over.  0,
 * or the status. */
int uwsgi_call_reply(struct uwsgi_call *c, bool head_only, struct err *err);

/* The next content bytes: > 0 with *content set, valid until the next call; 0
 * at the end; -1 with *err when the body is cut off or broken. */
int uwsgi_call_read(struct uwsgi_call *c, struct span *content,
                    struct err *err);

/* Hangs up and gives everything back; may be called whatever has failed. */
void uwsgi_call_close(struct uwsgi_call *c);

#endif
