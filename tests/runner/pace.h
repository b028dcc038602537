/* pace: how much of the time that passes we, and the program, are given.
 *
 * What a program does in a second on a quiet machine may take it many on a
 * busy one: it stands in the queue for a CPU meanwhile.  So a wait is measured
 * in the time that was there for it.  The kernel tells how long each thread
 * stood in the queue (/proc/PID/schedstat); that is added to the longest wait,
 * and to nothing else: no busy machine makes a program too early. */

#ifndef RUNNER_PACE_H
#define RUNNER_PACE_H

#include <stdbool.h>
#include <stdint.h>

int64_t world_now(void); /* milliseconds, monotonic */

/* How many times slower than a quiet machine this one is now, at least 1: a
 * known piece of work (processes, exchanges over 127.0.0.1, some computing) is
 * done and timed.  0 when it could not be done. */
double pace_measure(void);

/* True when no process below this one runs or wants to; also where /proc does
 * not tell. */
bool pace_at_rest(void);

/* Waits until pace_at_rest(), at most for as long as PACE_REST milliseconds
 * of undisturbed time. */
#define PACE_REST 200
void pace_await_rest(void);

/* A wait of at most `most` milliseconds that count. */
struct patience {
    int64_t from, most, until; /* until: as far as known yet */
    int64_t queued;            /* when it began */
    bool looked;               /* queued is known */
    bool last;                 /* nothing is left but one more look */
    bool starved;              /* given up: the machine gave too little time */
};

void patience_begin(struct patience *p, int64_t most);

/* The same, with its costs (a look at /proc) at once. */
void patience_watch(struct patience *p, int64_t most);

/* False when the wait is over.  To be asked in the loop that waits, each time
 * that nothing has come; p->until is how long to sleep at most.  Before it
 * says no it has said yes once more, with no time left: what has come
 * meanwhile shall be seen. */
bool patience_left(struct patience *p);

/* The milliseconds since the beginning that do not count. */
int64_t patience_lost(struct patience *p);

#endif
