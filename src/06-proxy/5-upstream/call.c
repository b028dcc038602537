/* call: connecting, sending, and who is asked next when that fails.
 *
 * A state machine beside the client's: the socket and the timer call it, and
 * each call does what can be done now.  All that goes wrong comes through
 * call_failed, which decides whether another peer is asked or the exchange is
 * answered.  What comes back is reply.c's. */

#include "call.h"
#include "answer.h"
#include "balance.h"
#include "connection.h"
#include "error_log.h"
#include "exchange.h"
#include "front_worker.h"
#include "hooks.h"
#include "reply.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL_HEAD_MAX (128 * 1024)
#define CALL_NO_ROOM  (-2)

/* A pointer: most exchanges call nobody. */
struct call_state {
    struct call *call;
};

static struct call_state *call_state(const struct exchange *x)
{
    return exchange_state(x, &call_module);
}

struct call *call_of(const struct exchange *x)
{
    return call_state(x)->call;
}

static struct event_loop *loop_of(struct call *call)
{
    return call->x->worker->loop;
}

/* True when this failure, or this reply, lets another peer be asked. */
static bool call_may_retry(const struct call *call, enum next_upstream why)
{
    const struct call_settings *s = call->settings;
    const struct exchange *x = call->x;
    static const struct span unsafe[] = {SPAN_INIT("POST"), SPAN_INIT("LOCK"),
                                         SPAN_INIT("PATCH")};
    int64_t elapsed = event_now(x->worker->loop) - call->began;

    if (x->out.begun || !(s->next_upstream & why) ||
        (s->next_upstream & NEXT_OFF))
        return false;
    if (call->tries >= call->peers ||
        (s->next_tries > 0 && call->tries >= s->next_tries))
        return false;
    if (s->next_timeout > 0 && elapsed >= s->next_timeout)
        return false;
    /* What may have been carried out once must not be asked for twice. */
    if (call->head_sent > 0 && !(s->next_upstream & NEXT_NON_IDEMPOTENT))
        for (size_t i = 0; i < COUNT(unsafe); i++)
            if (span_eq(x->method, unsafe[i]))
                return false;
    return true;
}

static void call_connect(struct call *call);

void call_hang_up(struct call *call, bool failed)
{
    struct front_worker *w = call->x->worker;

    timer_clear(w->loop, &call->timer);
    if (call->event.fd >= 0) {
        event_close(w->loop, &call->event);
        w->connections--;
    }
    if (call->peer != NULL) {
        balance_leave(call->peer, failed, event_now(w->loop));
        if (call->current != NULL && call->current->time < 0)
            call->current->time = event_now(w->loop) - call->try_began;
        call->peer = NULL;
    }
    reply_drop(call);
}

/* No peer is asked any more, and the client is told so. */
static void call_give_up(struct call *call, int status)
{
    call->state = CALL_OVER;
    call_hang_up(call, false);
    exchange_error(call->x, status);
}

bool call_retry(struct call *call, enum next_upstream why, bool failed)
{
    if (!call_may_retry(call, why))
        return false;
    call_hang_up(call, failed);
    call_connect(call);
    return true;
}

void call_failed(struct call *call, enum next_upstream why, int status,
                 const char *doing, int errnum)
{
    struct exchange *x = call->x;

    exchange_log(x, ERROR_LOG_ERROR, errnum, "%s", doing);
    if (call->current != NULL && call->current->status == 0)
        call->current->status = status;
    if (x->out.begun) {
        /* A peer that breaks off its reply is not one that does not answer. */
        reply_end(call, false);
    } else if (!call_retry(call, why, true)) {
        call_hang_up(call, true);
        call_give_up(call, status);
    }
}

/* With the group's name where there was no peer to be had. */
static bool call_note_try(struct call *call, struct span peer)
{
    struct call_try *t = arena_zalloc(&call->x->arena, sizeof *t);

    if (t == NULL)
        return false;
    t->peer = peer;
    t->time = call->peer != NULL ? -1 : 0;
    t->status = call->peer != NULL ? 0 : 502;
    *call->last_log = t;
    call->last_log = &t->next;
    call->current = t;
    return true;
}

/* A socket that connects while the loop goes on; -1 with errno when it could
 * not be connected, CALL_NO_ROOM when there is none to be had.  What leaves in
 * one piece, a request without a body, needs no TCP_NODELAY. */
static int call_socket(struct front_worker *w, const struct net_addr *addr,
                       bool with_body)
{
    int fd = -1;

    while (w->connections < w->max_connections || client_close_oldest(w)) {
        fd = socket(addr->sa.sa_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd >= 0 || !client_close_oldest(w))
            break;
    }
    if (fd < 0)
        return CALL_NO_ROOM;
    if (with_body && addr->sa.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(fd, &addr->sa, addr->len) != 0 && errno != EINPROGRESS) {
        int errnum = errno;

        close(fd);
        errno = errnum;
        return -1;
    }
    return fd;
}

