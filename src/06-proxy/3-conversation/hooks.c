/* hooks: sorts what the modules bring, by phase and by kind, into arrays;
 * twice, first to count. */

#include "hooks.h"
#include "exchange.h"
#include "front_worker.h"

#include <stdalign.h>
#include <stddef.h>

/* Appends the handlers of one phase, or counts them where run is NULL. */
static unsigned add_phase(struct hooks *h, enum phase phase, unsigned n)
{
    for (const struct module *const *m = h->modules; *m != NULL; m++)
        for (const struct handler *i = (*m)->handlers;
             i != NULL && i->run != NULL; i++)
            if (i->phase == phase) {
                if (h->run != NULL)
                    h->run[n] = i->run;
                n++;
            }
    return n;
}

static void add_phases(struct hooks *h)
{
    for (unsigned p = 0; p < PHASES; p++)
        h->first[p + 1] = add_phase(h, p, h->first[p]);
}

/* Each state is aligned for anything. */
static void add_state(struct hooks *h, const struct module *m, unsigned index)
{
    const size_t align = alignof(max_align_t);

    h->offsets[index] = h->state;
    h->state += (m->state + align - 1) / align * align;
}

const struct hooks *hooks_compile(struct arena *arena,
                                  const struct module *const *modules)
{
    struct hooks *h = arena_zalloc(arena, sizeof *h);
    unsigned count = 0, ends = 0;

    while (modules[count] != NULL)
        count++;
    if (h == NULL)
        return NULL;
    h->modules = modules;
    add_phases(h);
    h->run = arena_zalloc(arena, (h->first[PHASES] + 1) * sizeof *h->run);
    h->filters = arena_zalloc(arena, (count + 1) * sizeof *h->filters);
    h->ends = arena_zalloc(arena, (count + 1) * sizeof *h->ends);
    h->offsets = arena_zalloc(arena, count * sizeof *h->offsets);
    if (h->run == NULL || h->filters == NULL || h->ends == NULL ||
        h->offsets == NULL)
        return NULL;
    add_phases(h);
    for (unsigned i = 0; i < count; i++) {
        add_state(h, modules[i], i);
        if (modules[i]->filter != NULL)
            h->filters[h->filter_count++] = modules[i]->filter;
        if (modules[i]->end != NULL)
            h->ends[ends++] = modules[i];
    }
    return h;
}

void *exchange_state(const struct exchange *x, const struct module *m)
{
    return (char *)x->state + x->worker->hooks->offsets[*m->index];
}
