/* supervisor: a master process that keeps a number of workers running.
 *
 * It forks workers, replaces those that die, stops them, and exchanges them
 * for a new generation without a pause.  It knows processes and signals and
 * nothing else: what a worker does, what a configuration is and how a log line
 * reads are its user's functions.  The Python host and the proxy share it.
 *
 * A generation is the workers that were started from one plan (a configuration,
 * an application's code).  A reload makes a plan, starts a whole new
 * generation beside the old one, and only when every new worker has reported
 * ready are the old ones told to finish.  When one of them ends before that,
 * the reload is abandoned and the old generation goes on.
 *
 * A generation may have a template: a process that prepares once what all its
 * workers need (imports an application) and that the workers are forked from.
 * They are still the master's children, and the master never runs what the
 * template ran. */

#ifndef STRATA_SUPERVISOR_H
#define STRATA_SUPERVISOR_H

#include "bytes.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#define SUPERVISOR_MAX_WORKERS 512  /* of one generation */
#define SUPERVISOR_MAX_PROCS   1100 /* two generations and their templates */
#define SUPERVISOR_MAX_NOTE    4000 /* bytes of one note */

/* What a worker (or template) knows of itself; it lives until it ends. */
struct supervisor_worker {
    unsigned number;  /* 1, 2, ...; 0 in a template */
    bool first;       /* of the first generation: nobody served before it */
    pid_t master;     /* its own pid where there is no master */
    sigset_t signals; /* blocked when the worker starts, see below: those of
                       * the configuration and SIGCHLD */
    /* When the worker must be done with what it does now, on the monotonic
     * clock (net_now); 0: no limit.  Shared with the master, which kills a
     * worker that is late. */
    _Atomic int64_t *deadline;
    void *shared; /* config->shared bytes, zero at first, that the master sees
                   * too (in its events) */
    int report;   /* the module's own: its way to the master, or -1, */
    uint32_t serial; /* and the name it goes by there */
};

/* What a signal makes the master do. */
enum supervisor_action {
    SUPERVISOR_QUICK,    /* SIGTERM to the workers; end when they have ended */
    SUPERVISOR_GRACEFUL, /* SIGQUIT to the workers; end when they have ended */
    SUPERVISOR_RELOAD,   /* a new generation */
    SUPERVISOR_PASS,     /* ops->signal here, then the same signal to workers */
    SUPERVISOR_CALL,     /* ops->signal here */
    SUPERVISOR_RETIRE,   /* SIGQUIT to the workers; the master stays (nginx's
                          * WINCH); a reload starts workers again */
};

struct supervisor_signal {
    int signo;
    enum supervisor_action action;
};

enum supervisor_kind {
    SUPERVISOR_SPAWNED,   /* a worker of a new generation was forked */
    SUPERVISOR_RESPAWNED, /* a worker was forked in place of a dead one */
    SUPERVISOR_UP,        /* all workers of the first generation serve */
    SUPERVISOR_ENDED,     /* it ended as it was told, or with status 0 */
    SUPERVISOR_DIED,      /* it ended otherwise: see status */
    SUPERVISOR_LATE,      /* it overran its deadline and was killed */
    SUPERVISOR_OVERDUE,   /* told to end, it did not, and was killed */
    SUPERVISOR_THROTTLED, /* it dies at once, again and again: the next is
                           * forked in `wait` ms */
    SUPERVISOR_NO_FORK,   /* fork failed: see error; tried again in `wait`;
                           * number and pid 0: the master cannot begin */
    SUPERVISOR_STOPPING,  /* status: the enum supervisor_action */
    SUPERVISOR_RELOADING, /* a new generation is being started */
    SUPERVISOR_RELOADED,  /* it serves, and the old one was told to finish */
    SUPERVISOR_RELOAD_FAILED, /* it could not start; the old one goes on */
    SUPERVISOR_GAVE_UP,       /* the first generation could not start */
    SUPERVISOR_STRANGER,      /* a child that is no worker ended: pid, status */
};

struct supervisor_event {
    enum supervisor_kind kind;
    unsigned number; /* of the worker; 0: a template */
    pid_t pid;
    int status;         /* as waitpid gives it */
    const void *shared; /* the worker's: LATE */
    int error;          /* an errno */
    int64_t wait;       /* milliseconds */
};

