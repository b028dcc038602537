/* turn: how long a client may keep the others waiting.
 *
 * A server that serves one client at a time has the others in the queue of its
 * listening socket.  As long as that is empty, the client that it has may stay,
 * be idle, and be slow.  When it is not, an idle client goes almost at once,
 * and a slow one when its turn is over. */

#ifndef STRATA_TURN_H
#define STRATA_TURN_H

#include "http_conn.h"

struct turn {
    int listener; /* where the next client knocks */
    int64_t ends; /* what is no fault of the client's is to be added */
};

/* The turn ends `ms` milliseconds from now. */
void turn_start(struct turn *t, int64_t ms);

/* Somebody else is waiting for his turn. */
bool turn_wanted(const struct turn *t);

/* The turn has ended, and somebody else is waiting for his. */
bool turn_over(const struct turn *t);

/* Before each request of a connection: waits until there is something to read.
 * False when the client has to go, because its timeout has passed (head before
 * the first request, idle before the others) or, when it has had a moment to
 * speak, somebody else has come. */
bool turn_next(const struct turn *t, const struct http_conn *c);

#endif
