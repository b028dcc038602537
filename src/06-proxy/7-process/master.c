/* master: the supervisor's user.  What a generation of workers is started from
 * (the supervisor's "plan") is a cycle; this file answers the supervisor's
 * questions, and says in the log what becomes of processes. */

#include "master.h"

#include "daemon.h"
#include "successor.h"
#include "worker.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUICK_MERCY 1000 /* ms from SIGTERM to SIGKILL */

struct master {
    const struct master_config *config;
    struct cycle *current;
    struct cycle *next; /* being started by a reload, or NULL */
    struct pidfile pidfile;
    pid_t successor;   /* the program that USR2 started, or 0 */
    pid_t predecessor; /* the program that started this one, or 0 */
};

/* A window that changes its size sends WINCH too; so only a daemon, which has
 * no window, obeys that: it stands first, and the others begin behind it. */
static const struct supervisor_signal signals[] = {
    {SIGWINCH, SUPERVISOR_RETIRE}, {SIGTERM, SUPERVISOR_QUICK},
    {SIGINT, SUPERVISOR_QUICK},    {SIGQUIT, SUPERVISOR_GRACEFUL},
    {SIGHUP, SUPERVISOR_RELOAD},   {SIGUSR1, SUPERVISOR_PASS},
    {SIGUSR2, SUPERVISOR_CALL},    {0, SUPERVISOR_CALL},
};

void master_block_signals(void)
{
    sigset_t set;

    supervisor_block(signals, &set);
}

#define LOG(m, level, errnum, ...)                                             \
    error_log_write((m)->current->log, level, errnum, __VA_ARGS__)

/* --- The pid file ------------------------------------------------------ */

static bool pidfile_failed(const char *call, const char *path, struct err *err)
{
    return err_set(err, "%s() \"%s\" failed (%d: %s)", call, path, errno,
                   strerror(errno));
}

bool master_may_begin(const struct cycle *c, struct err *err)
{
    const char *path = c->core->pid->ptr;

    return pidfile_possible(path) || pidfile_failed("open", path, err);
}

static bool write_pidfile(struct pidfile *p, const char *path, struct err *err)
{
    const char *call = pidfile_open(p, path);

    if (call == NULL)
        call = pidfile_write(p);
    if (call == NULL)
        return true;
    pidfile_failed(call, path, err);
    pidfile_close(p);
    return false;
}

/* The pid file moves with a configuration that names another. */
static bool move_pidfile(struct master *m, const struct cycle *to,
                         struct err *err)
{
    struct pidfile moved;

    if (span_eq(*to->core->pid, *m->current->core->pid))
        return true;
    if (!write_pidfile(&moved, to->core->pid->ptr, err))
        return false;
    pidfile_remove(&m->pidfile);
    pidfile_close(&m->pidfile);
    m->pidfile = moved;
    return true;
}

/* --- The supervisor's questions ---------------------------------------- */

/* In a worker.  The sockets of another configuration are not its business; an
 * address that was given up must not stay open in it. */
static int work(void *context, void *plan, struct supervisor_worker *self)
{
    struct master *m = context;
    struct cycle *mine = plan;
    struct cycle *other = mine == m->current ? m->next : m->current;

    if (other != NULL)
        listen_sockets_close(other->listens, mine->listens, false);
    cycle_keep_stderr(mine);
    return worker_run(mine, self);
}

static void *reload(void *context, unsigned *workers)
{
    struct master *m = context;
    struct err err;
    struct cycle *c = cycle_read(m->config->options, &err);

    if (c == NULL) {
        LOG(m, ERROR_LOG_EMERG, 0, "%s", err.text);
        return NULL;
    }
    if (!cycle_open(c, m->current->listens, false, &err) ||
        !move_pidfile(m, c, &err)) {
        LOG(m, ERROR_LOG_EMERG, 0, "%s", err.text);
        cycle_free(c, m->current->listens);
        return NULL;
    }
    m->next = c;
    *workers = (unsigned)c->core->worker_processes;
    return c;
}

static void release(void *context, void *plan)
{
    struct master *m = context;

    if (plan == m->current)
        return; /* that is the end; master_run does it */
    if (plan == m->next)
        m->next = NULL;
    cycle_free(plan, m->current->listens);
}

static void reopen_logs(struct master *m)
{
    const struct core_user *user = m->current->core->user;
    struct err err;

    LOG(m, ERROR_LOG_NOTICE, 0, "reopening logs");
    if (!log_files_reopen(m->current->log_files,
                          user != NULL ? user->uid : (uid_t)-1, &err))
        LOG(m, ERROR_LOG_EMERG, 0, "%s", err.text);
}

static void start_successor(struct master *m)
{
    struct err err;
    pid_t pid;

    if (m->successor != 0)
        return;
    pid = successor_start(&m->pidfile, m->current->listens, m->config->argv,
                          &err);
    if (pid < 0) {
        LOG(m, ERROR_LOG_ALERT, 0, "%s", err.text);
        return;
    }
    m->successor = pid;
    LOG(m, ERROR_LOG_NOTICE, 0, "start new binary process %d", (int)pid);
}

/* The new program has ended, or never began: this one is the master again. */
static void lost_successor(struct master *m)
{
    struct err err;

    m->successor = 0;
    if (!successor_lost(&m->pidfile, &err))
        LOG(m, ERROR_LOG_ALERT, 0, "%s", err.text);
}

static void on_signal(void *context, int signo)
{
    if (signo == SIGUSR1)
        reopen_logs(context);
    else if (signo == SIGUSR2)
        start_successor(context);
}

/* Somebody else goes on serving on the same sockets. */
static bool is_shared(const struct master *m)
{
    return m->successor != 0 ||
           (m->predecessor != 0 && getppid() == m->predecessor);
}

