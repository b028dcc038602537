/* prefork_master: what the supervisor's master calls: settings read anew, files
 * watched, uWSGI's lines written. */

#include "prefork_master.h"

#include "daemon.h"
#include "wsgi_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOUCH_EVERY 1000 /* ms between two looks at --touch-reload's files */

const struct supervisor_signal prefork_signals[] = {
    {SIGINT, SUPERVISOR_QUICK},
    {SIGTERM, SUPERVISOR_QUICK},
    {SIGQUIT, SUPERVISOR_GRACEFUL},
    {SIGHUP, SUPERVISOR_RELOAD},
    {SIGUSR1, SUPERVISOR_PASS},
    {SIGUSR2, SUPERVISOR_CALL},
    {0, 0},
};

void prefork_is_up(struct prefork *p)
{
    if (p->pidfile.path != NULL && pidfile_write(&p->pidfile) != NULL)
        wsgi_log("cannot write the pidfile %s: %s", p->pidfile.path,
                 strerror(errno));
    daemon_report(p->daemon, 0);
    p->daemon = -1;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What is done once in the life of the master cannot be done again. */
static void warn_of_fixed(const struct prefork_config *old,
                          const struct prefork_config *new)
{
    const struct {
        const char *name;
        bool same;
    } fixed[] = {
        {"daemonize", same(old->daemonize, new->daemonize)},
        {"logto", same(old->logto, new->logto)},
        {"pidfile", same(old->pidfile, new->pidfile)},
        {"uid", same(old->uid, new->uid)},
        {"gid", same(old->gid, new->gid)},
        {"master", old->master == new->master},
    };

    for (size_t i = 0; i < COUNT(fixed); i++)
        if (!fixed[i].same)
            wsgi_log("\"%s\" was changed: that counts after a stop and a "
                     "start, not after a reload",
                     fixed[i].name);
}

static void go_to(const struct prefork *p, const struct plan *plan)
{
    const char *dir = plan->config.wsgi.chdir;

    if (fchdir(p->home) < 0 || (dir != NULL && chdir(dir) < 0))
        wsgi_log("cannot change back into the directory %s: %s",
                 dir != NULL ? dir : "of the start", strerror(errno));
}

static void *reload(void *context, unsigned *workers)
{
    struct prefork *p = context;
    struct err err;
    struct plan *new = NULL;

    if (fchdir(p->home) == 0)
        new = plan_read(p->argv, &err);
    else
        err_set(&err, "cannot go back to where the program was started: %s",
                strerror(errno));
    if (new != NULL && !plan_open(new, p->current, &err)) {
        plan_free(new);
        new = NULL;
    }
    if (new == NULL) {
        wsgi_log("%s", err.text);
        wsgi_log("*** reload abandoned: the configuration has an error; the "
                 "workers go on with the old one ***");
        go_to(p, p->current);
        return NULL;
    }
    warn_of_fixed(&p->current->config, &new->config);
    p->supervisor.mercy = new->config.mercy;
    p->supervisor.deadlines |= new->config.harakiri > 0;
    *workers = (unsigned)new->config.processes;
    p->next = new;
    return new;
}

/* The last plan stays with main. */
static void release(void *context, void *plan)
{
    struct prefork *p = context;

    if (plan == p->next) { /* it did not start */
        p->next = NULL;
        go_to(p, p->current);
        plan_free(plan);
    } else if (p->next != NULL) {
        p->current = p->next;
        p->next = NULL;
        plan_free(plan);
    }
}

static void watch_touched(struct prefork *p, const struct prefork_config *c)
{
    watch_clear(&p->touched);
    for (size_t i = 0; i < c->touch_reload.count; i++)
        watch_add(&p->touched, span_of(c->touch_reload.list[i]));
}

static void note(void *context, struct span text)
{
    struct prefork *p = context;
    struct span path = {text.ptr + 1, text.len - 1};

    if (text.len > 1)
        watch_add(text.ptr[0] == PREFORK_NOTE_BROKEN ? &p->broken : &p->code,
                  path);
}

static int64_t tick(void *context, bool *reload)
{
    struct prefork *p = context;
    const struct prefork_config *c = &p->current->config;
    const char *code = NULL, *broken = NULL, *touched;

    if (c->autoreload > 0) {
        code = watch_changed(&p->code);
        broken = watch_changed(&p->broken);
    }
    touched = watch_changed(&p->touched);
    if (code != NULL || broken != NULL)
        wsgi_log("[%s-python-reloader] module/file %s has been modified",
                 c->wsgi.program, code != NULL ? code : broken);
    if (touched != NULL)
        wsgi_log("*** %s has been touched... grace them all !!! ***", touched);
    *reload = code != NULL || broken != NULL || touched != NULL;
    return c->autoreload > 0 &&
                   (c->autoreload < TOUCH_EVERY || p->touched.count == 0)
               ? c->autoreload
               : TOUCH_EVERY;
}

static void log_late(const struct supervisor_event *e)
{
    const struct prefork_seat *seat = e->shared;

    wsgi_log_dated("*** HARAKIRI ON WORKER %u (pid: %d, try: 1) ***", e->number,
                   e->pid);
    wsgi_log_dated("HARAKIRI !!! worker %u status !!!", e->number);
    wsgi_log_dated("HARAKIRI [core %u] %.*s since %lld", seat->core,
                   (int)strnlen(seat->what, sizeof seat->what), seat->what,
                   (long long)seat->since);
    wsgi_log_dated("HARAKIRI !!! end of worker %u status !!!", e->number);
}

static void log_death(const struct supervisor_event *e)
{
    char who[64];

    if (e->number > 0)
        snprintf(who, sizeof who, "worker %u", e->number);
    else
        snprintf(who, sizeof who, "the loader of the application");
    if (WIFSIGNALED(e->status))
        wsgi_log("DAMN ! %s (pid: %d) died, killed by signal %d :( trying "
                 "respawn ...",
                 who, e->pid, WTERMSIG(e->status));
    else
        wsgi_log("%s (pid: %d) ended with status %d", who, e->pid,
                 WEXITSTATUS(e->status));
}

static void log_reloaded(struct prefork *p)
{
    const struct plan *plan = p->next != NULL ? p->next : p->current;

    watch_clear(&p->broken);
    watch_touched(p, &plan->config);
    wsgi_log("...gracefully killing workers...");
    wsgi_log("*** reload done: the new workers serve, the old ones finish "
             "their requests ***");
}

/* What is always said in the same words. */
static const char *const remarks[] = {
    [SUPERVISOR_RELOADING] =
        "*** reload: starting new workers beside the old ones ***",
    [SUPERVISOR_RELOAD_FAILED] =
        "*** reload abandoned: the new code did not start, see above; the old "
        "workers go on ***",
    [SUPERVISOR_GAVE_UP] = "*** the workers did not start, see above ***",
};

static void event(void *context, const struct supervisor_event *e)
{
    struct prefork *p = context;
    const struct plan *plan = p->next != NULL ? p->next : p->current;
    const char *program = plan->config.wsgi.program;

    switch (e->kind) {
    case SUPERVISOR_SPAWNED:
        wsgi_log("spawned %s worker %u (pid: %d, cores: %u)", program,
                 e->number, e->pid, (unsigned)plan->config.threads);
        break;
    case SUPERVISOR_RESPAWNED:
        wsgi_log("Respawned %s worker %u (new pid: %d)", program, e->number,
                 e->pid);
        break;
    case SUPERVISOR_UP:
        prefork_is_up(p);
        break;
    case SUPERVISOR_ENDED:
        if (e->number > 0)
            wsgi_log("worker %u killed successfully (pid: %d)", e->number,
                     e->pid);
        break;
    case SUPERVISOR_DIED:
        log_death(e);
        break;
    case SUPERVISOR_LATE:
        log_late(e);
        break;
    case SUPERVISOR_OVERDUE:
        wsgi_log("worker %u (pid: %d) is taking too much time to die...NO "
                 "MERCY !!!",
                 e->number, e->pid);
        break;
    case SUPERVISOR_THROTTLED:
        wsgi_log("worker %u is respawning too fast: the next one is started "
                 "in %.1f seconds",
                 e->number, (double)e->wait / 1000);
        break;
    case SUPERVISOR_NO_FORK:
        wsgi_log("cannot fork: %s; again in %.1f seconds", strerror(e->error),
                 (double)e->wait / 1000);
        break;
    case SUPERVISOR_STOPPING:
        wsgi_log(e->status == SUPERVISOR_QUICK
                     ? "SIGINT/SIGTERM received...killing workers..."
                     : "SIGQUIT received...workers finish their requests...");
        wsgi_config_stop_listening(&p->current->config.wsgi);
        break;
    case SUPERVISOR_RELOADED:
        log_reloaded(p);
        break;
    default:
        if (e->kind < COUNT(remarks) && remarks[e->kind] != NULL)
            wsgi_log("%s", remarks[e->kind]);
    }
}

/* In the midst of a reload the master holds the sockets of two plans, and so
 * does what it forks: a socket that one of them gave up would stay open. */
static void keep_only(struct prefork *p, const struct plan *plan)
{
    if (p->current != plan)
        plan_close(p->current);
    if (p->next != NULL && p->next != plan)
        plan_close(p->next);
}

static int work(void *context, void *plan, struct supervisor_worker *w)
{
    struct prefork *p = context;

    keep_only(p, plan);
    return prefork_work(&p->worker, plan, w);
}

static int prepare(void *context, void *plan, struct supervisor_worker *w)
{
    struct prefork *p = context;

    keep_only(p, plan);
    return prefork_prepare(&p->worker, plan, w);
}

static pid_t fork_host(void *context)
{
    return prefork_fork(&((struct prefork *)context)->worker);
}

/* SIGUSR1: the workers hear of it too.  SIGUSR2 must not be fatal. */
static void signalled(void *context, int signo)
{
    struct prefork *p = context;
    struct err err;

    if (signo == SIGUSR1 && p->worker.log != NULL &&
        !daemon_reopen_log(p->worker.log, &err))
        wsgi_log("%s", err.text);
}

static const struct supervisor_ops ops = {
    .work = work,
    .prepare = prepare,
    .fork = fork_host,
    .reload = reload,
    .release = release,
    .note = note,
    .signal = signalled,
    .tick = tick,
    .event = event,
};

int prefork_run_master(struct prefork *p)
{
    const struct prefork_config *c = &p->current->config;

    p->supervisor = (struct supervisor_config){
        .ops = &ops,
        .context = p,
        .signals = prefork_signals,
        .workers = (unsigned)c->processes,
        .mercy = c->mercy,
        .quick_mercy = 3000,
        .deadlines = c->harakiri > 0,
        .shared = sizeof(struct prefork_seat),
    };
    watch_touched(p, c);
    if (c->autoreload > 0)
        wsgi_log("Python auto-reloader enabled");
    wsgi_log("spawned %s master process (pid: %d)", c->wsgi.program, getpid());
    return supervisor_run(&p->supervisor, p->current);
}
