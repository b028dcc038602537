/* master: the supervisor's user.  What a generation of workers is started from
 * (the supervisor's "plan") is a cycle. */

#include "master.h"

#include "pid_file.h"
#include "upgrade.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUICK_MERCY 1000 /* ms from SIGTERM to SIGKILL */

struct master {
    const struct master_config *config;
    struct cycle *current;
    struct cycle *next;     /* being started by a reload, or NULL */
    struct span pid_path;   /* where the pid file is now */
    struct span pid_before; /* where it was before USR2; else empty */
    pid_t successor;        /* the program that USR2 started, or 0 */
    pid_t predecessor;      /* the program that started this one, or 0 */
};

/* A window that changes its size sends WINCH too; so only a daemon, which has
 * no window, obeys that: it stands first, and the others begin behind it. */
static const struct supervisor_signal signals[] = {
    {SIGWINCH, SUPERVISOR_RETIRE}, {SIGTERM, SUPERVISOR_QUICK},
    {SIGINT, SUPERVISOR_QUICK},    {SIGQUIT, SUPERVISOR_GRACEFUL},
    {SIGHUP, SUPERVISOR_RELOAD},   {SIGUSR1, SUPERVISOR_PASS},
    {SIGUSR2, SUPERVISOR_CALL},    {0, SUPERVISOR_CALL},
};

static const struct supervisor_signal *const foreground_signals = signals + 1;

void master_block_signals(void)
{
    sigset_t set;

    supervisor_block(foreground_signals, &set);
}

#define LOG(m, level, errnum, ...)                                             \
    error_log_write((m)->current->log, level, errnum, __VA_ARGS__)

/* --- The standard error ------------------------------------------------ */

static bool logs_to_stderr(const struct cycle *c)
{
    for (const struct log_file *f = c->log_files; f != NULL; f = f->next)
        if (f->fd == STDERR_FILENO)
            return true;
    return false;
}

/* In a daemon, what somebody says on the standard error (the C library before
 * it aborts, a new program before it has a log) has a reader in the error log
 * alone.  Where a log *is* the standard error, that was wanted. */
static void keep_stderr_in_log(const struct cycle *c)
{
    if (c->core->daemon && !logs_to_stderr(c))
        log_file_take_stderr(c->log->file);
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
        listen_sockets_close(&other->sockets, &mine->sockets, false);
    keep_stderr_in_log(mine);
    return worker_run(mine, self);
}

/* The pid file moves with a configuration that names another. */
static bool move_pid_file(struct master *m, const struct cycle *to,
                          struct err *err)
{
    struct span path = *to->core->pid;

