/* supervisor_master: the master's decisions, see supervisor.h.
 *
 * The master is one loop around poll().  Signals arrive through a signalfd,
 * reports of the children through one socket, and everything else is a matter
 * of time.  Whatever has happened, the loop then does the same: it compares
 * what should run with what runs, and starts what is missing. */

#include "supervisor_child.h"
#include "supervisor_crew.h"

#include "net.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHORT_LIFE 1000 /* ms: a worker that lived less died "at once" */
#define MOST_WAIT  8000 /* ms between two workers that die at once */

/* The same for workers that were ready: they may have died of a request, and
 * whoever knows such a request must not buy a long silence with it. */
#define READY_WAIT 1000

/* A reload that another one waits for has so long, in ms, to start: the new
 * code may hang, and what is asked for may be the code that does not. */
#define START_WAIT 5000

struct supervisor {
    const struct supervisor_config *config;
    struct crew crew;
    struct generation slots[2];
    struct generation *current, *next; /* next: NULL when none is starting */
    int64_t next_since;                /* when it was begun */
    bool stopping, retired, reload_again;
    int64_t tick_at; /* 0: never */
    int status;
};

static void release(struct supervisor *s, const struct generation *gen)
{
    if (s->config->ops->release != NULL)
        s->config->ops->release(s->config->context, gen->plan);
}

static void abandon_next(struct supervisor *s)
{
    crew_dismiss(&s->crew, s->next, true);
    release(s, s->next);
    s->next = NULL;
}

/* Ends everything, and then the loop. */
static void stop(struct supervisor *s, bool quick)
{
    s->stopping = true;
    if (s->next != NULL)
        abandon_next(s);
    crew_dismiss(&s->crew, NULL, quick);
}

/* The first generation could not start, and there is no other to go on. */
static void give_up(struct supervisor *s, int status)
{
    s->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    TELL(&s->crew, SUPERVISOR_GAVE_UP, NULL, .status = status);
    stop(s, true);
}

static void begin_reload(struct supervisor *s)
{
    const struct supervisor_ops *ops = s->config->ops;
    unsigned workers = s->current->workers;
    void *plan;

    if (s->stopping || ops->reload == NULL)
        return;
    if (s->next !=
        NULL) { /* one at a time; what asked for this one is not lost */
        s->reload_again = true;
        return;
    }
    TELL(&s->crew, SUPERVISOR_RELOADING, NULL, 0);
    plan = ops->reload(s->config->context, &workers);
    if (plan == NULL)
        return;
    s->next = s->current == &s->slots[0] ? &s->slots[1] : &s->slots[0];
    s->next_since = net_now();
    generation_init(s->next, plan, workers, false);
}

static void end_reload(struct supervisor *s)
{
    bool again = s->reload_again;

    s->reload_again = false;
    if (again)
        begin_reload(s);
}

/* The new generation did not start. */
static void fail_reload(struct supervisor *s, const struct proc *p, int status)
{
    TELL(&s->crew, SUPERVISOR_RELOAD_FAILED, p, .status = status);
    abandon_next(s);
    end_reload(s);
}

/* The new generation serves: the old one may go.  The plan goes first: what it
 * has open must not be closed last by the master, who looks after no client. */
static void adopt_next(struct supervisor *s)
{
    struct generation *old = s->current;

    s->current = s->next;
    s->next = NULL;
    s->current->up = true;
    s->retired = false;
    TELL(&s->crew, SUPERVISOR_RELOADED, NULL, 0);
    release(s, old);
    crew_dismiss(&s->crew, old, false);
    end_reload(s);
}

/* A process of the current generation has ended: its turn comes again, the
 * later the oftener it dies at once. */
static void replace(struct supervisor *s, const struct proc *p, int64_t now)
{
    struct turn *turn = &p->gen->turns[p->number];
    int64_t wait = 0, most = p->state == PROC_READY ? READY_WAIT : MOST_WAIT;

    turn->quick = now - p->since < SHORT_LIFE ? turn->quick + 1 : 0;
    if (turn->quick > 1)
        wait = turn->quick < 5 ? 500 << (turn->quick - 1) : MOST_WAIT;
    if (wait > most)
        wait = most;
    turn->at = now + wait;
    if (wait > 0)
        TELL(&s->crew, SUPERVISOR_THROTTLED, p, .wait = wait);
}

/* A worker has done its work.  It may have clients to see off; whoever comes
 * now is for the next one. */
static void let_go(struct supervisor *s, struct proc *p)
{
    int64_t now = net_now();

    replace(s, p, now);
    crew_let_go(&s->crew, p, now);
}

/* A process that ends before it is ready fails a reload, and a first start too;
 * but a worker that was killed there says nothing about its generation. */
