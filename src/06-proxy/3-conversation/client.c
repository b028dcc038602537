/* client: what a connection's bytes mean: heads are read, exchanges begun and
 * served, and who is too slow is told. */

#include "client.h"
#include "answer.h"
#include "chunk.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"
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

static void client_ready(struct event *e);
static void client_timeout(struct timer *t);

/* Of the server that is the address' default: until the Host is known there
 * is no other. */
static const struct conversation_settings *
client_settings(const struct client *c)
{
    return conversation(c->place->scope);
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
        .head =
            (uint32_t)larger(first, s->large_buffers * s->large_buffer_size)};
}

void client_open(struct front_worker *w, const struct place *place, int fd,
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
    c->transport = &transport_plain;
    c->place = place;
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

/* A head that cannot be served still gets an exchange: the answer and the log
 * line are made as for any other. */
static void client_refuse(struct client *c, int status, const char *reason)
{
    struct exchange *x = c->exchange;

    c->state = CLIENT_BUSY;
    timer_set(c->worker->loop, &c->timer, client_settings(c)->send_timeout);
    exchange_salvage(x);
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
    http_request_init(&c->exchange->request, c->exchange->list, HTTP_MAX_FIELDS,
                      &limits);
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
        exchange_salvage(c->exchange);
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

/* While an exchange is at work: it may wait for more of the request, or for
 * room in the socket; and a client that leaves is noticed. */
static void client_serve(struct client *c)
{
    struct exchange *x = c->exchange;

    if (x == NULL)
        return;
    if (c->event.can_write && x->out.first != NULL)
        output_flush(x);
    if (!x->ended)
        answer_go_on(x);
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
    exchange_salvage(x);
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
