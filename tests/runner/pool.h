/* pool: cases played by several workers at once.
 *
 * Each worker is a process with a program of its own.  It takes the next case
 * from a counter in shared memory and sends the result through its pipe.
 * pool_wait gives the results in whatever order they are asked for.
 *
 * A failure that may be the machine's is no result yet: when all workers have
 * ended, one more plays these cases again, alone. */

#ifndef RUNNER_POOL_H
#define RUNNER_POOL_H

#include "play.h"
#include "result.h"

struct pool_options {
    struct setup setup;
    const char *folder; /* a private one, for the workers' files */
    int workers;
    int64_t limit; /* milliseconds for all, on a quiet machine; cases after it
                    * are not played */
    bool record;   /* play once, as written, and collect corrections */
};

struct pool;

/* Measures the machine and starts the workers on jobs[0 .. count), which must
 * outlive the pool.  NULL with a sentence in e. */
struct pool *pool_start(const struct pool_options *options,
                        const struct job *jobs, size_t count, struct err *e);

/* Waits for the result of job i.  False when no worker is left that could
 * give it, the grader itself has failed, or when a signal came. */
bool pool_wait(struct pool *p, size_t i, struct result *result);

/* Waits until the workers have stopped their programs, after the last result
 * was asked for.  What a memory checker then wrote into a program's log, or
 * NULL; it lives as long as the pool. */
const char *pool_finish(struct pool *p);

/* How many times slower than a quiet one this machine was found to be: the
 * larger of two measures, at the start and when the last worker had ended. */
double pool_pace(const struct pool *p);

/* Ends the workers and all that they have started. */
void pool_stop(struct pool *p);

#endif
