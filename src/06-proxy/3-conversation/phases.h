/* phases: the way of a request to its answer. */

#ifndef STRATA_PHASES_H
#define STRATA_PHASES_H

#include "bytes.h"

struct exchange;

/* Asks the handlers in order, from x->at on, until one answers or waits.  Who
 * has waited calls this again, and its handler is asked again. */
void phases_run(struct exchange *x);

/* Runs the phases from the start with another URI: false when there have been
 * too many (500 was answered). */
bool exchange_redirect(struct exchange *x, struct span uri, struct span args);

/* Asks the handlers of the log phase, all of them. */
void phases_log(struct exchange *x);

#endif
