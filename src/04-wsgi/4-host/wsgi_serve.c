/* wsgi_serve: the serving loop of one thread.
 *
 * Requests are run one at a time, to their end; everything that is waited for
 * between them is waited for at once, in one poll(): new connections, heads on
 * their way, connections kept for another request, the order to stop.  So a
 * client that is slow, or idle, holds nobody up. */

#include "wsgi_request.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Connections of a thread, beside the one that it serves. */
#define MAX_WAITING 512

/* Milliseconds to wait at most, when nobody's time is over before. */
#define HOUR 3600000

/* Milliseconds to wait when there are no descriptors left. */
#define NO_ROOM 50

/* Room for one bool; the kernel gives whole pages. */
#define HOME 4096

struct loop {
    const struct wsgi_server *server;
    const struct wsgi_config *config;
    PyThreadState *thread;
    struct wsgi_exchange exchange;
    struct wsgi_draft draft;
    struct wsgi_peer *waiting[MAX_WAITING];
    size_t count;
    struct wsgi_peer *free; /* peers to use again */
    struct pollfd *poll;    /* orders, sockets, waiting: in this order */
    size_t listeners;       /* how many of these are sockets */
    enum wsgi_order order;  /* that is obeyed */
    int64_t leave_at;       /* LEAVE: the end of all waiting */
};

