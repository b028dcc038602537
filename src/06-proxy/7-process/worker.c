/* worker: the process that serves strangers.  It gives up what it does not need
 * for that, lets clients in, and obeys the master.
 *
 * Signals are read from a descriptor (signalfd), so they come in turn with
 * everything else that the event loop waits for, and interrupt nothing. */

#include "worker.h"

#include "chunk.h"
#include "client.h"
#include "connection.h"
#include "daemon.h"
#include "event.h"
#include "front_worker.h"
#include "request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <unistd.h>

/* The status that tells the supervisor that the worker never served. */
#define WORKER_CANNOT_START 2

#define ACCEPT_PAUSE 500  /* ms without accepting when descriptors are out */
#define LAST_CALL    5000 /* ms for silent clients of a worker that quits */

/* A socket that clients come by. */
struct gate {
    struct event event;
    struct worker *worker;
    const struct listen *listen;
    int fd;
};

struct worker {
    struct front_worker front; /* what the conversation knows of it */
    struct cycle *cycle;
    struct supervisor_worker *self;
    struct event orders; /* of the signalfd */
    struct timer pause;  /* of accepting */
    struct gate *gates;
    unsigned gate_count;
    bool stop;
};

static bool complain(const struct worker *w, int level, const char *what)
{
    error_log_write(w->cycle->log, level, errno, "%s failed", what);
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
    const char *call;

    if (user == NULL || geteuid() != 0)
        return true;
    call = daemon_drop(user->name.ptr, user->gid, user->uid, user->gid);
    if (call != NULL) {
        error_log_write(w->cycle->log, ERROR_LOG_EMERG, errno, "%s() failed",
                        call);
        return false;
    }
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

/* --- Letting clients in ------------------------------------------------ */

static void stop_accepting(struct worker *w)
{
    for (unsigned i = 0; i < w->gate_count; i++)
        event_remove(w->front.loop, &w->gates[i].event);
}

static bool start_accepting(struct worker *w)
{
    for (unsigned i = 0; i < w->gate_count; i++) {
        struct gate *g = &w->gates[i];

        if (g->event.fd < 0 &&
            !event_add_listener(w->front.loop, &g->event, g->fd,
                                !g->listen->reuseport))
            return false;
    }
    return true;
}

static void pause_over(struct timer *t)
{
    struct worker *w = t->owner;

    if (!w->front.quitting)
        start_accepting(w);
}

/* Out of descriptors or connections: those who are served go on, those who
 * knock wait in the backlog. */
static void pause_accepting(struct worker *w, const char *why, int errnum)
{
    error_log_write(w->cycle->log, ERROR_LOG_ALERT, errnum,
                    "%s, accepting pauses", why);
    stop_accepting(w);
    timer_set(w->front.loop, &w->pause, ACCEPT_PAUSE);
}

/* The next client who waits at the gate; false with errno when there is none,
 * or no descriptor for it. */
static bool let_in(struct gate *g)
{
    struct front_worker *front = &g->worker->front;
    struct net_addr peer;
    int fd = net_accept(g->fd, &peer, 0);

    if (fd >= 0)
        client_open(front, listen_place(g->listen, fd), fd, &peer);
    return fd >= 0;
}

static void accept_ready(struct event *e)
{
    struct gate *g = e->owner;
    struct worker *w = g->worker;

    do {
        if (w->front.connections >= w->front.max_connections &&
            !client_close_oldest(&w->front)) {
            pause_accepting(w, "worker_connections are not enough", 0);
            return;
        }
        if (let_in(g))
            continue;
        if ((errno == EMFILE || errno == ENFILE) &&
            client_close_oldest(&w->front))
            continue;
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
            errno == ENOBUFS)
            pause_accepting(w, "accept4() failed", errno);
        return;
    } while (w->cycle->core->multi_accept);
}

