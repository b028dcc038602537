/* supervisor_child: the far side of the supervisor, in the processes that it
 * forks: how a worker begins, what a template does all day, and the messages
 * by which both report to the master. */

#ifndef STRATA_SUPERVISOR_CHILD_H
#define STRATA_SUPERVISOR_CHILD_H

#include "supervisor.h"

/* A report, on the one socket that all children share.  It is a packet: what
 * is written at once is read at once, and never torn or mixed with another's.
 */
enum report_kind {
    REPORT_READY,  /* the worker serves; the template has prepared */
    REPORT_LEAVE,  /* the worker will end by itself */
    REPORT_NOTE,   /* `len` bytes for ops->note */
    REPORT_BORN,   /* a template has forked worker `serial`, pid `value` */
    REPORT_UNBORN, /* it could not: errno `value` */
};

struct report {
    enum report_kind kind;
    uint32_t serial; /* of the process that it is about */
    int32_t value;
    uint32_t len;
};

/* An order, on the pipe from the master to one template: fork this worker.
 * The end of the pipe means: end. */
struct supervisor_order {
    uint32_t serial;
    unsigned number;
    _Atomic int64_t *deadline;
    void *shared;
};

/* The whole life of a child after the fork; neither returns.  `parent` is the
 * pid of the process that forked it, which may be the master. */
_Noreturn void supervisor_be_worker(const struct supervisor_config *config,
                                    void *plan, struct supervisor_worker *w,
                                    pid_t parent);
_Noreturn void supervisor_be_template(const struct supervisor_config *config,
                                      void *plan, struct supervisor_worker *w,
                                      int orders);

#endif
