/* upstream_reply: what comes back: the head becomes the answer's, the body is
 * relayed as it comes, never faster than the client takes it. */

#include "answer.h"
#include "chunk.h"
#include "connection.h"
#include "error_log.h"
#include "exchange.h"
#include "front_worker.h"
#include "output.h"
#include "upstream_call.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define RELAY_HIGH_WATER (8 * FRONT_CHUNK)
#define RELAY_ROOM       4096      /* the least that is worth a read */
#define RELAY_TURN       (1 << 20) /* bytes, before others have a turn */

static bool in_list(const struct name_list *list, struct span name)
{
    for (; list != NULL; list = list->next)
        if (span_eq_nocase(list->name, name))
            return true;
    return false;
}

static bool protocol_hides(const struct upstream_call *call, struct span name)
{
    for (const struct span *h = call->protocol->hidden; h->ptr != NULL; h++)
        if (span_eq_nocase(name, *h))
            return true;
    return false;
}

static bool is_hidden(const struct upstream_call *call, struct span name)
{
    const struct pass_settings *s = call->settings;

    return http_reply_ends_here(&call->reply, name) || in_list(s->hide, name) ||
           (protocol_hides(call, name) && !in_list(s->pass, name));
}

/* With proxy_pass_header Server the upstream's word counts, also where it has
 * none.  Not so for Date: what is passed on has one (RFC 9110 6.6.1). */
static bool is_anonymous(const struct upstream_call *call)
{
    const struct span server = SPAN("Server");

    return call->x->out.server.ptr == NULL && protocol_hides(call, server) &&
           !is_hidden(call, server);
}

/* A location that was changed is ours, and made absolute like any of ours. */
static bool reply_location(struct upstream_call *call, struct span name,
                           struct span value)
{
    struct exchange *x = call->x;
    struct span ours = call->protocol->location(x, value);

    if (ours.ptr == value.ptr)
        return answer_field(x, name, value);
    x->out.location = ours;
    return ours.ptr != NULL;
}

/* "5; url=LOCATION" */
static struct span reply_refresh(struct upstream_call *call, struct span value)
{
    struct span url = value;

    while (url.len > 4 &&
           !span_eq_nocase((struct span){url.ptr, 4}, SPAN("url="))) {
        url.ptr++;
        url.len--;
    }
    if (url.len <= 4)
        return value;
    url.ptr += 4;
    url.len -= 4;
    return arena_printf(&call->x->arena, "%.*s%.*s",
                        (int)(url.ptr - value.ptr), value.ptr,
                        SPAN_ARG(call->protocol->location(call->x, url)));
}

/* Where the answer has a member for the field, that is set. */
static bool reply_field(struct upstream_call *call, struct span name,
                        struct span value)
{
    struct exchange *x = call->x;
    struct answer *out = &x->out;
    const struct {
        struct span name;
        struct span *member;
    } members[] = {
        {SPAN("Content-Type"), &out->type},
        {SPAN("ETag"), &out->etag},
        {SPAN("Date"), &out->date},
        {SPAN("Server"), &out->server},
    };

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (span_eq_nocase(name, members[i].name)) {
            *members[i].member = value;
            return true;
        }
    if (call->protocol->location != NULL) {
        if (span_eq_nocase(name, SPAN("Location")))
            return reply_location(call, name, value);
        if (span_eq_nocase(name, SPAN("Refresh")))
            value = reply_refresh(call, value);
    }
    return answer_field(x, name, value);
}

bool call_settle(struct upstream_call *call)
{
    struct http_reply *r = &call->reply;
    struct span head = {call->chunk->bytes, call->filled};

    if (r->head_len > 0)
        head.len = r->head_len;
    head = arena_copy(&call->x->arena, head);
    http_settle(&r->fields, head.ptr);
    return head.ptr != NULL;
}

/* The reply's head becomes the answer's, whose fields point into it. */
static bool reply_head(struct upstream_call *call)
{
    struct exchange *x = call->x;
    struct http_reply *r = &call->reply;

    if (!call_settle(call))
        return false;
    for (unsigned i = 0; i < r->fields.count; i++)
        if (!is_hidden(call, http_name(&r->fields, i)) &&
            !reply_field(call, http_name(&r->fields, i),
                         http_value(&r->fields, i)))
            return false;
    x->out.relayed = true;
    x->out.anonymous = is_anonymous(call);
    x->out.status = r->status;
    x->out.reason = http_span(&r->fields, r->reason_phrase);
    if (r->has_length)
        x->out.length = (int64_t)r->content_length;
    return true;
}

static const struct {
    int status;
    enum upstream_next why;
} next_by_status[] = {
    {500, NEXT_HTTP_500}, {502, NEXT_HTTP_502}, {503, NEXT_HTTP_503},
    {504, NEXT_HTTP_504}, {403, NEXT_HTTP_403}, {404, NEXT_HTTP_404},
    {429, NEXT_HTTP_429},
};

/* True when the status sends the exchange to another peer. */
static bool reply_tries_next(struct upstream_call *call)
{
    for (size_t i = 0; i < sizeof next_by_status / sizeof *next_by_status; i++)
        if (call->reply.status == next_by_status[i].status &&
            call_may_retry(call, next_by_status[i].why)) {
            int status = call->reply.status;

            call_hang_up(call, status != 403 && status != 404);
            call_connect(call);
            return true;
        }
    return false;
}

/* The head is complete: the answer begins.  False when the call went another
 * way. */
