/* client: a connection's requests, one after the other. */

#ifndef STRATA_CLIENT_H
#define STRATA_CLIENT_H

#include "net.h"

struct client;
struct front_listen;
struct front_worker;

/* Takes over an accepted socket. */
void client_open(struct front_worker *w, struct front_listen *listen, int fd,
                 const struct net_addr *peer);
/* The exchange is over and its answer written: read the next request, close
 * lingering, or close. */
void client_next(struct client *c, bool keep_alive);

#endif
