/* listener: the socket at which the programs of stages 1 to 3 wait for their
 * clients, from its address on the command line to the signal that ends the
 * program. */

#ifndef STRATA_LISTENER_H
#define STRATA_LISTENER_H

#include "net.h"

/* Listens on `where`, an address as net_parse takes it, and says so in the log
 * under the program's name, with the real port where 0 was asked for.  From
 * then on SIGINT and SIGTERM end the program with status 0, and the file of a
 * unix socket goes with it.  Returns the descriptor, or -1 with *err set.  Once
 * in a program: its signals are all one has. */
int listener_open(const char *program, const char *where, struct err *err);

/* The next client, however long it takes, with its address in *peer.  What
 * cannot be accepted is complained of in the log, and tried again. */
int listener_next(int listener, const char *program, struct net_addr *peer);

#endif