static void end_peer(struct loop *l, struct wsgi_peer *p, bool reset)
{
    if (reset) {
        const struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(p->conn.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    } else if (l->server->host->forked) {
        shutdown(p->conn.fd, SHUT_WR);
    }
    http_conn_close(&p->conn, false);
    p->next = l->free;
    l->free = p;
}

/* Takes the waiting peer at i out; the last one takes its place. */
static struct wsgi_peer *take(struct loop *l, size_t i)
{
    struct wsgi_peer *p = l->waiting[i];
    l->waiting[i] = l->waiting[--l->count];
    return p;
}

/* When there is no room for another one, the one that would have had to go
 * first goes now. */
static void make_room(struct loop *l)
{
    size_t victim = 0;

    for (size_t i = 1; i < l->count; i++)
        if (l->waiting[i]->deadline < l->waiting[victim]->deadline)
            victim = i;
    end_peer(l, take(l, victim), false);
}

/* What an order to end leaves of the time that p has.  An answer that is the
 * last may be taken in, unless all is to end: then whoever sends, and be it a
 * byte now and then, gains nothing. */
static void hasten(const struct loop *l, struct wsgi_peer *p)
{
    bool leave = l->order == WSGI_LEAVE;
    int64_t latest = net_after(l->server->last_call[0]);

    if (leave)
        latest = p->state == WSGI_PEER_KEPT ? 0 : l->leave_at;
    if (latest < p->deadline && (leave || p->state != WSGI_PEER_DRAIN))
        p->deadline = latest;
}

static void park(struct loop *l, struct wsgi_peer *p)
{
    if (l->count == MAX_WAITING)
        make_room(l);
    if (l->order != WSGI_GO_ON)
        hasten(l, p);
    l->waiting[l->count++] = p;
}

/* Serves the request that p has complete.  Another that was sent behind it has
 * to wait for its turn. */
static void serve(struct loop *l, struct wsgi_peer *p)
{
    switch (wsgi_request_serve(l->server, l->thread, &l->exchange, p)) {
    case WSGI_FATE_RESET:
        end_peer(l, p, true);
        return;
    case WSGI_FATE_CLOSE:
        end_peer(l, p, false);
        return;
    case WSGI_FATE_DRAIN:
        if (p->state != WSGI_PEER_DRAIN)
            wsgi_peer_drain(p);
        break;
    case WSGI_FATE_KEEP:
        wsgi_peer_keep(p, l->config);
        break;
    }
    park(l, p);
}

/* Looks at what has come on p, which is not among the waiting. */
static void step(struct loop *l, struct wsgi_peer *p)
{
    switch (wsgi_peer_step(p, l->config)) {
    case WSGI_PEER_WAIT:
        park(l, p);
        break;
    case WSGI_PEER_GONE:
        end_peer(l, p, false);
        break;
    case WSGI_PEER_REQUEST:
        serve(l, p);
        break;
    }
}

static struct wsgi_peer *new_peer(struct loop *l)
{
    struct wsgi_peer *p = l->free;
    if (p == NULL)
        return malloc(sizeof *p);
    l->free = p->next;
    return p;
}

/* One connection, so that other workers get theirs. */
static void accept_one(struct loop *l, const struct wsgi_socket *s)
{
    struct net_addr remote;
    struct wsgi_peer *p;
    int fd = net_accept(s->fd, &remote, 0);

    if (fd < 0) {
        /* The connection stays in the backlog, and poll would say so again at
         * once: whoever is to give a descriptor back needs the time.  If it is
         * a silent client of ours, he has had his. */
        if (errno == EMFILE && l->count > 0)
            make_room(l);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
            poll(NULL, 0, NO_ROOM);
        return;
    }
    p = new_peer(l);
    if (p == NULL) {
        close(fd);
        return;
    }
    wsgi_peer_init(p, l->config, s, fd, &remote);
    step(l, p);
}

/* Ends those whose time was over at `then`.  That is before the poll: what
 * came in time has been looked at, however long a request before it took. */
static void expire(struct loop *l, int64_t then)
{
    for (size_t i = l->count; i-- > 0;) {
        struct wsgi_peer *p = l->waiting[i];
        bool over = p->state == WSGI_PEER_DRAIN ||
                    (p->state == WSGI_PEER_KEPT && l->order == WSGI_LEAVE);

        if (p->deadline > then)
            continue;
        if (!over)
            wsgi_peer_late(p);
        if (l->order == WSGI_LEAVE)
            hasten(l, p);
        if (over || p->state != WSGI_PEER_DRAIN)
            end_peer(l, take(l, i), false);
    }
}

/* A signal has ended the wait.  If the application has a handler for it, Python
 * has only noted that: handlers run in the interpreter, and only in its main
 * thread. */
static void run_handlers(struct loop *l)
{
    PyEval_RestoreThread(l->thread);
    if (PyErr_CheckSignals() < 0)
        wsgi_log_exception(l->server->host, "exception in a signal handler");
    PyEval_SaveThread();
}

/* Writes into l->poll who may speak; returns how many these are. */
static size_t gather(struct loop *l)
{
    const int *orders = l->server->orders->fds;
    size_t n = 0;

    l->listeners = l->order == WSGI_GO_ON ? l->config->socket_count : 0;
    l->poll[n++] = (struct pollfd){
        l->order < WSGI_LEAVE ? orders[l->order] : -1, POLLIN, 0};
    for (size_t i = 0; i < l->listeners; i++)
        l->poll[n++] = (struct pollfd){l->config->sockets[i].fd, POLLIN, 0};
    for (size_t i = 0; i < l->count; i++)
        l->poll[n++] = (struct pollfd){l->waiting[i]->conn.fd, POLLIN, 0};
    return n;
}

/* Milliseconds until the first one's time is over. */
static int patience(const struct loop *l, int64_t now)
{
    int64_t next = now + HOUR;

    for (size_t i = 0; i < l->count; i++) {
        if (l->waiting[i]->state == WSGI_PEER_BEHIND)
            return 0;
        if (l->waiting[i]->deadline < next)
            next = l->waiting[i]->deadline;
    }
    return next < now ? 0 : (int)(next - now);
}

/* Waits for anything.  A signal is nothing that anybody has said: revents are
 * then 0, as they were gathered. */
static bool wait_for_all(struct loop *l, int64_t now)
{
    size_t n = gather(l);

    if (poll(l->poll, n, patience(l, now)) >= 0)
        return true;
    if (errno != EINTR)
        return false;
    run_handlers(l);
    return true;
}

/* An order has come: the one that was waited for.  From now on nothing is
 * accepted. */
static void obey(struct loop *l)
{
    l->leave_at = net_after(l->server->last_call[l->order++]);
    if (l->server->alone)
        wsgi_config_stop_listening(l->config);
    for (size_t i = 0; i < l->count; i++)
        hasten(l, l->waiting[i]);
}

/* An application that closes descriptors which it has not opened can close the
 * server's.  Without them there is nothing to wait for any more. */
static bool are_open(const struct loop *l, struct err *err)
{
    for (size_t i = 0; i <= l->listeners; i++)
        if (l->poll[i].revents & POLLNVAL)
            return err_set(err,
                           "the application has closed descriptor %d, which "
                           "is the server's%s",
                           l->poll[i].fd, i > 0 ? " socket" : "");
    return true;
}

/* Once round: wait, and look at all who have spoken. */
static bool go_round(struct loop *l, struct err *err)
{
    size_t waiting = l->count;
    int64_t now = net_now();

    if (!wait_for_all(l, now))
        return err_set(err, "poll: %s", strerror(errno));
    if (!are_open(l, err))
        return false;
    if (l->poll[0].revents != 0) {
        obey(l);
        return true;
    }
    /* From the end: what is taken out is filled up by one that was looked at
     * already. */
    for (size_t i = waiting; i-- > 0;)
        if (l->poll[1 + l->listeners + i].revents != 0 ||
            l->waiting[i]->state == WSGI_PEER_BEHIND)
            step(l, take(l, i));
    for (size_t i = 0; i < l->listeners; i++)
        if (l->poll[1 + i].revents != 0)
            accept_one(l, &l->config->sockets[i]);
    expire(l, now);
    return true;
}

static void clean_up(struct loop *l)
{
    while (l->count > 0)
        end_peer(l, take(l, l->count - 1), false);
    while (l->free != NULL) {
        struct wsgi_peer *p = l->free;
        l->free = p->next;
        free(p);
    }
    free(l->poll);
    buf_free(&l->exchange.head);
    buf_free(&l->exchange.decoded);
    munmap((void *)l->exchange.at_home, HOME);
}

/* A page that fork(2) does not copy: a child finds zeros in its place.  So it
 * takes no system call to see that this is still the process that began to
 * serve. */
static const bool *make_home(struct err *err)
{
    bool *home = mmap(NULL, HOME, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (home == MAP_FAILED || madvise(home, HOME, MADV_WIPEONFORK) < 0) {
        err_set(err,
                "no memory that a fork wipes (Linux has it since 4.14): %s",
                strerror(errno));
        if (home != MAP_FAILED)
            munmap(home, HOME);
        return NULL;
    }
    *home = true;
    return home;
}

bool wsgi_serve(const struct wsgi_server *server, struct err *err)
{
    struct loop l = {.server = server, .config = server->host->config};
    PyGILState_STATE state;
    bool ok = true;

    l.exchange.at_home = make_home(err);
    if (l.exchange.at_home == NULL)
        return false;
    l.poll = calloc(1 + l.config->socket_count + MAX_WAITING, sizeof *l.poll);
    if (l.poll == NULL) {
        munmap((void *)l.exchange.at_home, HOME);
        return err_set(err, "out of memory");
    }
    l.exchange.host = server->host;
    l.exchange.draft = &l.draft;
    l.exchange.orders = server->orders;
    l.exchange.core = server->core;
    l.exchange.pid = getpid();
    buf_init(&l.exchange.head, WSGI_MAX_RESPONSE_HEAD);
    buf_init(&l.exchange.decoded, (size_t)l.config->buffer_size + 1);

    state = PyGILState_Ensure();
    l.thread = PyEval_SaveThread();
    while (ok && !(l.order != WSGI_GO_ON && l.count == 0))
        ok = go_round(&l, err);
    PyEval_RestoreThread(l.thread);
    PyGILState_Release(state);
    clean_up(&l);
    return ok;
}
