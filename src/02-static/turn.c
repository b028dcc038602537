/* turn: the queue of a listening socket says whether anybody waits.
 *
 * poll() asks it without taking anybody out, so a turn costs a system call only
 * where it may end. */

#include "turn.h"

#include <limits.h>
#include <poll.h>

/* Who has more to ask asks at once, and who has just come does so when his
 * connection is through.  So many milliseconds nobody is sent away, for he may
 * be about to: a request that meets the end of its connection on the way is
 * lost, and not every client may send it again (RFC 9112 9.3.1). */
#define GRACE_NEXT  100
#define GRACE_FIRST 1000

void turn_start(struct turn *t, int64_t ms)
{
    t->ends = net_after(ms);
}

bool turn_wanted(const struct turn *t)
{
    return net_wait(t->listener, POLLIN, 0);
}

bool turn_over(const struct turn *t)
{
    return net_now() >= t->ends && turn_wanted(t);
}

/* What was read together with the last request needs no waiting. */
bool turn_next(const struct turn *t, const struct http_conn *c)
{
    struct pollfd p[] = {{c->fd, POLLIN, 0}, {t->listener, POLLIN, 0}};
    bool first = c->requests == 0;
    int64_t patience = first ? c->timeouts.head : c->timeouts.idle;
    int64_t grace = first ? GRACE_FIRST : GRACE_NEXT;

    if (http_conn_rest(c).len > 0)
        return true;
    if (grace > patience)
        grace = patience;
    patience -= grace;
    return poll(p, 1, (int)grace) > 0 ||
           (poll(p, 2, patience < INT_MAX ? (int)patience : INT_MAX) > 0 &&
            p[0].revents != 0);
}