static void call_reset(struct call *call)
{
    call->head_sent = 0;
    call->body_sent = 0;
    call->send_over = false;
    call->tries++;
    call->try_began = event_now(loop_of(call));
    call->state = CALL_CONNECTS;
    reply_init(call);
}

/* The next peer; false when there is none, and the client has been told. */
static bool call_choose(struct call *call)
{
    call->peer = balance_pick(call->group, call->tried,
                              event_now(loop_of(call)));
    if (call->peer == NULL) {
        exchange_log(call->x, ERROR_LOG_ERROR, 0,
                     "no live upstreams while connecting to upstream");
        call_note_try(call, call->group->name);
        call_give_up(call, 502);
        return false;
    }
    call_reset(call);
    if (!call_note_try(call, call->peer->name)) {
        call_give_up(call, 500);
        return false;
    }
    return true;
}

/* A connection to the peer. */
static void call_open(struct call *call)
{
    struct exchange *x = call->x;
    struct front_worker *w = x->worker;
    int fd = call_socket(w, &call->peer->addr,
                         call->with_body && x->body.length > 0);

    if (fd == CALL_NO_ROOM) { /* no peer is to blame */
        exchange_log(x, ERROR_LOG_ALERT, 0,
                     "no descriptor or no place among worker_connections is "
                     "left while connecting to upstream");
        call_give_up(call, 500);
    } else if (fd < 0) {
        call_failed(call, NEXT_ERROR, 502,
                    "connect() failed while connecting to upstream", errno);
    } else if (!event_add(w->loop, &call->event, fd)) {
        close(fd);
        call_failed(call, NEXT_ERROR, 502, "epoll_ctl() failed", errno);
    } else {
        w->connections++;
        timer_set(w->loop, &call->timer, call->settings->connect_timeout);
    }
}

static void call_connect(struct call *call)
{
    if (call_choose(call))
        call_open(call);
}

static bool call_connected(struct call *call)
{
    int errnum = 0;
    socklen_t len = sizeof errnum;

    if (getsockopt(call->event.fd, SOL_SOCKET, SO_ERROR, &errnum, &len) != 0)
        errnum = errno;
    if (errnum != 0) {
        call_failed(call, NEXT_ERROR, 502,
                    "connect() failed while connecting to upstream", errnum);
        return false;
    }
    call->state = CALL_SENDS;
    timer_set(loop_of(call), &call->timer, call->settings->send_timeout);
    return true;
}

/* The head and what of the body is in memory, in one call. */
static ssize_t call_send_bytes(struct call *call)
{
    const struct request_body *b = &call->x->body;
    struct iovec iov[2];
    struct msghdr msg = {.msg_iov = iov};
    bool file = b->content.fd >= 0;

    if (call->head_sent < call->head.len)
        iov[msg.msg_iovlen++] =
            (struct iovec){call->head.ptr + call->head_sent,
                           call->head.len - call->head_sent};
    if (call->with_body && call->body_sent < b->content.memory.len)
        iov[msg.msg_iovlen++] =
            (struct iovec){b->content.memory.ptr + call->body_sent,
                           b->content.memory.len - (size_t)call->body_sent};
    return sendmsg(call->event.fd, &msg,
                   MSG_NOSIGNAL | (file && call->with_body ? MSG_MORE : 0));
}

static ssize_t call_send_file(struct call *call)
{
    const struct request_body *b = &call->x->body;
    off_t offset = (off_t)(call->body_sent - b->content.memory.len);
    uint64_t left = b->length - call->body_sent;

    return sendfile(call->event.fd, b->content.fd, &offset,
                    left < (1 << 20) ? (size_t)left : 1 << 20);
}

static void call_count_sent(struct call *call, size_t n)
{
    size_t head = call->head.len - call->head_sent;

    if (n < head)
        head = n;
    call->head_sent += head;
    call->body_sent += n - head;
}

static bool call_all_sent(const struct call *call)
{
    return call->head_sent == call->head.len &&
           (!call->with_body || call->body_sent == call->x->body.length);
}

/* Sends while the socket takes it, also while the reply is coming already: an
 * application may answer what it has read before it reads the rest.  A peer
 * that closes without reading all may have said what counts: what it sent is
 * looked at before it is given up. */