static bool reply_begin(struct upstream_call *call)
{
    struct exchange *x = call->x;

    call->current->status = call->reply.status;
    if (reply_tries_next(call))
        return false;
    if (!reply_head(call)) {
        exchange_error(x, 500);
        return false;
    }
    call->used = call->reply.head_len;
    call->state = CALL_RELAYS;
    http_body_init(&call->body, call->reply.framing,
                   call->reply.content_length, UINT64_MAX);
    answer_begin(x);
    return !x->ended;
}

/* Looks at the bytes of the head so far; true when more must come. */
static bool reply_parse(struct upstream_call *call)
{
    for (;;)
        switch (http_parse_reply(&call->reply, call->chunk->bytes,
                                 call->filled)) {
        case HTTP_MORE:
            return true;
        case HTTP_BAD:
            call_failed(call, NEXT_INVALID_HEADER, 502,
                        call->reply.problem, 0);
            return false;
        case HTTP_DONE:
            if (call->reply.status >= 200) {
                reply_begin(call);
                return false;
            }
            /* 1xx: the final response is still to come */
            call->filled -= call->reply.head_len;
            memmove(call->chunk->bytes,
                    call->chunk->bytes + call->reply.head_len, call->filled);
            http_reply_init(&call->reply, call->list, CALL_MAX_FIELDS,
                            (uint32_t)call->settings->buffer_size,
                            call->x->head_only);
        }
}

void call_finish(struct upstream_call *call, bool complete)
{
    struct exchange *x = call->x;

    call->state = CALL_OVER;
    call_hang_up(call, false);
    if (complete) {
        answer_end(x);
        return;
    }
    /* What is missing must be seen: no last chunk, no further request.  What
     * there is is sent: a client that gets nothing would ask again. */
    output_flush(x);
    exchange_abort(x);
}

/* Passes on what is decoded of the chunk; true when the body goes on. */
static bool relay(struct upstream_call *call)
{
    struct exchange *x = call->x;

    while (call->state == CALL_RELAYS) {
        struct span content;
        size_t used;
        enum http_parse state =
            http_decode_body(&call->body, call->chunk->bytes + call->used,
                             call->filled - call->used, &used, &content);

        call->used += used;
        answer_bytes(x, content, call->chunk);
        if (state == HTTP_DONE) {
            call_finish(call, true);
            return false;
        }
        if (state == HTTP_BAD) {
            call_failed(call, NEXT_ERROR, 502, call->body.reason, 0);
            return false;
        }
        if (call->used == call->filled)
            return true;
    }
    return false;
}

/* A chunk with room: the one at hand, used from its beginning if nothing of it
 * is on its way to the client any more, or when it is full a fresh one. */
static bool call_room(struct upstream_call *call)
{
    struct front_worker *w = call->x->worker;

    if (call->chunk != NULL && call->state == CALL_RELAYS &&
        call->used == call->filled) {
        if (!BYTES_KEPT(1) ||
            (call->chunk->users > 1 &&
             call->filled > FRONT_CHUNK - RELAY_ROOM)) {
            chunk_drop(w, call->chunk);
            call->chunk = NULL;
        }
        if (call->chunk == NULL || call->chunk->users == 1)
            call->filled = call->used = 0;
    }
    if (call->chunk == NULL) {
        call->chunk = chunk_new(w);
        if (call->chunk == NULL)
            return false;
        chunk_use(call->chunk);
    }
    return call->filled < FRONT_CHUNK;
}

/* The peer has closed. */
static void call_ended(struct upstream_call *call)
{
    if (call->state == CALL_RELAYS && http_body_may_end(&call->body))
        call_finish(call, true);
    else
        call_failed(call, NEXT_ERROR, 502,
                    call->state == CALL_RELAYS
                        ? "upstream prematurely closed connection while "
                          "reading upstream"
                        : "upstream prematurely closed connection while "
                          "reading response header from upstream",
                    0);
}

/* One read; true when bytes came. */
static bool call_read(struct upstream_call *call)
{
    size_t room;
    ssize_t n;

    if (!call_room(call)) {
        call_failed(call, NEXT_INVALID_HEADER, 502,
                    "upstream sent too big header while reading response "
                    "header from upstream", 0);
        return false;
    }
    room = FRONT_CHUNK - call->filled;
    do
        n = recv(call->event.fd, call->chunk->bytes + call->filled, room, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        if ((size_t)n < room && !call->event.hung_up)
            call->event.can_read = false;
        call->filled += (size_t)n;
        call->received += (uint64_t)n;
        return true;
    }
    if (n < 0 && errno == EAGAIN) {
        call->event.can_read = false;
        return false;
    }
    if (n < 0)
        call_failed(call, NEXT_ERROR, 502,
                    "recv() failed while reading from upstream", errno);
    else
        call_ended(call);
    return false;
}

void call_receive(struct upstream_call *call)
{
    struct exchange *x = call->x;
    uint64_t turn_ends = call->received + RELAY_TURN;

    while (call->state != CALL_OVER && call->event.can_read &&
           call->received < turn_ends && !output_full(x, RELAY_HIGH_WATER) &&
           call_read(call)) {
        timer_set(x->worker->loop, &call->timer,
                  call->settings->read_timeout);
        if (call->state != CALL_RELAYS && reply_parse(call))
            continue;
        if (call->state == CALL_RELAYS && relay(call))
            output_flush(x);
    }
    if (call->received >= turn_ends)
        client_soon(x->client);
    if (output_full(x, RELAY_HIGH_WATER) && call->state == CALL_RELAYS)
        timer_clear(x->worker->loop, &call->timer); /* it waits for us */
    if (!x->ended && x->out.begun && !x->out.ended && x->out.first != NULL)
        output_flush(x);
}
