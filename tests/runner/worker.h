/* worker: plays jobs, one after the other, in a process of its own. */

#ifndef RUNNER_WORKER_H
#define RUNNER_WORKER_H

#include "pool.h"

#include <stdatomic.h>
#include <stdio.h>

/* What the workers share. */
struct worker_shared {
    atomic_uint next;       /* the next job, as an index into the order */
    atomic_uint bad_starts; /* programs that did not start */
    atomic_bool started;    /* one did */
    int64_t deadline;       /* when the time for all is up */
    bool slow;              /* it may be up because the machine is slow */
    bool alone;             /* no other worker plays: no doubt is left */
};

/* Plays order[0 .. count) until all are taken; results go to `out`.  Alone, it
 * ends when what it plays goes on failing as before. */
void worker_run(const struct pool_options *options, const struct job *jobs,
                const size_t *order, size_t count, struct worker_shared *shared,
                int number, FILE *out);

#endif
