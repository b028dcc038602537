/* listen_sockets: the sockets that a configuration listens on.
 *
 * A socket belongs to an address.  With `reuseport` an address has a socket
 * for each worker, and the kernel spreads the connections; otherwise all
 * workers share the one. */

#ifndef STRATA_LISTEN_SOCKETS_H
#define STRATA_LISTEN_SOCKETS_H

#include "arena.h"
#include "front_conf.h"

struct listen_socket {
    struct net_addr addr;
    char text[NET_ADDR_TEXT];
    bool reuseport;
    unsigned count; /* of fds: 1, or the number of workers */
    int *fds;       /* -1: not open */
};

struct listen_sockets {
    struct listen_socket *list;
    unsigned count;
};

/* Opens the sockets that http (NULL: none) listens on.  Those of `old` (may be
 * NULL) are used where the address is the same.  `test`: an address in use is
 * no error, and its socket is left out.  False with *err set in nginx's words;
 * what was opened is closed again. */
bool listen_sockets_open(struct listen_sockets *s, struct arena *arena,
                         const struct front_conf *http, unsigned workers,
                         const struct listen_sockets *old, bool test,
                         struct err *err);

/* Takes the sockets over that the program before this one left open in the
 * environment (a program upgrade, see upgrade.c). */
bool listen_sockets_inherit(struct listen_sockets *s, struct arena *arena,
                            const char *text);

/* Closes those that `heir` (may be NULL) does not have. */
void listen_sockets_close(struct listen_sockets *s,
                          const struct listen_sockets *heir);

/* In worker `number`: sets the fd of each address of http, and closes those of
 * other workers. */
void listen_sockets_assign(struct listen_sockets *s, struct front_conf *http,
                           unsigned number);

#endif