/* --- What the log says about processes --------------------------------- */

static void log_end(struct master *m, const struct supervisor_event *e,
                    const char *what)
{
    if (WIFSIGNALED(e->status))
        LOG(m, ERROR_LOG_ALERT, 0, "%s process %d exited on signal %d%s", what,
            (int)e->pid, WTERMSIG(e->status),
            WCOREDUMP(e->status) ? " (core dumped)" : "");
    else
        LOG(m, WEXITSTATUS(e->status) ? ERROR_LOG_ALERT : ERROR_LOG_NOTICE, 0,
            "%s process %d exited with code %d", what, (int)e->pid,
            WEXITSTATUS(e->status));
}

/* What is always said in the same words. */
static const struct {
    int level; /* 0: nothing is said */
    const char *text;
} remarks[] = {
    [SUPERVISOR_RELOADING] = {ERROR_LOG_NOTICE, "reconfiguring"},
    [SUPERVISOR_RELOAD_FAILED] = {ERROR_LOG_EMERG,
                                  "workers cannot start with the new "
                                  "configuration; the old one stays in use"},
    [SUPERVISOR_GAVE_UP] = {ERROR_LOG_EMERG, "the first workers cannot start"},
};

static void log_event(struct master *m, const struct supervisor_event *e)
{
    int pid = (int)e->pid;

    switch (e->kind) {
    case SUPERVISOR_SPAWNED:
    case SUPERVISOR_RESPAWNED:
        LOG(m, ERROR_LOG_NOTICE, 0, "start worker process %d", pid);
        break;
    case SUPERVISOR_ENDED:
    case SUPERVISOR_DIED:
        log_end(m, e, "worker");
        break;
    case SUPERVISOR_STRANGER:
        log_end(m, e, e->pid == m->successor ? "new binary" : "unknown");
        break;
    case SUPERVISOR_LATE:
    case SUPERVISOR_OVERDUE:
        LOG(m, ERROR_LOG_ALERT, 0,
            "worker process %d was killed: it did not end", pid);
        break;
    case SUPERVISOR_THROTTLED:
        LOG(m, ERROR_LOG_ALERT, 0,
            "worker %u ends as soon as it starts; the next is started in %lld "
            "ms",
            e->number, (long long)e->wait);
        break;
    case SUPERVISOR_NO_FORK:
        LOG(m, ERROR_LOG_ALERT, e->error, "fork() failed");
        break;
    default:
        if (e->kind < COUNT(remarks) && remarks[e->kind].level != 0)
            LOG(m, remarks[e->kind].level, 0, "%s", remarks[e->kind].text);
    }
}

/* The master's sockets go as soon as it is told to end: those who knock from
 * now on are to find another server, or none. */
static void on_event(void *context, const struct supervisor_event *e)
{
    struct master *m = context;

    log_event(m, e);
    if (e->kind == SUPERVISOR_RELOADED) {
        m->current = m->next;
        m->next = NULL;
        cycle_keep_stderr(m->current);
    } else if (e->kind == SUPERVISOR_STRANGER && e->pid == m->successor) {
        lost_successor(m);
    } else if (e->kind == SUPERVISOR_STOPPING) {
        LOG(m, ERROR_LOG_NOTICE, 0,
            e->status == SUPERVISOR_QUICK ? "exiting"
                                          : "gracefully shutting down");
        listen_sockets_close(m->current->listens, NULL, !is_shared(m));
    }
}

static const struct supervisor_ops ops = {
    .work = work,
    .reload = reload,
    .release = release,
    .signal = on_signal,
    .event = on_event,
};

/* --- The process ------------------------------------------------------- */

/* Without a master a worker serves as the only process. */
static int serve(struct master *m, const struct supervisor_signal *obeyed)
{
    const struct core_settings *core = m->current->core;
    struct supervisor_config config = {
        .ops = &ops,
        .context = m,
        .signals = obeyed,
        .workers = (unsigned)core->worker_processes,
        .quick_mercy = QUICK_MERCY,
    };
    struct supervisor_worker self;

    if (core->master_process)
        return supervisor_run(&config, m->current);
    supervisor_alone(&self, obeyed);
    return worker_run(m->current, &self);
}

/* The process that stays: its pid file stands as long as it serves.  In the
 * background the standard error is the terminal's until here, for whoever waits
 * there. */
static int serve_with_pidfile(struct master *m, int ready,
                              const struct supervisor_signal *obeyed,
                              struct err *err)
{
    int status;

    if (!write_pidfile(&m->pidfile, m->current->core->pid->ptr, err))
        return -1;
    cycle_keep_stderr(m->current);
    if (ready >= 0)
        dup2(STDIN_FILENO, STDOUT_FILENO);
    daemon_report(ready, 0);
    LOG(m, ERROR_LOG_NOTICE, 0, "start worker processes");
    status = serve(m, obeyed);
    LOG(m, ERROR_LOG_NOTICE, 0, "exit");
    pidfile_remove(&m->pidfile);
    pidfile_close(&m->pidfile);
    return status;
}

int master_run(struct cycle *cycle, const struct master_config *config,
               struct err *err)
{
    struct master m = {.config = config,
                       .current = cycle,
                       .predecessor = config->inherited ? getppid() : 0};
    const struct supervisor_signal *obeyed =
        cycle->core->daemon ? signals : signals + 1;
    int ready = -1, status = -1;
    bool ok = master_may_begin(cycle, err);

    if (ok && cycle->core->daemon && !config->inherited) {
        ready = daemon_begin("strata-proxy", NULL, err);
        ok = ready >= 0;
    }
    if (ok)
        status = serve_with_pidfile(&m, ready, obeyed, err);
    cycle_free(m.current, is_shared(&m) ? m.current->listens : NULL);
    return status;
}
