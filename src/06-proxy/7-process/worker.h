/* worker: the process around the event loop.
 *
 * worker.c makes a worker process what the configuration wants it to be (its
 * user, its limits) and turns signals into orders; what it serves is the http
 * part's, which provides front_run. */

#ifndef STRATA_WORKER_H
#define STRATA_WORKER_H

#include "cycle.h"
#include "supervisor.h"

struct worker {
    struct cycle *cycle;
    struct supervisor_worker *self;
    int orders; /* readable when worker_order has something to tell */
};

enum worker_order {
    WORKER_NOTHING, /* no more orders for now */
    WORKER_STOP,    /* end now */
    WORKER_QUIT,    /* accept no more, finish what runs, then end */
    WORKER_REOPEN,  /* the log files have been opened anew */
};

/* The next order.  worker_shutdown_timeout after WORKER_QUIT comes
 * WORKER_STOP. */
enum worker_order worker_order(struct worker *w);

/* To be called once, when the loop is about to run. */
void worker_ready(struct worker *w);

/* Runs a worker process, with a master or without; returns its exit status.
 */
int worker_run(struct cycle *cycle, struct supervisor_worker *self);

/* The http part's: serves w->cycle->http on the descriptors that stand in its
 * front_listens (fd -1: not this worker's) until an order ends it; returns the
 * exit status of the process.  It watches w->orders, calls worker_ready and
 * worker_order. */
int front_run(struct worker *w);

#endif
