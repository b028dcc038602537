/* connection: one accepted connection, from the accept to the close.
 *
 * It is read here, kept in the worker's lists, and ended: at once, or lingering
 * until the client has closed too.  What its bytes mean, client.c knows: it
 * sets `ready`. */

#ifndef STRATA_CONNECTION_H
#define STRATA_CONNECTION_H

#include "bytes.h"
#include "event.h"
#include "net.h"

#include <sys/uio.h>

struct client;
struct client_list;
struct conf_scope;
struct exchange;
struct front_worker;

/* How bytes pass: plain, or one day through TLS.  Each is as the system call of
 * its name: -1 with errno set, EAGAIN when it would have to wait. */
struct transport {
    ssize_t (*receive)(struct client *c, void *bytes, size_t n);
    /* `more`: what follows in another call may share a packet. */
    ssize_t (*send)(struct client *c, struct iovec *iov, size_t count,
                    bool more);
    ssize_t (*send_file)(struct client *c, int file, off_t offset, size_t n);
    void (*shut_down)(struct client *c); /* for sending */
};

extern const struct transport transport_plain; /* transport.c */

/* Where clients come to.  What a server is, nobody in this room knows: who
 * opens the client says what holds until one is found, and how to find it. */
struct place {
    struct conf_scope *scope; /* of the default server */
    struct span name;         /* its $server_name */
    /* Sets x->server, server_name and scope by x->host; false after a line in
     * the log when nobody can know. */
    bool (*find_server)(struct exchange *x);
};

struct client {
    struct event event;
    struct timer timer;
    struct front_worker *worker;
    const struct transport *transport;
    const struct place *place;
    struct net_addr peer;
    struct net_addr local; /* client_local's */
    bool have_local;
    char peer_host[NET_ADDR_TEXT]; /* $remote_addr */
    uint64_t serial;               /* $connection, *N of the error log */
    int64_t since;
    unsigned requests; /* begun on this connection */
    struct buf in;     /* received, not yet consumed */
    enum {
        CLIENT_WAITS,   /* for the first byte of a request */
        CLIENT_HEAD,    /* for the rest of a head */
        CLIENT_BUSY,    /* its exchange is at work */
        CLIENT_LINGERS, /* answered; what still comes is dropped */
        CLIENT_GONE,
    } state;
    int64_t linger_until;
    bool linger; /* at the end the client may still be sending */
    bool again_due;
    struct exchange *exchange;
    struct client_list *list; /* where it stands */
    struct client *prev, *next;
    struct event_later again, later;
};

void client_close(struct client *c);
/* The address that the client connected to.  Asked for once, and only
 * when it is wanted: it costs a system call. */
const struct net_addr *client_local(struct client *c);
/* Looks after the client once the loop has served the others. */
void client_soon(struct client *c);
/* Reads once into c->in: 1 when bytes came, 0 at the end of the stream, -1
 * when nothing is there now, -2 when the connection is broken. */
int client_read(struct client *c, size_t room);
/* To the end of a list, out of the one where it stood; either may be NULL. */
void client_move(struct client *c, struct client_list *to);
/* The exchange is over and its answer written: wait for the next request, close
 * lingering, or close. */
void client_next(struct client *c, bool keep_alive);
/* The last answer is out: closes, lingering where bytes may still come. */
void client_finish(struct client *c);
/* Drops what still comes (CLIENT_LINGERS). */
void client_linger(struct client *c);
/* Closes the connection that has been idle longest, and is still, because its
 * place is needed; false when there is none. */
bool client_close_oldest(struct front_worker *w);
/* The worker quits: those who may send a request have w->last_call to do so. */
void client_hasten(struct front_worker *w);

#endif
