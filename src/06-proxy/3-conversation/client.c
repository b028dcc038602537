/* client: one connection: reading heads, keep-alive, and the ways to end. */

#include "answer.h"
#include "chunk.h"
#include "client.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"
#include "front_conf.h"
#include "front_worker.h"
#include "output.h"
#include "request.h"
#include "request_body.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_TURN 64 /* reads, before other clients have a turn */

static void client_ready(struct event *e);
static void client_timeout(struct timer *t);

/* Of the server that is the address' default: until the Host is known there
 * is no other. */
static const struct conversation_settings *client_settings(const struct client *c)
{
    return conversation(c->listen->servers[0]->scope);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* In nginx a head begins in the buffer of client_header_buffer_size bytes, and
 * what fits there needs no large one.  Here there is one buffer, with those
 * bounds. */
static struct http_limits client_limits(const struct client *c)
{
    const struct conversation_settings *s = client_settings(c);
    int64_t first = s->client_header_buffer_size;
    uint32_t line = (uint32_t)larger(first, s->large_buffer_size);

    return (struct http_limits){
        .line = line,
        .field = line,
        .head = (uint32_t)larger(first,
                                 s->large_buffers * s->large_buffer_size)};
}

const struct net_addr *client_local(struct client *c)
{
    if (!c->have_local)
        c->have_local = net_local(c->event.fd, &c->local);
    return &c->local;
}

/* Behind a wildcard socket the address that the client connected to may have
 * servers of its own. */
static struct front_listen *client_find_listen(struct client *c,
                                               struct front_listen *listen)
{
    if (!listen->has_specific)
        return listen;
    for (struct front_listen *l = c->worker->conf->listens; l; l = l->next)
        if (l->wildcard == listen && net_same(&l->addr, client_local(c)))
            return l;
    return listen;
}

/* To the end of a list, out of the one where it stood; either may be NULL. */
static void client_move(struct client *c, struct client_list *to)
{
    struct client_list *from = c->list;

    if (from != NULL) {
        *(c->prev != NULL ? &c->prev->next : &from->first) = c->next;
        *(c->next != NULL ? &c->next->prev : &from->last) = c->prev;
    }
    c->list = to;
    c->next = NULL;
    c->prev = to != NULL ? to->last : NULL;
    if (to != NULL) {
        *(c->prev != NULL ? &c->prev->next : &to->first) = c;
        to->last = c;
    }
}

void client_open(struct front_worker *w, struct front_listen *listen, int fd,
                 const struct net_addr *peer)
{
    struct client *c = calloc(1, sizeof *c);

    if (c == NULL || !event_add(w->loop, &c->event, fd)) {
        error_log_write(w->log, ERROR_LOG_ALERT, errno,
                        "a connection was refused");
        close(fd);
        free(c);
        return;
    }
    c->worker = w;
    c->peer = *peer;
    net_print_host(peer, c->peer_host);
    c->listen = client_find_listen(c, listen);
    c->serial = ++w->next_serial;
    c->since = event_now(w->loop);
    c->event.ready = client_ready;
    c->event.owner = c;
    c->timer.fire = client_timeout;
    c->timer.owner = c;
    client_move(c, &w->idle);
    w->connections++;
    if (!client_settings(c)->tcp_nodelay && peer->sa.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){0}, sizeof(int));
    c->state = CLIENT_WAITS;
    timer_set(w->loop, &c->timer, client_settings(c)->client_header_timeout);
    buf_init(&c->in, (size_t)client_limits(c).head + FRONT_CHUNK);
}

static void client_free(struct event_later *later)
{
    free((char *)later - offsetof(struct client, later));
}

void client_close(struct client *c)
{
    struct front_worker *w = c->worker;

    if (c->state == CLIENT_GONE)
        return;
    c->state = CLIENT_GONE;
    if (c->exchange != NULL)
        exchange_abort(c->exchange);
    timer_clear(w->loop, &c->timer);
    event_close(w->loop, &c->event);
    buf_free(&c->in);
    client_move(c, NULL);
    w->connections--;
    c->later.run = client_free;
    event_do_later(w->loop, &c->later);
}

int client_read(struct client *c, size_t room)
{
    ssize_t n;

    if (!buf_reserve(&c->in, room))
        return -2;
    do
        n = recv(c->event.fd, c->in.ptr + c->in.len, c->in.cap - c->in.len, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        /* Less than was asked for: the socket is empty, and edge-triggered
         * epoll will tell when it no longer is; unless the end came too. */
        if ((size_t)n < c->in.cap - c->in.len && !c->event.hung_up)
            c->event.can_read = false;
        c->in.len += (size_t)n;
        return 1;
    }
    if (n < 0 && errno == EAGAIN) {
        c->event.can_read = false;
        return -1;
    }
    return n == 0 ? 0 : -2;
}

