/* connection: what is done with a client whatever it asks: kept in a list,
 * read, closed, lingered for. */

#include "connection.h"
#include "conversation.h"
#include "exchange.h"
#include "front_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define LINGER_TURN 64 /* reads, before other clients have a turn */

const struct net_addr *client_local(struct client *c)
{
    if (!c->have_local)
        c->have_local = net_local(c->event.fd, &c->local);
    return &c->local;
}

void client_move(struct client *c, struct client_list *to)
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
        n = c->transport->receive(c, c->in.ptr + c->in.len,
                                  c->in.cap - c->in.len);
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

static void client_again(struct event_later *later)
{
    struct client *c =
        (struct client *)((char *)later - offsetof(struct client, again));

    c->again_due = false;
    c->event.ready(&c->event);
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
void client_linger(struct client *c)
{
    char dropped[4096];

    for (int turn = LINGER_TURN; c->event.can_read; turn--) {
        ssize_t n;

        if (turn == 0) {
            client_soon(c);
            return;
        }
        n = c->transport->receive(c, dropped, sizeof dropped);
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

/* Closing while unread bytes lie in the socket would send a reset, which may
 * destroy the answer before the client has read it. */
void client_finish(struct client *c)
{
    const struct conversation_settings *s = conversation(c->place->scope);
    struct event_loop *loop = c->worker->loop;

    if (!c->linger && c->in.len == 0 && !c->event.can_read) {
        client_close(c);
        return;
    }
    c->transport->shut_down(c);
    buf_free(&c->in);
    c->state = CLIENT_LINGERS;
    client_move(c, &c->worker->idle);
    c->linger_until = event_now(loop) + s->lingering_time;
    timer_set(loop, &c->timer, s->lingering_timeout);
    c->event.ready(&c->event);
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
    timer_set(w->loop, &c->timer,
              conversation(c->place->scope)->keepalive_timeout);
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
