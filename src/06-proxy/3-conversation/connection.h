/* connection: one accepted connection. */

#ifndef STRATA_CONNECTION_H
#define STRATA_CONNECTION_H

#include "bytes.h"
#include "event.h"
#include "net.h"

struct client_list;
struct exchange;
struct front_listen;
struct front_worker;

struct client {
    struct event event;
    struct timer timer;
    struct front_worker *worker;
    struct front_listen *listen; /* the socket it came by */
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
/* Closes the connection that has been idle longest, and is still, because its
 * place is needed; false when there is none. */
bool client_close_oldest(struct front_worker *w);
/* The worker quits: those who may send a request have w->last_call to do so. */
void client_hasten(struct front_worker *w);

#endif
