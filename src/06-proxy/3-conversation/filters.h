/* filters: what stands between a handler's answer and the socket.
 *
 * Filters are modules, in the order of their list.  All see an answer's head
 * before it is written, and may change it.  A filter that wants the body too
 * says so then (filter_join); the body goes through those alone, in pieces, and
 * behind the last of them into the queue.  An answer that none has joined goes
 * there at once. */

#ifndef STRATA_FILTERS_H
#define STRATA_FILTERS_H

#include "module.h"

/* Asks them which variant of the whole this client gets. */
void filters_choose(struct exchange *x);

/* Shows them the head; false when the answer cannot be given. */
bool filters_head(struct exchange *x);

/* From a head function: the body is to go through this filter.  False without
 * memory. */
bool filter_join(struct exchange *x);

/* Hands a piece on: from a body function to the filter behind it, else to the
 * first.  When that one is full, its rest is kept here and offered again; so
 * the piece is the caller's no more.  False when the answer cannot be
 * completed. */
bool filter_next(struct exchange *x, struct piece *piece);

/* Offers again what is kept, until a filter is full again or nothing is left.
 * False as filter_next. */
bool filters_go_on(struct exchange *x);

/* Drops it, at the exchange's end. */
void filters_clear(struct exchange *x);

#endif
