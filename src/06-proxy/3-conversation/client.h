/* client: a connection's requests, one after the other. */

#ifndef STRATA_CLIENT_H
#define STRATA_CLIENT_H

#include "net.h"

struct front_worker;
struct place;

/* Takes over an accepted socket. */
void client_open(struct front_worker *w, const struct place *place, int fd,
                 const struct net_addr *peer);

#endif
