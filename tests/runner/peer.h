/* peer: the connections that a script plays, and the one place that waits.
 *
 * A peer is one end of a connection: a client's, or one that an upstream has
 * accepted.  All of a script's peers stand in a world; whatever the player
 * waits for, it waits in world_pump, which reads for every peer meanwhile, so
 * that nobody is stuck because somebody else is not read. */

#ifndef RUNNER_PEER_H
#define RUNNER_PEER_H

#include "case.h"
#include "message.h"
#include "pace.h"

enum peer_end {
    PEER_OPEN,
    PEER_EOF,
    PEER_RESET,
};

struct peer {
    int fd;          /* -1: not connected, or closed by the script */
    bool connected;  /* it was, in this replay */
    bool held;       /* nothing is read for now */
    bool broken;     /* a send failed: the other side has gone */
    bool was_reset;  /* it failed so because of a reset */
    struct buf in;   /* all that came */
    size_t at;       /* of which so much has been taken by the script */
    struct buf sent; /* all that was sent */
    enum peer_end end;
    int64_t ended; /* when the end came */
    int64_t moved; /* when bytes last went or came */

    struct message message;
    enum {
        PEER_BETWEEN, /* no message, or the last was taken whole */
        PEER_HEAD,    /* a head was taken, its body not yet */
        PEER_BODY,    /* the body was read and may be looked at again */
    } place;
};

#define UPSTREAM_FILLERS 4

/* A port of 127.0.0.1 that is ours: bound by a socket that never listens.
 * Who binds it with SO_REUSEADDR, the program or an upstream, may listen. */
struct held_port {
    int fd, port;
};

bool port_hold(struct held_port *p, struct err *e);
void port_release(struct held_port *p);

struct upstream {
    struct held_port port; /* outlives the replay */
    int listener;          /* -1: refusing */
    bool hang;
    int fillers[UPSTREAM_FILLERS]; /* what fills its queue; -1: none */
    struct peer peer;              /* the accepted connection */
    int *older;                    /* accepted before, kept open */
    size_t older_count;
};

struct world {
    struct peer clients[CASE_PEERS];
    struct upstream upstreams[CASE_PEERS];
    int diag; /* what taken_bytes() asks the kernel with */
};

void world_init(struct world *w);
/* Ends a replay: closes all but the held ports. */
void world_clear(struct world *w);
void world_free(struct world *w);

/* Waits until something has come for anybody, at most until `deadline`. */
void world_pump(struct world *w, int64_t deadline);

/* The same, and for a connection that waits for this upstream. */
void world_await(struct world *w, const struct upstream *u, int64_t deadline);

/* Connects to a port of 127.0.0.1; false with errno, ETIMEDOUT when the
 * patience was over: the queue of the listener is full. */
bool peer_connect(struct peer *p, int port, struct patience *wait);

/* Sends; reads for everybody while it has to wait.  When the other side has
 * closed, the rest is dropped and p->broken set; false when the patience was
 * over. */
bool peer_send(struct world *w, struct peer *p, struct span bytes,
               struct patience *wait);

/* Waits until the other side has read all that was sent, and reads for
 * everybody meanwhile.  False when the patience was over; true also when it
 * has closed, and when the kernel cannot tell: then a millisecond passes, in
 * which it mostly does. */
bool peer_await_read(struct world *w, struct peer *p, struct patience *wait);

void peer_close(struct peer *p, bool abort);

bool upstream_listen(struct upstream *u, int backlog, struct err *e);
void upstream_refuse(struct upstream *u);
bool upstream_fill(struct upstream *u, struct err *e);

/* Accepts a connection if one waits. */
bool upstream_accept(struct upstream *u);
bool upstream_waiting(const struct upstream *u);

/* What came and was not yet taken. */
struct span peer_rest(const struct peer *p);

#endif