/* A head that cannot be served still gets an exchange: the answer and the log
 * line are made as for any other. */
static void client_refuse(struct client *c, int status, const char *reason)
{
    struct exchange *x = c->exchange;

    c->state = CLIENT_BUSY;
    timer_set(c->worker->loop, &c->timer, client_settings(c)->send_timeout);
    exchange_log(x, ERROR_LOG_INFO, 0, "client sent an invalid request: %s",
                 reason);
    x->keep_alive = false;
    c->linger = true;
    exchange_error(x, status);
}

/* The head is complete: it moves to the exchange's arena, and what follows it
 * stays in the input buffer. */
static void client_begin(struct client *c)
{
    struct exchange *x = c->exchange;

    if (!exchange_settle(x)) {
        client_close(c);
        return;
    }
    buf_consume(&c->in, x->request.head_len);
    c->state = CLIENT_BUSY;
    x->half_closed = c->event.hung_up;
    timer_clear(c->worker->loop, &c->timer);
    exchange_start(x);
}

static bool client_new_exchange(struct client *c)
{
    struct http_limits limits = client_limits(c);

    c->exchange = exchange_new(c);
    if (c->exchange == NULL)
        return false;
    http_request_init(&c->exchange->request, c->exchange->list,
                      HTTP_MAX_FIELDS, &limits);
    return true;
}

/* Parses what has come; true when more is needed. */
static bool client_parse(struct client *c)
{
    struct exchange *x;

    if (c->in.len == 0)
        return true;
    if (c->exchange == NULL && !client_new_exchange(c)) {
        client_close(c);
        return false;
    }
    x = c->exchange;
    if (c->list == &c->worker->idle)
        client_move(c, &c->worker->busy);
    switch (http_parse_request(&x->request, c->in.ptr, c->in.len)) {
    case HTTP_DONE:
        client_begin(c);
        return false;
    case HTTP_BAD:
        client_refuse(c, x->request.status, x->request.reason);
        return false;
    case HTTP_MORE:
        break;
    }
    if (c->state == CLIENT_WAITS) {
        c->state = CLIENT_HEAD;
        timer_set(c->worker->loop, &c->timer,
                  client_settings(c)->client_header_timeout);
    }
    return true;
}

/* The client went in the midst of a head, or between two requests. */
static void client_vanished(struct client *c)
{
    if (c->state == CLIENT_HEAD && c->exchange != NULL) {
        exchange_log(c->exchange, ERROR_LOG_INFO, 0,
                     "client prematurely closed connection");
        c->exchange->out.status = 400;
    }
    client_close(c);
}

static void client_read_head(struct client *c)
{
    size_t room = (size_t)client_settings(c)->client_header_buffer_size;

    if (room > FRONT_CHUNK)
        room = FRONT_CHUNK; /* the rest in more reads */
    while (client_parse(c)) {
        int got;

        if (!c->event.can_read)
            break;
        got = client_read(c, room);
        if (got == -1)
            break;
        if (got <= 0) {
            client_vanished(c);
            return;
        }
        room = FRONT_CHUNK / 8;
    }
    /* An idle connection holds no buffer. */
    if (c->state == CLIENT_WAITS && c->in.len == 0)
        buf_free(&c->in);
}

static void client_again(struct event_later *later)
{
    struct client *c =
        (struct client *)((char *)later - offsetof(struct client, again));

    c->again_due = false;
    client_ready(&c->event);
}

/* Closing while unread bytes lie in the socket would send a reset, which may
 * destroy the answer before the client has read it. */
static void client_finish(struct client *c)
{
    const struct conversation_settings *s = client_settings(c);
    struct event_loop *loop = c->worker->loop;

    if (!c->linger && c->in.len == 0 && !c->event.can_read) {
        client_close(c);
        return;
    }
    shutdown(c->event.fd, SHUT_WR);
    buf_free(&c->in);
    c->state = CLIENT_LINGERS;
    client_move(c, &c->worker->idle);
    c->linger_until = event_now(loop) + s->lingering_time;
    timer_set(loop, &c->timer, s->lingering_timeout);
    client_ready(&c->event);
}

static void client_hurry(struct client *c)
{
    struct front_worker *w = c->worker;

    if (c->timer.when > event_now(w->loop) + w->last_call)
        timer_set(w->loop, &c->timer, w->last_call);
}

void client_next(struct client *c, bool keep_alive)
{
    struct front_worker *w = c->worker;

    if (c->state == CLIENT_GONE)
        return;
    if (!keep_alive) {
        client_finish(c);
        return;
    }
    c->state = CLIENT_WAITS;
    client_move(c, &w->idle);
    timer_set(w->loop, &c->timer, client_settings(c)->keepalive_timeout);
    if (w->quitting)
        client_hurry(c);
    if (c->in.len == 0 && !c->event.can_read) {
        buf_free(&c->in); /* an idle connection holds no buffer */
        return;
    }
    /* The next request may be here already.  It is begun from the loop, so
     * that a long pipeline does not become a deep stack. */
    client_soon(c);
}

