/* turn: see turn.h. */

#include "turn.h"

#include <limits.h>
#include <poll.h>

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
    int64_t patience = c->timeouts.idle;

    if (c->requests == 0 || c->used < c->in.len)
        return true;
    return poll(p, 2, patience < INT_MAX ? (int)patience : INT_MAX) > 0 &&
           p[0].revents != 0;
}
