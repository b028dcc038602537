/* prefork_worker: a Python host, started, run and ended as a worker.
 *
 * Orders reach a worker as signals.  The handlers pass them on to the serving
 * threads, as wsgi_order does it. */

#include "prefork_worker.h"

#include "autoreload.h"
#include "daemon.h"
#include "net.h"
#include "wsgi_log.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* After SIGTERM a request may run on for so long, in seconds; a client that is
 * silent is waited for, in ms, for less: nobody's atexit functions, and not the
 * removing of files, may depend on him. */
#define QUICK_END  1
#define QUICK_CALL 500

/* All that a signal handler can know. */
static struct {
    struct wsgi_orders orders;
    bool catching; /* the orders are open */
    const char *log;
    bool alone; /* without a master */
    const struct prefork_worker *worker;
} signalled;

static void on_alarm(int signo)
{
    const struct prefork_worker *p = signalled.worker;

    if (!wsgi_is_for_us(&signalled.orders, signo))
        return;
    if (p->farewell != NULL)
        p->farewell(p->whose);
    _exit(0);
}

/* The log is reopened by each process for itself, also by a child of the
 * application; SIGUSR2 must only not be fatal. */
static void act_on(int signo)
{
    static const char refusal[] =
        "SIGHUP: a reload needs a master (--master); nothing was done\n";

    if (signo == SIGUSR1 && signalled.log != NULL)
        daemon_reopen_log(signalled.log, NULL);
    if (signo == SIGUSR1 || signo == SIGUSR2 ||
        !wsgi_is_for_us(&signalled.orders, signo))
        return;
    if (signo == SIGHUP && signalled.alone) {
        if (write(STDERR_FILENO, refusal, sizeof refusal - 1) < 0)
            return;
    } else {
        wsgi_order(&signalled.orders,
                   signo == SIGQUIT ? WSGI_FINISH : WSGI_LEAVE);
    }
    if (signo == SIGINT || signo == SIGTERM) {
        signal(SIGALRM, on_alarm);
        alarm(QUICK_END);
    }
}

static void on_signal(int signo)
{
    int saved = errno;

    act_on(signo);
    errno = saved;
}

static void install(const int *signals, size_t n)
{
    struct sigaction action = {.sa_handler = on_signal};

    for (size_t i = 0; i < n; i++)
        sigaction(signals[i], &action, NULL);
}

/* The orders to end.  An application may put handlers of its own in their
 * place, but Python runs those at the next request at the earliest; and a
 * worker that ignores or blocks its orders would outlive its master.  So the
 * orders are put right after each request, in the thread that was at it. */
