/* reply: what comes back from an upstream.
 *
 * Its head becomes the answer's, but for the fields that end here or are
 * hidden; its body is relayed as it comes, never faster than the client takes
 * it.  The bytes lie in chunks, which the answer's pieces share. */

#include "reply.h"
#include "answer.h"
#include "chunk.h"
#include "connection.h"
#include "error_log.h"
#include "exchange.h"
#include "front_worker.h"
#include "output.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define RELAY_HIGH_WATER (8 * FRONT_CHUNK)
#define RELAY_ROOM       4096      /* the least that is worth a read */
#define RELAY_TURN       (1 << 20) /* bytes, before others have a turn */

static void reply_expect(struct call *call)
{
    http_reply_init(&call->reply, call->list, CALL_MAX_FIELDS,
                    (uint32_t)call->settings->buffer_size, call->x->head_only);
}

void reply_init(struct call *call)
{
    call->filled = call->used = 0;
    call->received = 0;
    reply_expect(call);
}

static bool in_list(const struct name_list *list, struct span name)
{
    for (; list != NULL; list = list->next)
        if (span_eq_nocase(list->name, name))
            return true;
    return false;
}

static bool protocol_hides(const struct call *call, struct span name)
{
    for (const struct span *h = call->protocol->hidden; h->ptr != NULL; h++)
        if (span_eq_nocase(name, *h))
            return true;
    return false;
}

static bool is_hidden(const struct call *call, struct span name)
{
    const struct call_settings *s = call->settings;

    return http_reply_ends_here(&call->reply, name) || in_list(s->hide, name) ||
           (protocol_hides(call, name) && !in_list(s->pass, name));
}

/* With proxy_pass_header Server the upstream's word counts, also where it has
 * none.  Not so for Date: what is passed on has one (RFC 9110 6.6.1). */
static bool is_anonymous(const struct call *call)
{
    const struct span server = SPAN("Server");

    return call->x->out.server.ptr == NULL && protocol_hides(call, server) &&
           !is_hidden(call, server);
}

