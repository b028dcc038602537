/* strata-prefork: a Python application behind a master and workers, with
 * uWSGI's options and files. */

#include "prefork_master.h"

#include "daemon.h"
#include "net.h"
#include "wsgi_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void announce_files(const struct plan *plan)
{
    const char *before = NULL;

    for (size_t i = 0; i < plan->settings.count; i++) {
        const char *file = plan->settings.list[i].file;
        if (file != NULL && (before == NULL || strcmp(file, before) != 0))
            wsgi_log("[%s] getting %s configuration from %s",
                     plan->config.wsgi.program,
                     span_ends(span_of(file), SPAN(".json")) ? "JSON" : "INI",
                     file);
        before = file != NULL ? file : before;
    }
}

static void announce(const struct plan *plan)
{
    const struct prefork_config *c = &plan->config;
    const struct wsgi_config *w = &c->wsgi;
    char text[PATH_MAX];

    announce_files(plan);
    wsgi_log_date(text);
    wsgi_log("*** Starting %s %s (%zubit) on [%s] ***", w->program,
             STRATA_VERSION, 8 * sizeof(void *), text);
    if (getcwd(text, sizeof text) != NULL)
        wsgi_log("current working directory: %s", text);
    if (geteuid() == 0)
        wsgi_log("*** WARNING: you are running %s as root !!! (use the --uid "
                 "flag) ***",
                 w->program);
    if (!c->master)
        wsgi_log("*** WARNING: you are running %s without its master process "
                 "manager ***",
                 w->program);
    for (size_t i = 0; i < c->remarks.count; i++)
        wsgi_log("%s", c->remarks.list[i]);
    wsgi_config_log_sockets(w);
    wsgi_log("your server socket listen backlog is limited to %llu connections",
             (unsigned long long)w->listen);
    wsgi_log("your mercy for graceful operations on workers is %.0f seconds",
             (double)c->mercy / 1000);
    wsgi_log("*** Operational MODE: %s%s%s ***",
             c->processes > 1 ? "preforking" : "",
             c->processes > 1 && c->threads > 1 ? "+" : "",
             c->threads > 1     ? "threaded"
             : c->processes > 1 ? ""
                                : "single process");
}

/* --vacuum: with a master he does it, and else whoever is alone, also when its
 * time is up in the midst of a request. */
static void clear_away(const void *prefork)
{
    const struct prefork *p = prefork;

    if (!p->current->config.vacuum)
        return;
    plan_remove_sockets(p->current);
    pidfile_remove(&p->pidfile);
}

/* Without a master: this process is the worker. */
static int run_alone(struct prefork *p)
{
    const struct prefork_config *c = &p->current->config;
    struct supervisor_worker w;
    int status;

    supervisor_alone(&w, prefork_signals);
    p->worker.farewell = clear_away;
    p->worker.whose = p;
    if (!prefork_catch(&p->worker, &w))
        return 1;
    status = prefork_load(&p->worker, p->current, &w);
    if (status != 0)
        return status & 255;
    wsgi_log("spawned %s worker 1 (and the only) (pid: %d, cores: %u)",
             c->wsgi.program, getpid(), (unsigned)c->threads);
    prefork_is_up(p);
    return prefork_work(&p->worker, p->current, &w);
}

static bool open_pidfile(struct pidfile *p, const char *path, struct err *err)
{
    return pidfile_open(p, path) == NULL ||
           err_set(err, "cannot open the pidfile %s: %s%s", path,
                   strerror(errno),
                   errno == ENOENT ? " (make its directory first)" : "");
}

/* Everything that can go wrong before there is a server, in uWSGI's order:
 * log, pidfile, user, directory, sockets; then, if so told, the background. */
static bool begin(struct prefork *p, char **log, struct err *err)
{
    const struct prefork_config *c = &p->current->config;
    const char *name = c->daemonize != NULL ? c->daemonize : c->logto;
    int fd = -1;

    if (name != NULL && (fd = daemon_open_log(name, err)) < 0)
        return false;
    if (name != NULL && (*log = realpath(name, NULL)) == NULL)
        *log = strdup(name); /* a pipe, as /dev/stdout may be */
    p->worker.log = *log;
    if (c->pidfile != NULL && !open_pidfile(&p->pidfile, c->pidfile, err))
        return false;
    if (!daemon_become(c->uid, c->gid, err) ||
        !plan_open(p->current, NULL, err))
        return false;
    if (c->daemonize != NULL) {
        p->daemon = daemon_begin(c->wsgi.program, name, err);
        if (p->daemon < 0)
            return false;
    }
    if (name != NULL)
        daemon_use_log(fd);
    return true;
}

static int serve(struct prefork *p, struct err *err)
{
    char *log = NULL;
    int status = 1;
    bool began = begin(p, &log, err);

    if (began) {
        announce(p->current);
        status =
            p->current->config.master ? prefork_run_master(p) : run_alone(p);
        daemon_report(p->daemon, status ? status : 1);
        if (status == 0)
            wsgi_log("goodbye to %s.", p->current->config.wsgi.program);
        clear_away(p);
    }
    pidfile_close(&p->pidfile);
    watch_clear(&p->code);
    watch_clear(&p->broken);
    watch_clear(&p->touched);
    free(log);
    return status;
}

/* To the server that left its pid in this file. */
static bool send_signal(const char *path, int signo, struct err *err)
{
    char text[PIDFILE_TEXT];
    pid_t pid = pidfile_read(path, text);

    if (pid == 0 && errno != 0)
        return err_set(err, "cannot open the pidfile %s: %s", path,
                       strerror(errno));
    if (pid == 0)
        return err_set(err, "the pidfile %s holds \"%s\", expected a pid", path,
                       text);
    return kill(pid, signo) == 0 ||
           err_set(err, "cannot signal process %d of %s: %s", (int)pid, path,
                   strerror(errno));
}

/* --help, --version, --stop, --reload: all but serving. */
static int dispatch(struct prefork *p, struct err *err)
{
    const struct prefork_config *c = &p->current->config;

    if (c->help) {
        prefork_help();
        return 0;
    }
    if (c->version) {
        printf("strata-prefork %s\n", STRATA_VERSION);
        return 0;
    }
    if (c->stop != NULL)
        return send_signal(c->stop, SIGINT, err) ? 0 : 1;
    if (c->reload != NULL)
        return send_signal(c->reload, SIGHUP, err) ? 0 : 1;
    return serve(p, err);
}

int main(int argc, char **argv)
{
    struct prefork p = {.argv = argv, .daemon = -1, .pidfile = {.fd = -1}};
    struct err err = {""};
    sigset_t blocked;
    int status = 1;

    net_keep_standard();
    net_ignore_signals();
    supervisor_block(prefork_signals, &blocked);
    p.home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    p.worker.total = mmap(NULL, sizeof *p.worker.total, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p.worker.total == MAP_FAILED)
        err_set(&err, "no memory to share: %s", strerror(errno));
    else
        p.current = plan_read(argv, &err);
    if (p.current != NULL) {
        status = dispatch(&p, &err);
        plan_free(p.current);
    }
    if (err.text[0])
        fprintf(stderr, "strata-prefork: %s\n", err.text);
    return status;
}