/* The user's functions; `context` is the user's, and so is `plan`.  All but
 * `work` may be NULL. */
struct supervisor_ops {
    /* In a worker: serves until told to end; returns its exit status.  The
     * process begins with w->signals blocked, so that no order is lost; it
     * installs its handlers (or a signalfd), unblocks them, and calls
     * supervisor_ready when it serves.  Its orders are SIGTERM and SIGINT (end
     * now), SIGQUIT (finish what runs, then end), and what is passed on.
     * SIGTERM also comes when the master dies. */
    int (*work)(void *context, void *plan, struct supervisor_worker *w);

    /* In a template: prepares; 0 when workers may be forked from here, else
     * the exit status of a generation that cannot start.  Signals have their
     * default actions and are not blocked.  NULL: workers are forked from the
     * master. */
    int (*prepare)(void *context, void *plan, struct supervisor_worker *w);

    /* In a template, in place of fork(2): for a runtime that wants to know
     * before and after.  The child returns straight from it. */
    pid_t (*fork)(void *context);

    /* In the master, for SUPERVISOR_RELOAD: a new plan and its number of
     * workers, or NULL to keep the old (it has logged why). */
    void *(*reload)(void *context, unsigned *workers);

    /* In the master: no more workers will be forked from this plan. */
    void (*release)(void *context, void *plan);

    /* In the master: what a worker or template told it. */
    void (*note)(void *context, struct span text);

    /* In the master: SUPERVISOR_PASS and SUPERVISOR_CALL. */
    void (*signal)(void *context, int signo);

    /* In the master: called at once and then when the milliseconds that it
     * returned last have passed (-1: never again).  It may set *reload. */
    int64_t (*tick)(void *context, bool *reload);

    /* In the master: something to write into the log. */
    void (*event)(void *context, const struct supervisor_event *event);
};

struct supervisor_config {
    const struct supervisor_ops *ops;
    void *context;
    const struct supervisor_signal *signals; /* ended by signo 0 */
    unsigned workers;
    int64_t mercy;       /* ms from SIGQUIT to SIGKILL; 0: for ever */
    int64_t quick_mercy; /* ms from SIGTERM to SIGKILL */
    bool deadlines;      /* workers set deadlines: look once a second */
    size_t shared;       /* bytes that each worker shares with the master */
};

/* Blocks the signals that the master will take, and SIGCHLD, and says which
 * they are.  Call it first of all, before anyone can know of the process: from
 * then on none is lost. */
void supervisor_block(const struct supervisor_signal *signals, sigset_t *set);

/* Runs generations of workers, the first from `plan`, until a signal ends
 * them.  Returns 0 then; or, when the first generation could not start, the
 * exit status of the child that failed (1 where a signal killed it).  A
 * process that is to have no master calls supervisor_alone instead. */
int supervisor_run(const struct supervisor_config *config, void *plan);

/* Fills *w for a process that works without a master: number 1, reports go
 * nowhere, nobody watches the deadline.  The caller then runs its own prepare
 * and work. */
void supervisor_alone(struct supervisor_worker *w,
                      const struct supervisor_signal *signals);

/* In a worker: unblocks w->signals, once the handlers stand. */
void supervisor_unblock(const struct supervisor_worker *w);

/* In a worker: it serves.  A worker that changes its user does so before:
 * the kernel then forgets that the worker must hear of the master's death, and
 * this call reminds it. */
void supervisor_ready(struct supervisor_worker *w);

/* In a worker: its master is dead.  The signal that says so may have met an
 * application that ignores it. */
bool supervisor_orphaned(const struct supervisor_worker *w);

/* In a worker that serves: it will end by itself, when it has finished.  The
 * next one is started at once, and is beside it meanwhile. */
void supervisor_leave(struct supervisor_worker *w);

/* In a worker or template: tells the master something (ops->note), at most
 * SUPERVISOR_MAX_NOTE bytes; false when that failed. */
bool supervisor_note(struct supervisor_worker *w, struct span text);

#endif