static void call_send(struct call *call)
{
    const struct request_body *b = &call->x->body;

    while (call->event.can_write && !call_all_sent(call)) {
        bool memory = call->head_sent < call->head.len ||
                      call->body_sent < b->content.memory.len;
        ssize_t n = memory ? call_send_bytes(call) : call_send_file(call);

        if (n > 0) {
            call_count_sent(call, (size_t)n);
            timer_set(loop_of(call), &call->timer,
                      call->settings->send_timeout);
        } else if (n < 0 && errno == EAGAIN) {
            call->event.can_write = false;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            call->send_over = call->event.can_read = true;
            return;
        } else {
            call_failed(call, NEXT_ERROR, 502,
                        "sending the request to upstream failed",
                        n == 0 ? EIO : errno);
            return;
        }
    }
    if (!call_all_sent(call))
        return;
    call->send_over = true;
    if (call->state == CALL_SENDS)
        call->state = CALL_WAITS;
    timer_set(loop_of(call), &call->timer, call->settings->read_timeout);
}

static void call_ready(struct event *e)
{
    struct call *call = e->owner;

    if (call->state == CALL_CONNECTS &&
        (!e->can_write || !call_connected(call)))
        return;
    if (!call->send_over)
        call_send(call);
    if (call->state != CALL_OVER && call->event.can_read &&
        call->state != CALL_CONNECTS)
        reply_receive(call);
}

static void call_timeout(struct timer *t)
{
    static const char *const doing[] = {
        [CALL_CONNECTS] = "upstream timed out while connecting to upstream",
        [CALL_SENDS] = "upstream timed out while sending request to upstream",
        [CALL_WAITS] = ("upstream timed out while reading response header "
                        "from upstream"),
        [CALL_RELAYS] = "upstream timed out while reading upstream",
    };
    struct call *call = t->owner;

    if (call->state != CALL_OVER)
        call_failed(call, NEXT_TIMEOUT, 504, doing[call->state], ETIMEDOUT);
}

/* The client has left: nobody waits for the answer any more. */
static void call_aborted(struct exchange *x)
{
    exchange_log(x, ERROR_LOG_INFO, 0,
                 "client prematurely closed connection, so upstream "
                 "connection is closed too");
    if (!x->out.begun)
        x->out.status = 499;
    exchange_abort(x);
}

static void call_more(struct exchange *x)
{
    struct call *call = call_of(x);

    if (call->state == CALL_OVER || call->state == CALL_CONNECTS)
        return;
    if (call->state == CALL_RELAYS)
        timer_set(loop_of(call), &call->timer, call->settings->read_timeout);
    if (call->event.can_read)
        reply_receive(call);
}

/* The fields' list has no part in the zeroing: it is large, and filled before
 * it is read. */
static struct call *call_new(struct exchange *x, struct group *g)
{
    struct call *call = arena_zalloc(&x->arena, sizeof *call);

    if (call == NULL)
        return NULL;
    call->x = x;
    call->group = g;
    call->tried = arena_zalloc(&x->arena, g->count);
    call->list = arena_alloc(&x->arena, CALL_MAX_FIELDS * sizeof *call->list);
    call->last_log = &call->log;
    call->event = (struct event){.fd = -1, .ready = call_ready, .owner = call};
    call->timer.fire = call_timeout;
    call->timer.owner = call;
    call->began = event_now(x->worker->loop);
    for (unsigned i = 0; i < g->count; i++)
        call->peers += !g->peers[i].down;
    buf_init(&call->head, CALL_HEAD_MAX);
    return call->tried != NULL && call->list != NULL ? call : NULL;
}

void call_start(struct exchange *x, struct group *g,
                const struct protocol *protocol,
                const struct call_settings *settings, struct span uri)
{
    struct call *call = call_new(x, g);

    if (call == NULL) {
        exchange_error(x, 500);
        return;
    }
    call->protocol = protocol;
    call->settings = settings;
    call->uri = uri;
    call->with_body = settings->pass_request_body;
    call_state(x)->call = call;
    if (!protocol->request(x, &call->head)) {
        exchange_log(x, ERROR_LOG_ERROR, 0,
                     "the request is too large for the upstream's protocol");
        call_give_up(call, 500);
        return;
    }
    x->more = call_more;
    if (!settings->ignore_client_abort)
        x->aborted = call_aborted;
    call_connect(call);
}

static void call_end(struct exchange *x, void *state)
{
    struct call *call = ((struct call_state *)state)->call;

    if (call == NULL)
        return;
    call->state = CALL_OVER;
    call_hang_up(call, false);
    buf_free(&call->head);
}

static void call_about(const struct exchange *x, struct buf *line)
{
    const struct call *call = call_of(x);

    if (call != NULL && call->peer != NULL)
        buf_printf(line, ", upstream: \"%.*s%.*s%.*s\"",
                   SPAN_ARG(call->protocol->scheme),
                   SPAN_ARG(call->peer->name), SPAN_ARG(call->uri));
}

const struct module call_module = {
    .name = "call",
    .index = MODULE_INDEX,
    .needs = &upstream_module,
    .state = sizeof(struct call_state),
    .end = call_end,
    .about = call_about,
};