/* A location that was changed is ours, and made absolute like any of ours. */
static bool reply_location(struct call *call, struct span name,
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
static struct span reply_refresh(struct call *call, struct span value)
{
    struct span url = value;

    while (url.len > 4 && !span_starts_nocase(url, SPAN("url=")))
        span_skip(&url, 1);
    if (url.len <= 4)
        return value;
    span_skip(&url, 4);
    return arena_printf(&call->x->arena, "%.*s%.*s",
                        (int)(url.ptr - value.ptr), value.ptr,
                        SPAN_ARG(call->protocol->location(call->x, url)));
}

/* Where the answer has a member for the field, that is set. */
static bool reply_field(struct call *call, struct span name,
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

    for (size_t i = 0; i < COUNT(members); i++)
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

/* What has come of the head moves into the exchange's arena. */
static bool reply_settle(struct call *call)
{
    struct http_reply *r = &call->reply;
    struct span head = {call->chunk->bytes, call->filled};

    if (r->head_len > 0)
        head.len = r->head_len;
    head = arena_copy(&call->x->arena, head);
    http_settle(&r->fields, head.ptr);
    return head.ptr != NULL;
}

void reply_drop(struct call *call)
{
    if (call->chunk == NULL)
        return;
    if (call->reply.fields.base == NULL)
        reply_settle(call); /* $upstream_http_* of a reply that failed */
    chunk_drop(call->x->worker, call->chunk);
    call->chunk = NULL;
}

/* The reply's head becomes the answer's, whose fields point into it. */
static bool reply_head(struct call *call)
{
    struct exchange *x = call->x;
    struct http_reply *r = &call->reply;

    if (!reply_settle(call))
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
    enum next_upstream why;
} next_by_status[] = {
    {500, NEXT_HTTP_500}, {502, NEXT_HTTP_502}, {503, NEXT_HTTP_503},
    {504, NEXT_HTTP_504}, {403, NEXT_HTTP_403}, {404, NEXT_HTTP_404},
    {429, NEXT_HTTP_429},
};

/* True when the status sends the exchange to another peer. */
static bool reply_tries_next(struct call *call)
{
    int status = call->reply.status;

    for (size_t i = 0; i < COUNT(next_by_status); i++)
        if (status == next_by_status[i].status)
            return call_retry(call, next_by_status[i].why,
                              status != 403 && status != 404);
    return false;
}

/* The head is complete: the answer begins, or another peer is asked. */
static void reply_begin(struct call *call)
{
    struct exchange *x = call->x;

    call->current->status = call->reply.status;
    if (reply_tries_next(call))
        return;
    if (!reply_head(call)) {
        exchange_error(x, 500);
        return;
    }
    call->used = call->reply.head_len;
    call->state = CALL_RELAYS;
    http_body_init(&call->body, call->reply.framing,
                   call->reply.content_length, UINT64_MAX);
    answer_begin(x);
}

/* Looks at the bytes of the head so far. */
static void reply_parse(struct call *call)
{
    char *bytes = call->chunk->bytes;
    enum http_parse found;

    while ((found = http_parse_reply(&call->reply, bytes, call->filled)) ==
               HTTP_DONE &&
           call->reply.status < 200) {
        /* 1xx: the final response is still to come */
        call->filled -= call->reply.head_len;
        memmove(bytes, bytes + call->reply.head_len, call->filled);
        reply_expect(call);
    }
    if (found == HTTP_DONE)
        reply_begin(call);
    else if (found == HTTP_BAD)
        call_failed(call, NEXT_INVALID_HEADER, 502, call->reply.problem, 0);
}

void reply_end(struct call *call, bool complete)
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

/* Passes on what is decoded of the chunk. */
static void reply_relay(struct call *call)
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
        if (state == HTTP_DONE)
            reply_end(call, true);
        else if (state == HTTP_BAD)
            call_failed(call, NEXT_ERROR, 502, call->body.reason, 0);
        else if (call->used == call->filled)
            return;
    }
}

/* A chunk with room: the one at hand, used from its beginning if nothing of it
 * is on its way to the client any more, or when it is full a fresh one. */
static bool reply_room(struct call *call)
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
static void reply_ended(struct call *call)
{
    if (call->state == CALL_RELAYS && http_body_may_end(&call->body))
        reply_end(call, true);
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
static bool reply_read(struct call *call)
{
    size_t room;
    ssize_t n;

    if (!reply_room(call)) {
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
        reply_ended(call);
    return false;
}

/* What has come is looked at: as a part of the head, or of the body. */
static void reply_take(struct call *call)
{
    timer_set(call->x->worker->loop, &call->timer,
              call->settings->read_timeout);
    if (call->state != CALL_RELAYS)
        reply_parse(call);
    if (call->state == CALL_RELAYS) {
        reply_relay(call);
        if (call->state == CALL_RELAYS)
            output_flush(call->x);
    }
}

/* The client has so much to take that the upstream has to wait. */
static bool reply_waits(const struct call *call)
{
    return answer_full(call->x, RELAY_HIGH_WATER);
}

void reply_receive(struct call *call)
{
    struct exchange *x = call->x;
    uint64_t turn_ends = call->received + RELAY_TURN;

    while (call->state != CALL_OVER && call->event.can_read &&
           call->received < turn_ends && !reply_waits(call)) {
        if (!reply_read(call))
            break;
        reply_take(call);
    }
    if (call->received >= turn_ends)
        client_soon(x->client);
    if (call->state == CALL_RELAYS && reply_waits(call))
        timer_clear(x->worker->loop, &call->timer); /* it waits for us */
    if (!x->ended && x->out.begun && !x->out.ended && x->out.first != NULL)
        output_flush(x);
}
