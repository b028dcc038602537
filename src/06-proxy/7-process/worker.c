/* worker: what a process must give up and take on before it serves strangers,
 * and how it hears the master.
 *
 * Signals are read from a descriptor (signalfd), so they come in turn with
 * everything else that the event loop waits for, and interrupt nothing. */

#include "worker.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

/* The status that tells the supervisor that the worker never served. */
#define WORKER_CANNOT_START 2

static bool complain(const struct worker *w, int level, const char *call)
{
    error_log_write(w->cycle->log, level, errno, "%s failed", call);
    return false;
}

/* --- Becoming a worker ------------------------------------------------- */

static void limit(const struct worker *w, int what, int64_t n, const char *call)
{
    struct rlimit to = {(rlim_t)n, (rlim_t)n};

    if (n >= 0 && setrlimit(what, &to) < 0)
        complain(w, ERROR_LOG_ALERT, call);
}

/* Whoever was root must not be after this; not being able to stop is a reason
 * not to start. */
static bool drop_privileges(const struct worker *w)
{
    const struct core_user *user = w->cycle->core->user;

    if (user == NULL || geteuid() != 0)
        return true;
    if (setgid(user->gid) < 0)
        return complain(w, ERROR_LOG_EMERG, "setgid()");
    if (initgroups(user->name.ptr, user->gid) < 0)
        return complain(w, ERROR_LOG_EMERG, "initgroups()");
    if (setuid(user->uid) < 0)
        return complain(w, ERROR_LOG_EMERG, "setuid()");
    prctl(PR_SET_DUMPABLE, 1); /* setuid cleared it; cores show why we died */
    return true;
}

/* The number-th CPU (from 0, round and round) of a set, alone. */
static cpu_set_t only_cpu(const cpu_set_t *set, unsigned number)
{
    cpu_set_t one;
    int cpu = -1, count = CPU_COUNT(set);

    CPU_ZERO(&one);
    if (count == 0)
        return one;
    for (number %= (unsigned)count; number != UINT32_MAX; number--)
        do
            cpu++;
        while (!CPU_ISSET(cpu, set));
    CPU_SET(cpu, &one);
    return one;
}

static void settle_on_cpus(const struct worker *w)
{
    const struct core_affinity *a = w->cycle->core->affinity;
    unsigned n = w->self->number - 1;
    cpu_set_t have, mask;

    if (a == NULL || sched_getaffinity(0, sizeof have, &have) < 0)
        return;
    if (a->each) {
        CPU_AND(&have, &have, &a->masks[0]);
        mask = only_cpu(&have, n);
    } else {
        mask = a->masks[n % a->count];
    }
    if (sched_setaffinity(0, sizeof mask, &mask) < 0)
        complain(w, ERROR_LOG_ALERT, "sched_setaffinity()");
}

/* Only what the configuration names goes on, and TZ, on which the times in
 * the logs depend.  The values are read before the environment is emptied. */
static void clean_environment(const struct worker *w)
{
    const char *tz = getenv("TZ");
    char *kept = tz != NULL ? strdup(tz) : NULL;

    for (struct core_env *e = w->cycle->core->env; e != NULL; e = e->next)
        if (span_chr(e->text, '=') == NULL && getenv(e->text.ptr) != NULL)
            e->text = arena_printf(&w->cycle->arena, "%s=%s", e->text.ptr,
                                   getenv(e->text.ptr));
    clearenv();
    if (kept != NULL)
        setenv("TZ", kept, 1);
    free(kept);
    for (struct core_env *e = w->cycle->core->env; e != NULL; e = e->next)
        if (span_chr(e->text, '=') != NULL)
            putenv((char *)e->text.ptr);
}

/* Not for a process that has no master: that one is for looking for faults, and
 * stays what it was started as. */
static bool become_worker(struct worker *w)
{
    const struct core_settings *core = w->cycle->core;

    if (core->worker_priority != 0 &&
        setpriority(PRIO_PROCESS, 0, (int)core->worker_priority) < 0)
        complain(w, ERROR_LOG_ALERT, "setpriority()");
    limit(w, RLIMIT_NOFILE, core->worker_rlimit_nofile,
          "setrlimit(RLIMIT_NOFILE)");
    limit(w, RLIMIT_CORE, core->worker_rlimit_core, "setrlimit(RLIMIT_CORE)");
    clean_environment(w);
    settle_on_cpus(w);
    if (!drop_privileges(w))
        return false;
    if (core->working_directory != NULL &&
        chdir(core->working_directory->ptr) < 0)
        return complain(w, ERROR_LOG_ALERT, "chdir() to working_directory");
    return true;
}

/* --- Orders ------------------------------------------------------------ */

static bool open_orders(struct worker *w)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    w->orders = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return w->orders >= 0 || complain(w, ERROR_LOG_EMERG, "signalfd()");
}

static void reopen_logs(const struct worker *w)
{
    struct err err;

    if (!log_files_reopen(w->cycle->log_files, (uid_t)-1, &err))
        error_log_write(w->cycle->log, ERROR_LOG_EMERG, 0, "%s", err.text);
}

/* The alarm, when it comes, is the order to stop. */
static void set_alarm(int64_t ms)
{
    struct itimerval t = {.it_value = {ms / 1000, ms % 1000 * 1000}};

    if (ms > 0)
        setitimer(ITIMER_REAL, &t, NULL);
}

enum worker_order worker_order(struct worker *w)
{
    struct signalfd_siginfo info;

    if (read(w->orders, &info, sizeof info) != sizeof info)
        return WORKER_NOTHING;
    switch (info.ssi_signo) {
    case SIGUSR1:
        reopen_logs(w);
        return WORKER_REOPEN;
    case SIGQUIT:
        error_log_write(w->cycle->log, ERROR_LOG_NOTICE, 0,
                        "gracefully shutting down");
        set_alarm(w->cycle->core->worker_shutdown_timeout);
        return WORKER_QUIT;
    default:
        error_log_write(w->cycle->log, ERROR_LOG_NOTICE, 0, "exiting");
        return WORKER_STOP;
    }
}

void worker_ready(struct worker *w)
{
    supervisor_ready(w->self);
}

/* A configuration without an http block: there is nothing to do but wait. */
static int idle(struct worker *w)
{
    struct pollfd p = {.fd = w->orders, .events = POLLIN};
    enum worker_order order;

    worker_ready(w);
    do {
        poll(&p, 1, -1);
        order = worker_order(w);
    } while (order != WORKER_STOP && order != WORKER_QUIT);
    return 0;
}

int worker_run(struct cycle *cycle, struct supervisor_worker *self)
{
    struct worker w = {.cycle = cycle, .self = self, .orders = -1};

    listen_sockets_assign(&cycle->sockets, cycle->http, self->number);
    if (!open_orders(&w) || (cycle->core->master_process && !become_worker(&w)))
        return WORKER_CANNOT_START;
    return cycle->http == NULL ? idle(&w) : front_run(&w);
}
