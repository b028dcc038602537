/* supervisor_child: a worker's beginning, a template's loop, and their reports.
 *
 * A worker must be the master's own child: only a parent learns at once how a
 * process ended.  A template therefore forks twice.  The process in the middle
 * reports the worker's pid and ends, and the worker, an orphan, goes to the
 * nearest ancestor that has declared itself a subreaper (prctl(2)): the
 * master. */

#include "supervisor_child.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One report, with SUPERVISOR_MAX_NOTE bytes of text at most, by the way that
 * the process was given (-1: none).  False when it was not sent. */
static bool report(int way, enum report_kind kind, uint32_t serial,
                   int32_t value, struct span text)
{
    char message[sizeof(struct report) + SUPERVISOR_MAX_NOTE];
    struct report head = {kind, serial, value, (uint32_t)text.len};
    ssize_t n;

    if (way < 0 || text.len > SUPERVISOR_MAX_NOTE)
        return false;
    memcpy(message, &head, sizeof head);
    if (text.len > 0)
        memcpy(message + sizeof head, text.ptr, text.len);
    do
        n = write(way, message, sizeof head + text.len);
    while (n < 0 && errno == EINTR);
    return n > 0;
}

void supervisor_block(const struct supervisor_signal *signals, sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    for (; signals->signo != 0; signals++)
        sigaddset(set, signals->signo);
    sigprocmask(SIG_BLOCK, set, NULL);
}

void supervisor_alone(struct supervisor_worker *w,
                      const struct supervisor_signal *signals)
{
    static _Atomic int64_t nobody_looks;

    *w = (struct supervisor_worker){
        .number = 1, .first = true, .deadline = &nobody_looks, .report = -1};
    supervisor_block(signals, &w->signals);
}

/* Asks the kernel for a SIGTERM when the parent dies.  A parent that died
 * before the question is noticed by its pid: this process then has another. */
static void follow_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(0);
}

void supervisor_unblock(const struct supervisor_worker *w)
{
    sigprocmask(SIG_UNBLOCK, &w->signals, NULL);
}

void supervisor_ready(struct supervisor_worker *w)
{
    if (w->report < 0)
        return;
    follow_parent(w->master);
    report(w->report, REPORT_READY, w->serial, 0, SPAN(""));
}

bool supervisor_orphaned(const struct supervisor_worker *w)
{
    return w->report >= 0 && getppid() != w->master;
}

void supervisor_leave(struct supervisor_worker *w)
{
    report(w->report, REPORT_LEAVE, w->serial, 0, SPAN(""));
}

bool supervisor_note(struct supervisor_worker *w, struct span text)
{
    return report(w->report, REPORT_NOTE, w->serial, 0, text);
}

void supervisor_be_worker(const struct supervisor_config *config, void *plan,
                          struct supervisor_worker *w, pid_t parent)
{
    const struct timespec moment = {0, 50000};

    while (parent != w->master && getppid() == parent)
        nanosleep(&moment, NULL);
    follow_parent(w->master);
    _exit(config->ops->work(config->context, plan, w));
}

/* In the process in the middle: forks the worker, reports it, and ends. */
static _Noreturn void deliver(const struct supervisor_config *config,
                              void *plan, struct supervisor_worker *w)
{
    pid_t middle = getpid(), pid = fork();

    if (pid == 0)
        supervisor_be_worker(config, plan, w, middle);
    if (pid > 0)
        report(w->report, REPORT_BORN, w->serial, pid, SPAN(""));
    else
        report(w->report, REPORT_UNBORN, w->serial, errno, SPAN(""));
    _exit(0);
}

static void fork_worker(const struct supervisor_config *config, void *plan,
                        const struct supervisor_worker *template, int orders,
                        const struct supervisor_order *order)
{
    struct supervisor_worker w = *template;
    pid_t pid;

    w.number = order->number;
    w.serial = order->serial;
    w.deadline = order->deadline;
    w.shared = order->shared;
    pid =
        config->ops->fork != NULL ? config->ops->fork(config->context) : fork();
    if (pid == 0) {
        close(orders);
        deliver(config, plan, &w);
    }
    if (pid < 0)
        report(w.report, REPORT_UNBORN, w.serial, errno, SPAN(""));
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

void supervisor_be_template(const struct supervisor_config *config, void *plan,
                            struct supervisor_worker *w, int orders)
{
    struct supervisor_order order;
    ssize_t n;
    int status;

    follow_parent(w->master);
    supervisor_unblock(w);
    status = config->ops->prepare(config->context, plan, w);
    if (status != 0)
        _exit(status);
    sigprocmask(SIG_BLOCK, &w->signals, NULL);
    report(w->report, REPORT_READY, w->serial, 0, SPAN(""));
    for (;;) {
        n = read(orders, &order, sizeof order);
        if (n == sizeof order)
            fork_worker(config, plan, w, orders, &order);
        else if (n == 0 || errno != EINTR)
            _exit(0);
    }
}
