/* listen_sockets: the sockets that a configuration listens on.
 *
 * They stand in its listens, and so belong to an address.  With `reuseport` an
 * address has a socket for each worker, and the kernel spreads the connections;
 * otherwise all workers share the one.  A list of listens may be NULL. */

#ifndef STRATA_LISTEN_SOCKETS_H
#define STRATA_LISTEN_SOCKETS_H

#include "arena.h"
#include "listen.h"

/* How many addresses of the list have sockets. */
unsigned listen_sockets_count(const struct listen *list);

/* Opens the sockets of a list; those of `old` serve where the address is the
 * same.  An address in use is tried again for two seconds: the one who uses it
 * may be about to end.  With `test` it is no error and not waited for.  False
 * with *err set in nginx's words; what was opened is closed again. */
bool listen_sockets_open(struct listen *list, struct arena *arena,
                         unsigned workers, const struct listen *old, bool test,
                         struct err *err);

/* Closes those that are not in `kept`, and with `unlink_them` removes the names
 * of the unix ones among them. */
void listen_sockets_close(struct listen *list, const struct listen *kept,
                          bool unlink_them);

/* In worker `number`: its socket of this address, or -1 when there is none.
 * Those that are for other workers are closed. */
int listen_sockets_take(const struct listen *l, unsigned number);

/* For the exchange of the running program: the sockets as "5;6;", and back in
 * the new program, which inherits the descriptors.  False for a text or a
 * descriptor that cannot be. */
bool listen_sockets_print(const struct listen *list, struct buf *text);
bool listen_sockets_inherit(struct listen **list, struct arena *arena,
                            struct span text);

#endif