void client_soon(struct client *c)
{
    if (c->again_due || c->state == CLIENT_GONE)
        return;
    c->again_due = true;
    c->again.run = client_again;
    event_do_later(c->worker->loop, &c->again);
}

/* After the last answer: wait until the client closes too, so that nothing it
 * still sends resets the connection before it has read the answer. */
static void client_linger(struct client *c)
{
    char dropped[4096];

    for (int turn = LINGER_TURN; c->event.can_read; turn--) {
        ssize_t n;

        if (turn == 0) {
            client_soon(c);
            return;
        }
        n = recv(c->event.fd, dropped, sizeof dropped, 0);
        if (n > 0 && event_now(c->worker->loop) < c->linger_until)
            continue;
        if (n < 0 && errno == EAGAIN) {
            c->event.can_read = false;
            return;
        }
        client_close(c);
        return;
    }
}

/* While an exchange is at work: it may wait for more of the request, or for
 * room in the socket; and a client that leaves is noticed. */
static void client_serve(struct client *c)
{
    struct exchange *x = c->exchange;

    if (x == NULL)
        return;
    if (c->event.can_write && x->out.first != NULL)
        output_flush(x);
    if (!x->ended && x->drained != NULL && !x->out.ended &&
        x->out.queued < FRONT_LOW_WATER)
        x->drained(x);
    if (x->ended)
        return;
    if (c->event.can_read && x->body.started && !x->body.done)
        body_continue(x);
    else if (x->aborted != NULL &&
             (c->event.broken || (c->event.hung_up && !x->half_closed)))
        x->aborted(x);
}

static void client_ready(struct event *e)
{
    struct client *c = e->owner;

    switch (c->state) {
    case CLIENT_WAITS:
    case CLIENT_HEAD:
        if (e->can_read || c->in.len > 0)
            client_read_head(c);
        break;
    case CLIENT_BUSY:
        client_serve(c);
        break;
    case CLIENT_LINGERS:
        client_linger(c);
        break;
    case CLIENT_GONE:
        break;
    }
}

/* Nothing has come for too long, or is it only that nobody has looked?  Whoever
 * was promised another answer may have the next request on its way: the
 * connection ends in two steps, and the request finds a clean end, no reset. */
static void client_idle_over(struct client *c)
{
    c->event.can_read = true;
    client_ready(&c->event);
    if (c->state != CLIENT_WAITS)
        return;
    c->linger = c->requests > 0;
    client_finish(c);
}

/* reset_timedout_connection: the kernel forgets the connection and what waits
 * to be sent at once.  The log has `status` where no answer was begun. */
static void client_reset(struct client *c, int status)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (!c->exchange->out.begun && status != 0)
        c->exchange->out.status = status;
    setsockopt(c->event.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    client_close(c);
}

/* A client that is slow with its request is told so; one that is slow to take
 * its answer can be told nothing. */
static void client_timeout(struct timer *t)
{
    struct client *c = t->owner;
    struct exchange *x = c->exchange;
    bool reading = c->state == CLIENT_HEAD ||
                   (x != NULL && x->body.started && !x->body.done);

    if (c->state == CLIENT_WAITS) {
        client_idle_over(c);
        return;
    }
    if (x == NULL || c->state == CLIENT_LINGERS) {
        client_close(c);
        return;
    }
    exchange_log(x, ERROR_LOG_INFO, ETIMEDOUT, "client timed out");
    if (conversation(x->scope)->reset_timedout_connection) {
        client_reset(c, reading ? 408 : 0);
        return;
    }
    if (!reading || x->out.begun) {
        client_close(c);
        return;
    }
    c->state = CLIENT_BUSY;
    c->linger = true;
    x->body.started = false;
    x->keep_alive = false;
    timer_set(c->worker->loop, &c->timer, client_settings(c)->send_timeout);
    exchange_error(x, 408);
}

/* One whose next request lies in the socket is idle no more. */
static bool client_is_idle(const struct client *c)
{
    char byte;

    return c->state == CLIENT_LINGERS ||
           (c->in.len == 0 &&
            recv(c->event.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0);
}

bool client_close_oldest(struct front_worker *w)
{
    struct client *c = w->idle.first;

    while (c != NULL && !client_is_idle(c))
        c = c->next;
    if (c != NULL)
        client_close(c);
    return c != NULL;
}

void client_hasten(struct front_worker *w)
{
    for (struct client *c = w->idle.first; c != NULL; c = c->next)
        if (c->state == CLIENT_WAITS)
            client_hurry(c);
}
