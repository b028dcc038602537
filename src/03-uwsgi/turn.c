/* turn: see turn.h. */

#include "turn.h"

#include <limits.h>
#include <poll.h>

/* Who has more to ask asks at once.  So long nobody is sent away, for he may
 * be about to: a request that meets the end of its connection on the way is
 * lost, and not every client may send it again (RFC 9112 9.3.1). */
#define GRACE_MS 100

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
    int64_t idle = c->timeouts.idle;
    int64_t grace = idle < GRACE_MS ? idle : GRACE_MS;
    int64_t rest = idle - grace < INT_MAX ? idle - grace : INT_MAX;

    if (c->requests == 0 || c->used < c->in.len)
        return true;
    return poll(p, 1, (int)grace) > 0 ||
           (poll(p, 2, (int)rest) > 0 && p[0].revents != 0);
}