static void install_orders(void)
{
    static const int orders[] = {SIGINT, SIGTERM, SIGQUIT};
    sigset_t set;

    install(orders, COUNT(orders));
    sigemptyset(&set);
    for (size_t i = 0; i < COUNT(orders); i++)
        sigaddset(&set, orders[i]);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void install_handlers(void)
{
    static const int others[] = {SIGHUP, SIGUSR1, SIGUSR2};

    install_orders();
    install(others, COUNT(others));
}

bool prefork_catch(struct prefork_worker *p, struct supervisor_worker *w)
{
    if (!signalled.catching && !wsgi_orders_open(&signalled.orders)) {
        wsgi_log("eventfd: %s", strerror(errno));
        return false;
    }
    signalled.catching = true;
    signalled.log = p->log;
    signalled.alone = w->report < 0;
    signalled.worker = p;
    install_handlers();
    supervisor_unblock(w);
    return true;
}

static void note_path(struct supervisor_worker *w, enum prefork_note kind,
                      struct span path)
{
    char text[PATH_MAX + 1];

    if (path.len > PATH_MAX)
        return;
    text[0] = (char)kind;
    memcpy(text + 1, path.ptr, path.len);
    supervisor_note(w, (struct span){text, path.len + 1});
}

static void found_code(void *context, struct span path)
{
    const struct prefork_worker *p = context;

    note_path(p->self, PREFORK_NOTE_CODE, path);
}

static void note_file(struct supervisor_worker *w, enum prefork_note kind,
                      const char *name)
{
    char path[PATH_MAX];

    if (name != NULL && realpath(name, path) != NULL)
        note_path(w, kind, span_of(path));
}

/* uwsgi.opt: what was set, expanded. */
static bool add_opts(struct wsgi_host *host, struct settings *s)
{
    for (size_t i = 0; i < s->count; i++) {
        char *value;
        bool ok = settings_expand(s, i, &value, NULL) &&
                  wsgi_host_add_opt(host, s->list[i].key,
                                    value != NULL ? value : "true");
        free(value);
        if (!ok)
            return false;
    }
    return true;
}

static int judge(const struct prefork_worker *p, const struct wsgi_config *c,
                 enum wsgi_load loaded, int status)
{
    if (loaded == WSGI_EXIT)
        return PREFORK_LEAVE | status;
    if (loaded == WSGI_LOADED)
        return 0;
    note_file(p->self, PREFORK_NOTE_BROKEN, ".");
    return wsgi_status_without_app(c);
}

int prefork_load(struct prefork_worker *p, struct plan *plan,
                 struct supervisor_worker *w)
{
    struct wsgi_config *config = &plan->config.wsgi;
    enum wsgi_load loaded;
    struct err err;
    int status = 0;

    p->self = w;
    /* A first generation without its application may be told to serve error
     * pages; a later one must not take the place of one that works. */
    if (!w->first)
        config->without_app = WSGI_ENDS_AS_UWSGI;
    if (!wsgi_config_enter(config, &err)) {
        wsgi_log("%s", err.text);
        return 1;
    }
    if (plan->config.autoreload > 0) {
        autoreload_listen(found_code, p);
        note_file(w, PREFORK_NOTE_CODE, config->wsgi_file);
    }
    p->host = wsgi_host_start(config, &err);
    if (p->host == NULL) {
        wsgi_log("%s", err.text);
        return 1;
    }
    if (!add_opts(p->host, &plan->settings)) {
        wsgi_log("out of memory");
        return 1;
    }
    loaded = wsgi_host_load(p->host, &status);
    status = judge(p, config, loaded, status);
    if (status != 0) { /* a Python program ends: atexit functions and all */
        wsgi_host_stop(p->host);
        p->host = NULL;
    }
    return status;
}

int prefork_prepare(struct prefork_worker *p, struct plan *plan,
                    struct supervisor_worker *w)
{
    return plan->config.lazy_apps ? 0 : prefork_load(p, plan, w);
}

pid_t prefork_fork(struct prefork_worker *p)
{
    return p->host != NULL ? wsgi_host_fork(p->host) : fork();
}

/* One serving thread, and the request that it is at. */
struct core {
    pthread_t thread;
    struct wsgi_server server;
    int64_t deadline; /* 0: at none */
    struct prefork_seat seat;
};

struct serving {
    const struct prefork_config *config;
    struct prefork_worker *p;
    struct wsgi_hooks hooks;
    struct core *cores;
    pthread_mutex_t lock;
    _Atomic uint64_t served;
};

/* Shows the master the oldest of the running requests. */
static void show_oldest(struct serving *s)
{
    const struct core *oldest = NULL;

    for (uint64_t i = 0; i < s->config->threads; i++)
        if (s->cores[i].deadline != 0 &&
            (oldest == NULL || s->cores[i].deadline < oldest->deadline))
            oldest = &s->cores[i];
    if (oldest != NULL && s->p->self->shared != NULL)
        *(struct prefork_seat *)s->p->self->shared = oldest->seat;
    atomic_store(s->p->self->deadline, oldest != NULL ? oldest->deadline : 0);
}

static void begin_request(void *context, const struct wsgi_brief *what)
{
    struct serving *s = context;
    struct core *core = &s->cores[what->core];

    if (s->config->harakiri == 0)
        return;
    pthread_mutex_lock(&s->lock);
    core->seat.since = time(NULL);
    core->seat.core = what->core;
    snprintf(core->seat.what, sizeof core->seat.what, "%.*s - %.*s %.*s",
             SPAN_ARG(what->remote_addr), SPAN_ARG(what->method),
             SPAN_ARG(what->uri));
    core->deadline = net_after(s->config->harakiri);
    show_oldest(s);
    pthread_mutex_unlock(&s->lock);
}

static uint64_t end_request(void *context, unsigned core)
{
    struct serving *s = context;
    uint64_t served = atomic_fetch_add(&s->served, 1) + 1;

    install_orders();
    if (supervisor_orphaned(s->p->self)) /* and nobody gives orders any more */
        wsgi_order(&signalled.orders, WSGI_LEAVE);
    if (s->config->harakiri > 0) {
        pthread_mutex_lock(&s->lock);
        s->cores[core].deadline = 0;
        show_oldest(s);
        pthread_mutex_unlock(&s->lock);
    }
    if (served == s->config->max_requests) {
        wsgi_log("...The work of process %d is done. Seeya!", getpid());
        supervisor_leave(s->p->self);
        wsgi_order(&signalled.orders, WSGI_FINISH);
    }
    return atomic_fetch_add(&s->p->total->requests, 1) + 1;
}

static void *serve(void *context)
{
    const struct wsgi_server *server = context;
    struct err err;

    if (!wsgi_serve(server, &err)) {
        wsgi_log("core %u: %s", server->core, err.text);
        /* The worker is replaced as a whole. */
        wsgi_order(&signalled.orders, WSGI_FINISH);
        return context;
    }
    return NULL;
}

/* How long silent clients are waited for at the end: well within the time that
 * the master grants. */
static int64_t patience(const struct prefork_config *c)
{
    return c->mercy > 0 && c->mercy / 2 < WSGI_LAST_CALL ? c->mercy / 2
                                                         : WSGI_LAST_CALL;
}

/* Serves in so many threads, of which this is the first. */
static bool serve_all(struct serving *s)
{
    uint64_t running = 1;
    bool ok = true;
    void *failed;

    for (uint64_t i = 0; i < s->config->threads; i++)
        s->cores[i].server = (struct wsgi_server){
            .host = s->p->host,
            .hooks = &s->hooks,
            .core = (unsigned)i,
            .orders = &signalled.orders,
            .last_call = {patience(s->config), QUICK_CALL},
            .alone = signalled.alone,
        };
    while (running < s->config->threads && ok) {
        struct core *core = &s->cores[running];
        int error = pthread_create(&core->thread, NULL, serve, &core->server);
        if (error) {
            wsgi_log("cannot start thread %llu: %s",
                     (unsigned long long)running, strerror(error));
            ok = false;
            wsgi_order(&signalled.orders, WSGI_LEAVE);
        } else {
            running++;
        }
    }
    if (ok)
        supervisor_ready(s->p->self);
    ok &= serve(&s->cores[0].server) == NULL;
    for (uint64_t i = 1; i < running; i++) {
        pthread_join(s->cores[i].thread, &failed);
        ok &= failed == NULL;
    }
    return ok;
}

int prefork_work(struct prefork_worker *p, struct plan *plan,
                 struct supervisor_worker *w)
{
    const struct wsgi_identity me = {w->number, w->report < 0 ? 0 : w->master,
                                     plan->config.wsgi.processes};
    struct serving s = {
        .config = &plan->config, .p = p, .lock = PTHREAD_MUTEX_INITIALIZER};
    int status;

    p->self = w;
    if (!prefork_catch(p, w))
        return 1;
    if (p->host == NULL && (status = prefork_load(p, plan, w)) != 0)
        return status;
    install_handlers(); /* the application may have put others there */
    wsgi_host_identify(p->host, &me);
    s.hooks = (struct wsgi_hooks){&s, begin_request, end_request};
    s.cores = calloc(plan->config.threads, sizeof *s.cores);
    if (s.cores == NULL) {
        wsgi_log("out of memory for %llu threads",
                 (unsigned long long)plan->config.threads);
        return 1;
    }
    status = serve_all(&s) ? 0 : 1;
    alarm(0); /* atexit functions have the time that they need */
    wsgi_host_stop(p->host);
    free(s.cores);
    return status;
}
