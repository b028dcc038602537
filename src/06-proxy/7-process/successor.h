/* successor: a new program file takes over from the running one (SIGUSR2).
 *
 * The old master starts the new program with the listening sockets open and
 * their numbers in the environment.  The new one reads its configuration,
 * listens on the same sockets, and starts workers beside the old ones; whoever
 * watches then ends the old master with QUIT, or the new one if it is no good.
 * Not for one moment does nobody listen. */

#ifndef STRATA_SUCCESSOR_H
#define STRATA_SUCCESSOR_H

#include "listen_sockets.h"
#include "pidfile.h"

#include <sys/types.h>

/* Starts argv with the sockets; its pid, or -1 with *err set.  Our pid file
 * becomes PID.oldbin, so that the new program can have its name. */
pid_t successor_start(struct pidfile *p, const struct listen *sockets,
                      char **argv, struct err *err);

/* It has ended: the pid file has its name again.  False with *err set. */
bool successor_lost(struct pidfile *p, struct err *err);

/* In the new program: the sockets that it was left.  False when there are
 * none. */
bool successor_inherit(struct listen **sockets, struct arena *arena);

#endif
