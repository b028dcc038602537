/* uwsgi_gateway: HTTP on one side, the uwsgi protocol on the other.
 *
 * Each request of a client becomes one connection to the uwsgi server: the
 * variables in a packet, then the body with all framing undone.  The answer
 * comes back as HTTP, framed anew for the client. */

#ifndef STRATA_UWSGI_GATEWAY_H
#define STRATA_UWSGI_GATEWAY_H

#include "uwsgi_config.h"

/* Serves one client until its connection ends, and closes fd. */
void uwsgi_gateway(int fd, const struct net_addr *peer,
                   const struct net_addr *server,
                   const struct uwsgi_config *config);

#endif
