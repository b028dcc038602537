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
/* Runs the phases from the start with another URI: false when there have been
 * too many (500 was answered). */
bool exchange_redirect(struct exchange *x, struct span uri, struct span args);
/* Called when the answer's last byte is written. */
void exchange_done(struct exchange *x);

#endif