    if (span_eq(path, *m->current->core->pid))
        return true;
    if (!pid_file_write(path.ptr, err))
        return false;
    unlink(m->pid_path.ptr);
    free((char *)m->pid_path.ptr);
    m->pid_path = span_of(strdup(path.ptr));
    return true;
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
    if (!cycle_open(c, &m->current->sockets, false, &err) ||
        !move_pid_file(m, c, &err)) {
        LOG(m, ERROR_LOG_EMERG, 0, "%s", err.text);
        cycle_free(c, &m->current->sockets);
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
    cycle_free(plan, &m->current->sockets);
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

/* The pid file of the old master becomes PID.oldbin, so that the new one can
 * have its name. */
static void start_successor(struct master *m)
{
    struct err err;
    char *old_name;

    if (m->successor != 0 ||
        asprintf(&old_name, "%s.oldbin", m->pid_path.ptr) < 0)
        return;
    if (rename(m->pid_path.ptr, old_name) < 0) {
        LOG(m, ERROR_LOG_ALERT, errno, "rename() \"%s\" to \"%s\" failed",
            m->pid_path.ptr, old_name);
        free(old_name);
        return;
    }
    m->pid_before = m->pid_path;
    m->pid_path = span_of(old_name);
    m->successor = upgrade_start(&m->current->sockets, m->config->argv, &err);
    if (m->successor < 0) {
        LOG(m, ERROR_LOG_ALERT, 0, "%s", err.text);
        m->successor = 0;
    } else {
        LOG(m, ERROR_LOG_NOTICE, 0, "start new binary process %d",
            (int)m->successor);
    }
}

/* The new program has ended, or never began: this one is the master again. */
static void lost_successor(struct master *m)
{
    m->successor = 0;
    if (rename(m->pid_path.ptr, m->pid_before.ptr) < 0)
        LOG(m, ERROR_LOG_ALERT, errno, "rename() \"%s\" to \"%s\" failed",
            m->pid_path.ptr, m->pid_before.ptr);
    free((char *)m->pid_path.ptr);
    m->pid_path = m->pid_before;
    m->pid_before = SPAN("");
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
            "worker process %d was killed: it did not "
            "end",
            pid);
        break;
    case SUPERVISOR_THROTTLED:
        LOG(m, ERROR_LOG_ALERT, 0,
            "worker %u ends as soon as it starts; the "
            "next is started in %lld ms",
            e->number, (long long)e->wait);
        break;
    case SUPERVISOR_NO_FORK:
        LOG(m, ERROR_LOG_ALERT, e->error, "fork() failed");
        break;
    default:
        if (e->kind < sizeof remarks / sizeof remarks[0] &&
            remarks[e->kind].level != 0)
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
        keep_stderr_in_log(m->current);
    } else if (e->kind == SUPERVISOR_STRANGER && e->pid == m->successor) {
        lost_successor(m);
    } else if (e->kind == SUPERVISOR_STOPPING) {
        LOG(m, ERROR_LOG_NOTICE, 0,
            e->status == SUPERVISOR_QUICK ? "exiting"
                                          : "gracefully shutting down");
        listen_sockets_close(&m->current->sockets, NULL, !is_shared(m));
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

/* The terminal is kept as long as the start may fail, for whoever waits
 * there. */
static void leave_terminal(const struct cycle *c)
{
    int null = open("/dev/null", O_RDWR);

    keep_stderr_in_log(c);
    if (null < 0)
        return;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if (null > STDERR_FILENO)
        close(null);
}

/* Continues in a child.  The parent waits until the child has written its pid
 * file, or has ended, so that whoever typed the command may count on it. */
static int go_into_background(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    if (pipe2(ready, O_CLOEXEC) < 0 || (pid = fork()) < 0)
        return -1;
    if (pid > 0) {
        close(ready[1]);
        _exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(ready[0]);
    setsid();
    return ready[1];
}

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

static int fail(const char *text)
{
    fprintf(stderr, "strata-proxy: [emerg] %s\n", text);
    return 1;
}

/* The process that stays: its pid file stands as long as it serves. */
static int serve_with_pid_file(struct master *m, int ready,
                               const struct supervisor_signal *obeyed)
{
    struct err err;
    int status;

    m->pid_path = span_of(strdup(m->current->core->pid->ptr));
    if (!pid_file_write(m->pid_path.ptr, &err)) {
        status = fail(err.text);
    } else {
        if (m->current->core->daemon)
            leave_terminal(m->current);
        if (ready >= 0 && write(ready, "", 1) == 1)
            close(ready);
        LOG(m, ERROR_LOG_NOTICE, 0, "start worker processes");
        status = serve(m, obeyed);
        LOG(m, ERROR_LOG_NOTICE, 0, "exit");
        unlink(m->pid_path.ptr);
    }
    free((char *)m->pid_path.ptr);
    if (m->pid_before.len > 0)
        free((char *)m->pid_before.ptr);
    return status;
}

int master_run(struct cycle *cycle, const struct master_config *config)
{
    struct master m = {.config = config,
                       .current = cycle,
                       .predecessor = config->inherited ? getppid() : 0};
    bool background = cycle->core->daemon && !config->inherited;
    const struct supervisor_signal *obeyed =
        cycle->core->daemon ? signals : foreground_signals;
    int ready = -1, status;
    sigset_t set;
    struct err err;

    supervisor_block(obeyed, &set);
    if (!pid_file_test(cycle->core->pid->ptr, &err))
        status = fail(err.text);
    else if (background && (ready = go_into_background()) < 0)
        status = fail("cannot go into the background: fork() failed");
    else
        status = serve_with_pid_file(&m, ready, obeyed);
    cycle_free(m.current, is_shared(&m) ? &m.current->sockets : NULL);
    return status;
}
