/* supervisor_crew: finds, starts and dismisses processes, and keeps the book of
 * them. */

#include "supervisor_crew.h"
#include "supervisor_child.h"

#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

bool crew_open(struct crew *c, const struct supervisor_config *config)
{
    c->config = config;
    c->seat_size = (sizeof(struct seat) + config->shared + 63) / 64 * 64;
    supervisor_block(config->signals, &c->blocked);
    net_ignore_signals(); /* a template may die before it has its order */
    c->signals = signalfd(-1, &c->blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    /* Packets, so that a report stays whole whatever else is written there. */
    if (c->signals < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, c->reports) < 0)
        return false;
    /* The master's end alone: a child that reports may wait, the master may
     * not. */
    fcntl(c->reports[0], F_SETFL, O_NONBLOCK);
    c->seats = mmap(NULL, c->seat_size * SUPERVISOR_MAX_PROCS,
                    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return c->seats != MAP_FAILED;
}

void crew_close(struct crew *c)
{
    close(c->signals);
    close(c->reports[0]);
    close(c->reports[1]);
    munmap(c->seats, c->seat_size * SUPERVISOR_MAX_PROCS);
}

void crew_tell(const struct crew *c, enum supervisor_kind kind,
               const struct proc *p, struct supervisor_event e)
{
    e.kind = kind;
    if (p != NULL) {
        e.number = p->number;
        e.pid = p->pid;
    }
    if (c->config->ops->event != NULL)
        c->config->ops->event(c->config->context, &e);
}

void generation_init(struct generation *gen, void *plan, unsigned workers,
                     bool first)
{
    memset(gen, 0, sizeof *gen);
    gen->plan = plan;
    gen->workers =
        workers < SUPERVISOR_MAX_WORKERS ? workers : SUPERVISOR_MAX_WORKERS;
    gen->first = first;
}

struct proc *crew_next(struct crew *c, struct proc *p)
{
    for (; p < c->procs + c->used; p++)
        if (p->serial != 0)
            return p;
    return NULL;
}

struct seat *crew_seat(const struct crew *c, const struct proc *p)
{
    return (struct seat *)(c->seats + (size_t)(p - c->procs) * c->seat_size);
}

/* The process of this generation and number that is not leaving, or NULL. */
static struct proc *find(struct crew *c, const struct generation *gen,
                         unsigned number)
{
    for (each_proc(p, c))
        if (p->gen == gen && p->number == number && p->state != PROC_LEAVING)
            return p;
    return NULL;
}

bool crew_complete(struct crew *c, const struct generation *gen)
{
    for (unsigned n = 1; n <= gen->workers; n++) {
        const struct proc *p = find(c, gen, n);
        if (p == NULL || p->state != PROC_READY)
            return false;
    }
    return true;
}

static struct proc *proc_new(struct crew *c, struct generation *gen,
                             unsigned number)
{
    struct proc *p = c->procs;

    while (p < c->procs + SUPERVISOR_MAX_PROCS && p->serial != 0)
        p++;
    if (p == c->procs + SUPERVISOR_MAX_PROCS)
        return NULL;
    if (p == c->procs + c->used)
        c->used++;
    memset(crew_seat(c, p), 0, c->seat_size);
    *p = (struct proc){
        .serial = ++c->last_serial,
        .number = number,
        .gen = gen,
        .respawn = gen->turns[number].had,
        .since = net_now(),
        .orders = -1,
    };
    return p;
}

void crew_strike(struct crew *c, struct proc *gone)
{
    if (gone->orders >= 0)
        close(gone->orders);
    gone->serial = 0;
    if (gone->number == 0)
        for (each_proc(p, c))
            if (p->pid == 0 && (p->gen == gone->gen || p->gen == NULL))
                p->serial = 0;
}

/* fork failed: the number's turn comes again in a second. */
void crew_unborn(struct crew *c, struct proc *p, int error)
{
    TELL(c, SUPERVISOR_NO_FORK, p, .error = error, .wait = 1000);
    if (p->gen != NULL)
        p->gen->turns[p->number].at = net_now() + 1000;
    crew_strike(c, p);
}

void crew_born(struct crew *c, struct proc *p, pid_t pid)
{
    p->pid = pid;
    if (p->gen != NULL)
        p->gen->turns[p->number].had = true;
    if (p->state == PROC_LEAVING) /* it was dismissed before it was born */
        kill(pid, SIGTERM);
    else if (p->number > 0)
        TELL(c, p->respawn ? SUPERVISOR_RESPAWNED : SUPERVISOR_SPAWNED, p, 0);
}

static void order_worker(struct crew *c, const struct proc *template,
                         struct proc *p)
{
    struct seat *seat = crew_seat(c, p);
    struct supervisor_order order = {p->serial, p->number, &seat->deadline,
                                     seat + 1};

    /* EPIPE: the template has died.  Its SIGCHLD is on the way, and p is
     * struck off with it. */
    if (write(template->orders, &order, sizeof order) < 0 && errno != EPIPE)
        crew_unborn(c, p, errno);
}

/* What a child must not keep: the master's ends. */
static void drop_master(struct crew *c)
{
    close(c->signals);
    close(c->reports[0]);
    for (each_proc(p, c))
        if (p->orders >= 0)
            close(p->orders);
}

static void fork_child(struct crew *c, struct generation *gen, struct proc *p)
{
    struct supervisor_worker w = {
        .number = p->number,
        .first = gen->first && !gen->up,
        .master = getpid(),
        .signals = c->blocked,
        .deadline = &crew_seat(c, p)->deadline,
        .shared = crew_seat(c, p) + 1,
        .report = c->reports[1],
        .serial = p->serial,
    };
    int orders[2] = {-1, -1};
    pid_t pid;

    if (p->number == 0 && pipe2(orders, O_CLOEXEC) < 0) {
        crew_unborn(c, p, errno);
        return;
    }
    p->orders = orders[1];
    fflush(NULL); /* or the child would write the same text once more */
    pid = fork();
    if (pid == 0) {
        drop_master(c);
        if (w.number == 0)
            supervisor_be_template(c->config, gen->plan, &w, orders[0]);
        supervisor_be_worker(c->config, gen->plan, &w, w.master);
    }
    if (orders[0] >= 0)
        close(orders[0]);
    if (pid < 0)
        crew_unborn(c, p, errno);
    else
        crew_born(c, p, pid);
}

static void start(struct crew *c, struct generation *gen, unsigned number,
                  const struct proc *template)
{
    struct proc *p = proc_new(c, gen, number);

    if (p == NULL) /* old workers fill the table: again when one has ended */
        return;
    if (template != NULL)
        order_worker(c, template, p);
    else
        fork_child(c, gen, p);
}

void crew_fill(struct crew *c, struct generation *gen, int64_t now)
{
    struct proc *template = NULL;

    if (c->config->ops->prepare != NULL) {
        template = find(c, gen, 0);
        if (template == NULL && gen->turns[0].at <= now)
            start(c, gen, 0, NULL);
        if (template == NULL || template->state != PROC_READY)
            return;
    }
    for (unsigned n = 1; n <= gen->workers; n++)
        if (gen->turns[n].at <= now && find(c, gen, n) == NULL)
            start(c, gen, n, template);
}

/* p is to have ended when so much time has passed; 0: whenever it likes. */
static void leaves(struct proc *p, int64_t now, int64_t mercy)
{
    p->state = PROC_LEAVING;
    p->gen = NULL;
    p->kill_at = mercy > 0 ? now + mercy : 0;
}

void crew_let_go(const struct crew *c, struct proc *p, int64_t now)
{
    leaves(p, now, c->config->mercy);
}

/* A template has nothing to finish and is killed at once. */
static void dismiss(const struct crew *c, struct proc *p, bool quick)
{
    leaves(p, net_now(), quick ? c->config->quick_mercy : c->config->mercy);
    if (p->pid)
        kill(p->pid, p->number == 0 ? SIGKILL : quick ? SIGTERM : SIGQUIT);
}

void crew_dismiss(struct crew *c, const struct generation *gen, bool quick)
{
    for (each_proc(p, c))
        if (gen == NULL || p->gen == gen)
            dismiss(c, p, quick);
}
