/* request: from a parsed head to the phases, and to the end. */

#ifndef STRATA_REQUEST_H
#define STRATA_REQUEST_H

#include "exchange.h"

/* A new exchange for the client, with an empty answer; NULL without memory. */
struct exchange *exchange_new(struct client *c);
/* Gives what has come of the request's head its home in the exchange's arena:
 * until then it lies in c->in, which moves, and nothing of it can be read.
 * False without memory. */
bool exchange_settle(struct exchange *x);
/* x->request is complete and settled, c->in begins with what follows it. */
void exchange_start(struct exchange *x);
/* Whoever answers or logs a head that broke off or was refused asks this first:
 * what had come of it is then known of the request, as nginx knows it. */
void exchange_salvage(struct exchange *x);
/* Gives the memory of the ended ones back, at the worker's end. */
void exchanges_free(struct front_worker *w);

#endif