static void ended(struct supervisor *s, struct proc *p, int status)
{
    const struct proc gone = *p;
    bool starting = gone.state == PROC_STARTING;
    bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool expected = gone.state == PROC_LEAVING || (ok && !starting);

    crew_strike(&s->crew, p);
    TELL(&s->crew, expected ? SUPERVISOR_ENDED : SUPERVISOR_DIED, &gone,
         .status = status);
    if (gone.gen == NULL)
        return;
    if (gone.gen == s->next && starting) {
        fail_reload(s, &gone, status);
    } else if (gone.gen->first && !gone.gen->up && starting &&
               (WIFEXITED(status) || gone.number == 0)) {
        give_up(s, status);
    } else {
        replace(s, &gone, net_now());
    }
}

/* What a process in the middle says of the worker that it forked.  Only a
 * template has such processes, and only one birth is waited for: what else
 * comes is a forgery, and must not be believed with a pid to kill. */
static void take_birth(struct supervisor *s, struct proc *p,
                       const struct report *r)
{
    if (s->config->ops->prepare == NULL ||
        r->value < (r->kind == REPORT_BORN ? 2 : 0))
        return;
    if (p == NULL && r->kind == REPORT_BORN)
        kill(r->value, SIGKILL); /* nobody waits for it any more */
    else if (p != NULL && p->pid == 0 && r->kind == REPORT_BORN)
        crew_born(&s->crew, p, r->value);
    else if (p != NULL && p->pid == 0)
        crew_unborn(&s->crew, p, r->value);
}

static void take_report(struct supervisor *s, const struct report *r,
                        struct span text)
{
    const struct supervisor_ops *ops = s->config->ops;
    struct proc *p = crew_next(&s->crew, s->crew.procs);

    while (p != NULL && p->serial != r->serial)
        p = crew_next(&s->crew, p + 1);
    if (r->kind == REPORT_NOTE && ops->note != NULL)
        ops->note(s->config->context, text);
    else if (r->kind == REPORT_BORN || r->kind == REPORT_UNBORN)
        take_birth(s, p, r);
    else if (p != NULL && r->kind == REPORT_READY && p->state == PROC_STARTING)
        p->state = PROC_READY;
    else if (p != NULL && r->kind == REPORT_LEAVE && p->state == PROC_READY)
        let_go(s, p);
}

/* One read is one report.  What is not exactly one is not ours: an application
 * may write to descriptors that it has not opened. */
static void read_reports(struct supervisor *s)
{
    struct {
        struct report head;
        char text[SUPERVISOR_MAX_NOTE];
    } r;
    ssize_t n;

    while ((n = read(s->crew.reports[0], &r, sizeof r)) >= 0)
        if ((size_t)n >= sizeof r.head &&
            r.head.len == (size_t)n - sizeof r.head)
            take_report(s, &r.head, (struct span){r.text, r.head.len});
}

/* Who has died is looked at, then every report is read, and only then is the
 * dead buried: what a process said before its end is known when its end is
 * judged, and until then nobody else can have its pid. */
static void reap(struct supervisor *s)
{
    siginfo_t info;
    struct proc *p;
    int status;

    for (;;) {
        info.si_pid = 0;
        waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
        if (info.si_pid == 0)
            return;
        read_reports(s);
        p = crew_next(&s->crew, s->crew.procs);
        while (p != NULL && p->pid != info.si_pid)
            p = crew_next(&s->crew, p + 1);
        waitpid(info.si_pid, &status, 0);
        if (p != NULL)
            ended(s, p, status);
        else
            TELL(&s->crew, SUPERVISOR_STRANGER, NULL, .pid = info.si_pid,
                 .status = status);
    }
}

static void pass_on(struct supervisor *s, int signo)
{
    for (each_proc(p, &s->crew))
        if (p->pid && p->number > 0)
            kill(p->pid, signo);
}

static void act(struct supervisor *s, const struct supervisor_signal *signal)
{
    const struct supervisor_ops *ops = s->config->ops;

    switch (signal->action) {
    case SUPERVISOR_QUICK:
    case SUPERVISOR_GRACEFUL:
        TELL(&s->crew, SUPERVISOR_STOPPING, NULL, .status = signal->action);
        stop(s, signal->action == SUPERVISOR_QUICK);
        break;
    case SUPERVISOR_RELOAD:
        begin_reload(s);
        break;
    case SUPERVISOR_RETIRE:
        s->retired = true;
        crew_dismiss(&s->crew, s->current, false);
        break;
    case SUPERVISOR_PASS:
    case SUPERVISOR_CALL:
        if (ops->signal != NULL)
            ops->signal(s->config->context, signal->signo);
        if (signal->action == SUPERVISOR_PASS)
            pass_on(s, signal->signo);
        break;
    }
}

