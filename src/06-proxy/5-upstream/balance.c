/* balance: which peer is asked next: smooth weighted round robin, with peers
 * that failed too often left alone for a while, as nginx does it. */

#include "balance.h"

/* A peer that failed max_fails times within fail_timeout is passed over until
 * fail_timeout has gone by. */
static bool peer_rests(const struct peer *p, int64_t now)
{
    return p->max_fails > 0 && p->fails >= p->max_fails &&
           now - p->checked <= p->fail_timeout;
}

static bool peer_usable(const struct group *g, const struct peer *p,
                        bool tried, bool backup, int64_t now)
{
    if (p->down || tried || p->backup != backup)
        return false;
    if (p->max_conns > 0 && p->connections >= p->max_conns)
        return false;
    /* The only peer is never left alone: there is nobody else to ask. */
    return g->count == 1 || !peer_rests(p, now);
}

/* Each peer gains its weight, the one with the most is taken and pays back
 * the sum: over time each is taken in proportion, and never in bursts. */
static struct peer *pick_from(struct group *g, const bool *tried, bool backup,
                              int64_t now)
{
    struct peer *best = NULL;
    int64_t total = 0;

    for (unsigned i = 0; i < g->count; i++) {
        struct peer *p = &g->peers[i];

        if (!peer_usable(g, p, tried[i], backup, now))
            continue;
        p->current += p->effective;
        total += p->effective;
        if (p->effective < p->weight)
            p->effective++;
        if (best == NULL || p->current > best->current)
            best = p;
    }
    if (best == NULL)
        return NULL;
    best->current -= total;
    if (now - best->checked > best->fail_timeout)
        best->checked = now;
    return best;
}

struct peer *balance_pick(struct group *g, bool *tried, int64_t now)
{
    struct peer *p = pick_from(g, tried, false, now);

    if (p == NULL)
        p = pick_from(g, tried, true, now);
    if (p == NULL)
        return NULL;
    tried[p - g->peers] = true;
    p->connections++;
    return p;
}

void balance_leave(struct peer *p, bool failed, int64_t now)
{
    p->connections--;
    if (failed) {
        p->fails++;
        p->failed_at = p->checked = now;
        if (p->max_fails > 0)
            p->effective -= p->weight / p->max_fails;
        if (p->effective < 0)
            p->effective = 0;
    } else if (p->failed_at < p->checked) {
        p->fails = 0; /* it was tried again after its rest, and works */
    }
}
