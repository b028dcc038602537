/* uwsgi_gateway: HTTP on one side, the uwsgi protocol on the other.
 *
 * Each request of a client becomes one connection to the uwsgi server: the
 * variables in a packet, then the body with all framing undone.  The answer
 * comes back as HTTP, framed anew for the client. */

#ifndef STRATA_UWSGI_GATEWAY_H
#define STRATA_UWSGI_GATEWAY_H

#include "uwsgi_config.h"

/* Serves one client and closes fd.  The connection lasts as long as the client
 * likes while nobody else knocks at `listener`; when somebody does, an idle
 * client goes soon, one that is being served goes with this answer, and one
 * that is slow goes when its turn, the send timeout, is over. */
void uwsgi_gateway(int fd, const struct net_addr *peer, int listener,
                   const struct net_addr *server,
                   const struct uwsgi_config *config);

#endif