static void read_signals(struct supervisor *s)
{
    struct signalfd_siginfo info;
    const struct supervisor_signal *row;

    while (read(s->crew.signals, &info, sizeof info) == sizeof info)
        for (row = s->config->signals; row->signo != 0; row++)
            if ((uint32_t)row->signo == info.ssi_signo)
                act(s, row);
}

static void kill_late(struct supervisor *s, int64_t now)
{
    for (each_proc(p, &s->crew)) {
        struct seat *seat = crew_seat(&s->crew, p);
        int64_t deadline = atomic_load(&seat->deadline);
        if (p->pid == 0)
            continue;
        if (deadline != 0 && deadline <= now) {
            atomic_store(&seat->deadline, 0);
            TELL(&s->crew, SUPERVISOR_LATE, p, .shared = seat + 1);
            kill(p->pid, SIGKILL);
        } else if (p->kill_at != 0 && p->kill_at <= now) {
            p->kill_at = 0;
            if (p->number > 0)
                TELL(&s->crew, SUPERVISOR_OVERDUE, p, 0);
            kill(p->pid, SIGKILL);
        }
    }
}

static void tick(struct supervisor *s, int64_t now)
{
    bool reload = false;
    int64_t wait;

    if (s->tick_at == 0 || s->tick_at > now || s->stopping)
        return;
    wait = s->config->ops->tick(s->config->context, &reload);
    s->tick_at = wait < 0 ? 0 : now + wait;
    if (reload)
        begin_reload(s);
}

/* The next time that a worker's turn comes, after now. */
static void next_turn(const struct generation *gen, int64_t now, int64_t *when)
{
    for (unsigned n = 0; n <= gen->workers; n++)
        if (gen->turns[n].at > now && gen->turns[n].at < *when)
            *when = gen->turns[n].at;
}

/* Milliseconds until something is due, or -1.  `now` is the time at which all
 * that was due was done. */
static int patience(struct supervisor *s, int64_t now)
{
    int64_t when = s->config->deadlines ? now + 1000 : NET_FOREVER;

    for (each_proc(p, &s->crew))
        if (p->pid != 0 && p->kill_at != 0 && p->kill_at < when)
            when = p->kill_at;
    if (!s->stopping) {
        if (s->tick_at != 0 && s->tick_at < when)
            when = s->tick_at;
        next_turn(s->current, now, &when);
        if (s->next != NULL)
            next_turn(s->next, now, &when);
    }
    if (s->next != NULL && s->reload_again && s->next_since + START_WAIT < when)
        when = s->next_since + START_WAIT;
    now = net_now();
    if (when == NET_FOREVER)
        return -1;
    return when <= now ? 0 : when - now < INT_MAX ? (int)(when - now) : INT_MAX;
}

/* Compares what should run with what runs. */
static void settle(struct supervisor *s, int64_t now)
{
    tick(s, now);
    kill_late(s, now);
    if (s->stopping)
        return;
    if (s->next != NULL && s->reload_again && s->next_since + START_WAIT <= now)
        fail_reload(s, NULL, 0);
    if (s->next != NULL)
        crew_fill(&s->crew, s->next, now);
    if (!s->retired)
        crew_fill(&s->crew, s->current, now);
    if (s->next != NULL && crew_complete(&s->crew, s->next))
        adopt_next(s);
    if (!s->current->up && crew_complete(&s->crew, s->current)) {
        s->current->up = true;
        TELL(&s->crew, SUPERVISOR_UP, NULL, 0);
    }
}

static void run(struct supervisor *s)
{
    struct pollfd fds[2] = {{.fd = s->crew.signals, .events = POLLIN},
                            {.fd = s->crew.reports[0], .events = POLLIN}};
    int64_t now = net_now();

    settle(s, now);
    while (!s->stopping || crew_next(&s->crew, s->crew.procs) != NULL) {
        poll(fds, 2, patience(s, now));
        read_reports(s);
        read_signals(s);
        reap(s);
        now = net_now();
        settle(s, now);
    }
}

int supervisor_run(const struct supervisor_config *config, void *plan)
{
    struct supervisor *s = calloc(1, sizeof *s);
    int status;

    if (s == NULL)
        return 1;
    if (!crew_open(&s->crew, config)) {
        TELL(&s->crew, SUPERVISOR_NO_FORK, NULL, .error = errno);
        free(s);
        return 1;
    }
    if (config->ops->prepare != NULL)
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    s->config = config;
    s->current = &s->slots[0];
    generation_init(s->current, plan, config->workers, true);
    s->tick_at = config->ops->tick != NULL ? net_now() : 0;
    run(s);
    release(s, s->current);
    crew_close(&s->crew);
    status = s->status;
    free(s);
    return status;
}
