/* wsgi_peer: a client (or a front) that is connected, until its request is
 * complete.
 *
 * Heads and packets are received without waiting, a piece at a time, so that
 * one slow client costs the others nothing; only when a request can run does
 * the serving thread belong to it.  No Python here. */

#ifndef STRATA_WSGI_PEER_H
#define STRATA_WSGI_PEER_H

#include "http_conn.h"
#include "wsgi_config.h"

enum wsgi_peer_state {
    WSGI_PEER_HEAD,   /* its head, or packet, is on its way */
    WSGI_PEER_KEPT,   /* an HTTP connection between two requests */
    WSGI_PEER_BEHIND, /* the same, and something was sent behind the first: it
                       * is to be looked at in the next turn, whether the
                       * connection is readable or not */
    WSGI_PEER_DRAIN,  /* answered with an error; what it still sends is dropped
                       * until it hangs up, so that no reset destroys the
                       * answer (RFC 9112 9.6) */
};

struct wsgi_peer {
    struct http_conn conn;
    enum wsgi_protocol protocol;
    enum wsgi_peer_state state;
    int64_t deadline; /* of the state */
    int64_t drained;  /* WSGI_PEER_DRAIN ends here, whatever still comes */
    unsigned server_port;
    char remote_addr[NET_ADDR_TEXT];
    char remote_port[BYTES_DECIMAL];
    /* The next one that is free: peers are used again. */
    struct wsgi_peer *next;
};

enum wsgi_peer_event {
    WSGI_PEER_WAIT,    /* call again when the connection is readable */
    WSGI_PEER_REQUEST, /* a request is complete up to its body */
    WSGI_PEER_GONE,    /* over: close it */
};

/* A connection just accepted on s; takes over fd. */
void wsgi_peer_init(struct wsgi_peer *p, const struct wsgi_config *c,
                    const struct wsgi_socket *s, int fd,
                    const struct net_addr *remote);

/* Reads what there is, without waiting, and looks at it.  Errors are answered
 * and logged here: the state is then WSGI_PEER_DRAIN. */
enum wsgi_peer_event wsgi_peer_step(struct wsgi_peer *p,
                                    const struct wsgi_config *c);

/* After WSGI_PEER_REQUEST on a uwsgi socket: the variables, a block of pairs
 * that is known to be well-formed. */
struct span wsgi_peer_block(const struct wsgi_peer *p);

/* The deadline has passed.  A request that has begun is answered with 408; a
 * connection that was kept ends in two steps, for its next request may be on
 * its way: it then finds a clean end, and no reset.  Both are drained; any
 * other peer is over. */
void wsgi_peer_late(struct wsgi_peer *p);

/* Back to waiting, after a request whose connection is kept; what was received
 * beyond it stays. */
void wsgi_peer_keep(struct wsgi_peer *p, const struct wsgi_config *c);

/* Answers `status` with `text` as its body, logs it, and begins to drain. */
void wsgi_peer_refuse(struct wsgi_peer *p, int status, const char *text);

/* Stops sending, and begins to drain. */
void wsgi_peer_drain(struct wsgi_peer *p);

#endif
