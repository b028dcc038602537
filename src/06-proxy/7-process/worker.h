/* worker: the process that serves, for the supervisor and beside it. */

#ifndef STRATA_WORKER_H
#define STRATA_WORKER_H

#include "cycle.h"
#include "supervisor.h"

/* Serves a cycle, which is open, until told to end: SIGTERM and SIGINT (end
 * now), SIGQUIT (accept no more, finish what runs; worker_shutdown_timeout
 * later, end), SIGUSR1 (open the logs anew).  With a master it becomes first
 * what the configuration wants a worker to be: its user, its limits.  Returns
 * the exit status. */
int worker_run(struct cycle *cycle, struct supervisor_worker *self);

#endif
