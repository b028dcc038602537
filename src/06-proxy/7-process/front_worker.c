/* front_worker: the worker's loop: accepts, serves, obeys orders. */

#include "chunk.h"
#include "client.h"
#include "connection.h"
#include "front_conf.h"
#include "front_worker.h"
#include "proxy_core.h"
#include "request.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACCEPT_PAUSE 500  /* ms without accepting when descriptors are out */
#define LAST_CALL    5000 /* ms for silent clients of a worker that quits */

struct run {
    struct front_worker front;
    struct worker *worker;
    struct event orders;
    struct timer pause; /* of accepting */
    bool stop;
};

static struct run *run_of(struct front_worker *w)
{
    return (struct run *)((char *)w - offsetof(struct run, front));
}

static void stop_accepting(struct run *r)
{
    for (struct front_listen *l = r->front.conf->listens; l; l = l->next)
        if (l->event != NULL)
            event_remove(r->front.loop, l->event);
}

static bool start_accepting(struct run *r);

static void pause_over(struct timer *t)
{
    struct run *r = t->owner;

    if (!r->front.quitting)
        start_accepting(r);
}

/* Out of descriptors or connections: those who are served go on, those who
 * knock wait in the backlog. */
static void pause_accepting(struct run *r, const char *why, int errnum)
{
    error_log_write(r->front.log, ERROR_LOG_ALERT, errnum,
                    "%s, accepting pauses", why);
    stop_accepting(r);
    timer_set(r->front.loop, &r->pause, ACCEPT_PAUSE);
}

static void accept_ready(struct event *e)
{
    struct front_listen *l = e->owner;
    struct front_worker *w = l->worker;
    bool many = core_settings(w->conf->scope)->multi_accept;

    do {
        struct net_addr peer;
        int fd;

        if (w->connections >= w->max_connections && !client_close_oldest(w)) {
            pause_accepting(run_of(w), "worker_connections are not enough", 0);
            return;
        }
        fd = net_accept(l->fd, &peer, 0);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE) &&
            client_close_oldest(w))
            continue;
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
                errno == ENOBUFS)
                pause_accepting(run_of(w), "accept4() failed", errno);
            return;
        }
        client_open(w, front_listen_place(w->conf, l, fd), fd, &peer);
    } while (many);
}

static bool start_accepting(struct run *r)
{
    struct front_worker *w = &r->front;

    for (struct front_listen *l = w->conf->listens; l; l = l->next) {
        if (l->fd < 0 || (l->event != NULL && l->event->fd >= 0))
            continue;
        if (l->event == NULL)
            l->event = calloc(1, sizeof *l->event);
        if (l->event == NULL)
            return false;
        l->event->ready = accept_ready;
        l->event->owner = l;
        l->event->fd = -1;
        l->worker = w;
        if (!event_add_listener(w->loop, l->event, l->fd, !l->reuseport))
            return false;
    }
    return true;
}

/* A socket that nobody else has, because the configuration gave it up, must not
 * take connections that nobody accepts.  Those that wait in it would end with
 * it: they are let in first, and nothing comes between the last and the
 * close. */
static void stop_listening(struct front_worker *w, struct front_listen *l)
{
    struct net_addr peer;
    int fd;

    while (w->connections < w->max_connections &&
           (fd = net_accept(l->fd, &peer, 0)) >= 0)
        client_open(w, front_listen_place(w->conf, l, fd), fd, &peer);
    close(l->fd);
    l->fd = -1;
}

/* A silent client has so many ms, but only half of what is granted to the whole
 * worker: it is to end by itself. */
static int64_t last_call(const struct core_settings *core)
{
    int64_t half = core->worker_shutdown_timeout / 2;

    return half > 0 && half < LAST_CALL ? half : LAST_CALL;
}

/* From here on each answer that begins is the last of its connection. */
static void quit(struct run *r)
{
    struct front_worker *w = &r->front;

    stop_accepting(r);
    for (struct front_listen *l = w->conf->listens; l != NULL; l = l->next)
        if (l->fd >= 0)
            stop_listening(w, l);
    w->last_call = last_call(r->worker->cycle->core);
    w->quitting = true;
    client_hasten(w);
}

static void obey(struct event *e)
{
    struct run *r = e->owner;

    for (;;)
        switch (worker_order(r->worker)) {
        case WORKER_NOTHING:
            return;
        case WORKER_STOP:
            r->stop = true;
            return;
        case WORKER_QUIT:
            quit(r);
            break;
        case WORKER_REOPEN:
            break;
        }
}

static bool run_open(struct run *r)
{
    struct front_worker *w = &r->front;
    struct cycle *cycle = r->worker->cycle;

    w->conf = cycle->http;
    w->hooks = w->conf != NULL ? w->conf->hooks : NULL;
    w->log = cycle->log;
    w->max_connections = (unsigned)cycle->core->worker_connections;
    w->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    w->loop = event_loop_new();
    if (w->loop == NULL || w->root < 0)
        return false;
    r->orders.ready = obey;
    r->orders.owner = r;
    r->pause.fire = pause_over;
    r->pause.owner = r;
    if (!event_add_listener(w->loop, &r->orders, r->worker->orders, false))
        return false;
    return w->conf == NULL || start_accepting(r);
}

static void run_close(struct run *r)
{
    struct front_worker *w = &r->front;

    while (w->idle.first != NULL)
        client_close(w->idle.first);
    while (w->busy.first != NULL)
        client_close(w->busy.first);
    if (w->loop != NULL) {
        event_remove(w->loop, &r->orders);
        if (w->conf != NULL)
            stop_accepting(r);
        event_loop_free(w->loop);
    }
    for (struct front_listen *l = w->conf ? w->conf->listens : NULL; l;
         l = l->next)
        free(l->event);
    exchanges_free(w);
    chunks_free(w);
    if (w->root >= 0)
        close(w->root);
}

int front_run(struct worker *worker)
{
    struct run r = {.worker = worker, .front.root = -1};
    bool good = run_open(&r);

    if (good)
        worker_ready(worker);
    else
        error_log_write(worker->cycle->log, ERROR_LOG_ALERT, errno,
                        "the event loop could not be started");
    while (good && !r.stop &&
           !(r.front.quitting && r.front.idle.first == NULL &&
             r.front.busy.first == NULL)) {
        good = event_run(r.front.loop, -1);
        if (!good)
            error_log_write(worker->cycle->log, ERROR_LOG_ALERT, errno,
                            "epoll_wait() failed");
    }
    run_close(&r);
    return good ? 0 : 1;
}
