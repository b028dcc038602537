/* listen: the addresses that servers listen on.
 *
 * A server is known here by its scope alone. */

#ifndef STRATA_LISTEN_H
#define STRATA_LISTEN_H

#include "connection.h"
#include "module.h"
#include "net.h"

/* One address and the servers that answer there. */
struct listen {
    struct place place;       /* for the clients that come by it */
    struct listen *next;
    struct net_addr addr;
    char text[NET_ADDR_TEXT]; /* as it was written, port and all */
    struct listen *wildcard;  /* not bound: its socket is this one's */
    const struct listen *shared; /* the list, where that is so for some */
    int backlog;
    bool reuseport, ipv6only, deferred, default_given, set;
    struct conf_scope **servers; /* in order; the first is the default */
    unsigned count, room;
    int *sockets;             /* once the cycle has opened them, */
    unsigned socket_count;    /* with reuseport one a worker */
};

struct listen_settings {
    struct listen *all; /* in the main scope: in the order of the file */
    bool given;         /* in a server's: it has a `listen` */
};

extern const struct module listen_module;

/* The addresses of a configuration, by its main scope. */
static inline struct listen *listen_all(const struct conf_scope *main)
{
    const struct listen_settings *s = CONF_OF(main, &listen_module);

    return s->all;
}

/* Where the block of a server ends: without a `listen` it is on *:80, or on
 * *:8000 for who may not bind below 1024. */
bool listen_default(struct conf *cf, struct conf_scope *server);

/* Where a client has come to whose connection l has accepted: behind a wildcard
 * socket the address may have servers of its own. */
const struct place *listen_place(const struct listen *l, int fd);

#endif
