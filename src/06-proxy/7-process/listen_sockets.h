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
    char text[NET_ADDR_TEXT]; /* of addr; what addresses are compared by */
    unsigned count;           /* of fds: 1, or the number of workers */
    int *fds;                 /* -1: not open */
};

struct listen_sockets {
    struct listen_socket *list;
    unsigned count;
};

/* Opens the sockets that http (NULL: none) listens on; those of `old` (may be
 * NULL) serve where the address is the same.  An address in use is tried again
 * for two seconds: the one who uses it may be about to end.  With `test` it is
 * no error and not waited for.  False with *err set in nginx's words; what was
 * opened is closed again. */
bool listen_sockets_open(struct listen_sockets *s, struct arena *arena,
                         const struct front_conf *http, unsigned workers,
                         const struct listen_sockets *old, bool test,
                         struct err *err);

/* Closes those that are not in `kept` (may be NULL), and with `unlink_them`
 * removes the names of the unix ones among them. */
void listen_sockets_close(struct listen_sockets *s,
                          const struct listen_sockets *kept, bool unlink_them);

/* In worker `number`: sets the fd of each address of http, and closes those
 * that are for other workers. */
void listen_sockets_assign(struct listen_sockets *s, struct front_conf *http,
                           unsigned number);

/* For the exchange of the running program: the sockets as "5;6;", and back in
 * the new program, which inherits the descriptors.  False for a text or a
 * descriptor that cannot be. */
bool listen_sockets_print(const struct listen_sockets *s, struct buf *text);
bool listen_sockets_inherit(struct listen_sockets *s, struct arena *arena,
                            struct span text);

#endif
