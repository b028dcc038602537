/* filters: the chain that an answer passes, and what waits in it for a filter
 * that was full. */

#include "filters.h"
#include "chunk.h"
#include "exchange.h"
#include "front_worker.h"
#include "hooks.h"
#include "output.h"

void filters_choose(struct exchange *x)
{
    for (const struct filter **f = x->worker->hooks->filters; *f != NULL; f++)
        if ((*f)->choose != NULL)
            (*f)->choose(x);
}

bool filters_head(struct exchange *x)
{
    const struct filter **all = x->worker->hooks->filters;

    for (x->out.at = 0; all[x->out.at] != NULL; x->out.at++)
        if (all[x->out.at]->head != NULL && !all[x->out.at]->head(x))
            return false;
    x->out.at = 0;
    return true;
}

bool filter_join(struct exchange *x)
{
    const struct hooks *h = x->worker->hooks;
    struct answer *out = &x->out;

    if (out->chain == NULL)
        out->chain =
            arena_alloc(&x->arena, h->filter_count * sizeof *out->chain);
    if (out->chain == NULL)
        return false;
    out->chain[out->chained++] = h->filters[out->at];
    return true;
}

static bool is_held(const struct answer *out, unsigned at)
{
    for (const struct piece *p = out->held; p != NULL; p = p->next)
        if (p->at == at)
            return true;
    return false;
}

static bool filter_hold(struct exchange *x, const struct piece *piece,
                        unsigned at)
{
    struct piece **last = &x->out.held, *p = piece_new(x, piece);

    if (p == NULL)
        return false;
    p->at = at;
    while (*last != NULL)
        last = &(*last)->next;
    *last = p;
    return true;
}

/* `at` is the filter whose turn it is while a piece goes down the chain, and 0
 * when none does. */
static enum filtered filter_offer(struct exchange *x, struct piece *piece,
                                  unsigned at)
{
    unsigned from = x->out.at;
    enum filtered done;

    x->out.at = at + 1;
    done = x->out.chain[at]->body(x, piece);
    x->out.at = from;
    return done;
}

bool filter_next(struct exchange *x, struct piece *piece)
{
    unsigned at = x->out.at;
    enum filtered done = FILTER_FULL;

    if (at == x->out.chained)
        return output_add(x, piece);
    if (!is_held(&x->out, at)) /* which came before */
        done = filter_offer(x, piece, at);
    return done == FILTER_FULL ? filter_hold(x, piece, at) : done == FILTER_OK;
}

/* The first of those that have come farthest. */
static struct piece **filter_held(struct answer *out)
{
    struct piece **found = &out->held;

    for (struct piece **p = found; *p != NULL; p = &(*p)->next)
        if ((*p)->at > (*found)->at)
            found = p;
    return found;
}

bool filters_go_on(struct exchange *x)
{
    while (x->out.held != NULL) {
        struct piece *p = *filter_held(&x->out);
        enum filtered done = filter_offer(x, p, p->at);

        if (done != FILTER_OK)
            return done == FILTER_FULL;
        for (struct piece **at = &x->out.held;; at = &(*at)->next)
            if (*at == p) {
                *at = p->next;
                break;
            }
        piece_free(x, p);
    }
    return true;
}

void filters_clear(struct exchange *x)
{
    while (x->out.held != NULL) {
        struct piece *p = x->out.held;

        x->out.held = p->next;
        piece_free(x, p);
    }
}
