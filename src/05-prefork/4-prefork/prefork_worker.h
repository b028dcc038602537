/* prefork_worker: what the supervisor's workers and templates do here: run a
 * Python host. */

#ifndef STRATA_PREFORK_WORKER_H
#define STRATA_PREFORK_WORKER_H

#include "plan.h"
#include "supervisor.h"
#include "wsgi_host.h"

#include <time.h>

/* What the processes of all generations share. */
struct prefork_total {
    _Atomic uint64_t requests;
};

/* What a worker shares with the master: the request that it has been at for
 * the longest time. */
struct prefork_seat {
    time_t since;
    unsigned core;
    char what[240]; /* "127.0.0.1 - GET /" */
};

/* A note of a worker to the master is one of these and a path. */
enum prefork_note {
    PREFORK_NOTE_CODE = 'C',   /* code comes from this file */
    PREFORK_NOTE_BROKEN = 'B', /* the code is broken; what mends it may be a
                                * new file in this directory */
};

/* What a worker process owns. */
struct prefork_worker {
    struct prefork_total *total;
    const char *log; /* to be opened anew on SIGUSR1; NULL: none */
    struct wsgi_host *host;
    struct supervisor_worker *self;
    /* Called with `whose` in a signal handler, by a process that ends in the
     * midst of a request; NULL: not at all. */
    void (*farewell)(const void *whose);
    const void *whose;
};

/* The application called sys.exit(N) at its import: the status is this | N.
 * It is not 0 even where N is, and exit(3) takes the lower eight bits. */
#define PREFORK_LEAVE 256

/* The supervisor's prepare, fork and work, with a struct prefork_worker for
 * context and a struct plan for plan.  Without --lazy-apps the template loads
 * the application, with it each worker does. */
int prefork_prepare(struct prefork_worker *p, struct plan *plan,
                    struct supervisor_worker *w);
pid_t prefork_fork(struct prefork_worker *p);
int prefork_work(struct prefork_worker *p, struct plan *plan,
                 struct supervisor_worker *w);

/* Starts the interpreter and loads the application, whatever --lazy-apps
 * says: 0, or the exit status. */
int prefork_load(struct prefork_worker *p, struct plan *plan,
                 struct supervisor_worker *w);

/* Installs the handlers of a worker's signals and unblocks them. */
bool prefork_catch(struct prefork_worker *p, struct supervisor_worker *w);

#endif