/* The sockets of this worker, and a gate at each. */
static bool open_gates(struct worker *w)
{
    unsigned room = listen_sockets_count(w->cycle->listens);

    w->gates = arena_zalloc(&w->cycle->arena, room * sizeof *w->gates);
    if (w->gates == NULL)
        return false;
    for (struct listen *l = w->cycle->listens; l != NULL; l = l->next) {
        struct gate *g = &w->gates[w->gate_count];
        int fd = listen_sockets_take(l, w->self->number);

        if (fd < 0)
            continue;
        *g = (struct gate){
            {.fd = -1, .ready = accept_ready, .owner = g}, w, l, fd};
        w->gate_count++;
    }
    return true;
}

/* A socket that nobody else has, because the configuration gave it up, must not
 * take connections that nobody accepts.  Those that wait in it would end with
 * it: they are let in first, and nothing comes between the last and the
 * close. */
static void close_gates(struct worker *w)
{
    stop_accepting(w);
    for (unsigned i = 0; i < w->gate_count; i++) {
        while (w->front.connections < w->front.max_connections &&
               let_in(&w->gates[i]))
            ;
        close(w->gates[i].fd);
    }
    w->gate_count = 0;
}

/* --- Orders ------------------------------------------------------------ */

static bool open_orders(struct worker *w)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 && event_add_listener(w->front.loop, &w->orders, fd, false);
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

/* From here on each answer that begins is the last of its connection.  A silent
 * client has some time, but only half of what is granted to the whole worker:
 * it is to end by itself. */
static void quit(struct worker *w)
{
    int64_t granted = w->cycle->core->worker_shutdown_timeout;

    error_log_write(w->cycle->log, ERROR_LOG_NOTICE, 0,
                    "gracefully shutting down");
    set_alarm(granted);
    close_gates(w);
    w->front.last_call =
        granted / 2 > 0 && granted / 2 < LAST_CALL ? granted / 2 : LAST_CALL;
    w->front.quitting = true;
    client_hasten(&w->front);
}

static void obey(struct event *e)
{
    struct worker *w = e->owner;
    struct signalfd_siginfo info;

    while (!w->stop && read(e->fd, &info, sizeof info) == sizeof info)
        switch (info.ssi_signo) {
        case SIGUSR1:
            reopen_logs(w);
            break;
        case SIGQUIT:
            quit(w);
            break;
        default:
            error_log_write(w->cycle->log, ERROR_LOG_NOTICE, 0, "exiting");
            w->stop = true;
        }
}

/* --- The loop ---------------------------------------------------------- */

static bool open_loop(struct worker *w)
{
    w->front.loop = event_loop_new();
    w->front.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return w->front.loop != NULL && w->front.root >= 0 && open_orders(w) &&
           start_accepting(w);
}

static void close_loop(struct worker *w)
{
    while (w->front.idle.first != NULL)
        client_close(w->front.idle.first);
    while (w->front.busy.first != NULL)
        client_close(w->front.busy.first);
    if (w->front.loop != NULL) {
        event_close(w->front.loop, &w->orders);
        stop_accepting(w);
        event_loop_free(w->front.loop);
    }
    exchanges_free(&w->front);
    chunks_free(&w->front);
    if (w->front.root >= 0)
        close(w->front.root);
}

static bool has_ended(const struct worker *w)
{
    return w->stop || (w->front.quitting && w->front.idle.first == NULL &&
                       w->front.busy.first == NULL);
}

int worker_run(struct cycle *cycle, struct supervisor_worker *self)
{
    struct worker w = {
        .front = {.hooks = cycle->hooks,
                  .log = cycle->log,
                  .max_connections = (unsigned)cycle->core->worker_connections},
        .cycle = cycle,
        .self = self,
        .orders = {.fd = -1, .ready = obey, .owner = &w},
        .pause = {.fire = pause_over, .owner = &w},
    };
    bool ok;

    if (!open_gates(&w) || (cycle->core->master_process && !become_worker(&w)))
        return WORKER_CANNOT_START;
    ok = open_loop(&w);
    if (ok)
        supervisor_ready(self);
    else
        error_log_write(cycle->log, ERROR_LOG_ALERT, errno,
                        "the event loop could not be started");
    while (ok && !has_ended(&w)) {
        ok = event_run(w.front.loop, -1);
        if (!ok)
            complain(&w, ERROR_LOG_ALERT, "epoll_wait()");
    }
    close_loop(&w);
    return ok ? 0 : 1;
}
