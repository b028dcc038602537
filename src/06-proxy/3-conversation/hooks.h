/* hooks: what the modules have to say in a conversation.
 *
 * Their list is walked once for a configuration; a request walks the arrays
 * that are made here, in which only those stand who have something to say. */

#ifndef STRATA_HOOKS_H
#define STRATA_HOOKS_H

#include "module.h"

struct hooks {
    const struct module *const *modules;
    /* The handlers of all phases in order; those of a phase p begin at
     * first[p] and end before first[p + 1]. */
    int (**run)(struct exchange *x);
    unsigned first[PHASES + 1];
    const struct filter **filters; /* NULL ends them, and the next */
    unsigned filter_count;
    const struct module **ends;
    size_t state;    /* bytes of an exchange, for all modules */
    size_t *offsets; /* of each module's in them, by its index */
};

/* In the arena; NULL without memory. */
const struct hooks *hooks_compile(struct arena *arena,
                                  const struct module *const *modules);

/* The module's bytes in the exchange. */
void *exchange_state(const struct exchange *x, const struct module *m);

#endif
