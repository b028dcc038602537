/* reply: what an upstream sends back, on its way to become the answer. */

#ifndef STRATA_REPLY_H
#define STRATA_REPLY_H

#include "call.h"

/* Expects a reply, from its first byte. */
void reply_init(struct call *call);

/* Receives as much as there is: the head, then the body. */
void reply_receive(struct call *call);

/* The reply is complete, or as much of it as will ever come. */
void reply_end(struct call *call, bool complete);

/* Lets go of the chunk that is being read into.  What has come of the reply's
 * head is given a home in the exchange's arena before: the chunk will be
 * others', and nothing of a head that is not settled can be read. */
void reply_drop(struct call *call);

#endif
