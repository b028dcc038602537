/* balance: which peer of a group is asked next. */

#ifndef STRATA_BALANCE_H
#define STRATA_BALANCE_H

#include "group.h"

/* The next peer to try, not one of those in `tried` (a flag a peer); NULL when
 * there is none left.  `now` in ms. */
struct peer *balance_pick(struct group *g, bool *tried, int64_t now);
/* The try is over; it failed, or it did not. */
void balance_leave(struct peer *p, bool failed, int64_t now);

#endif
