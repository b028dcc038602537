/* uwsgi_server: the end of the uwsgi protocol where an application would be.
 *
 * It answers each request with what it has understood of it: the variables in
 * the order in which they came, one `KEY=VALUE` line each, an empty line, and
 * the body.  In keys and values every byte that is not printable ASCII, the
 * backslash, and in keys the "=", stands as \xNN; so two different requests
 * never look alike. */

#ifndef STRATA_UWSGI_SERVER_H
#define STRATA_UWSGI_SERVER_H

#include "uwsgi_config.h"

/* Serves one connection, which is one request, and closes fd.
 *
 * The answer is an HTTP response whose status line repeats SERVER_PROTOCOL.
 * A ping (modifier1 100) is answered with a packet of modifier1 100, modifier2
 * 1.  A packet that cannot be understood is closed without an answer, and the
 * log says why; HTTP gets an HTTP 400 that a person can read. */
void uwsgi_server(int fd, const struct net_addr *peer,
                  const struct uwsgi_config *config);

#endif
