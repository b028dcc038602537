/* request_body: reading what follows the head, into memory first and then
 * into a file, before the exchange goes on. */

#include "request_body.h"
#include "answer.h"
#include "chunk.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"
#include "front_worker.h"
#include "output.h"

#include <errno.h>

#define BODY_READ FRONT_CHUNK
#define BODY_TURN 32 /* reads, before other clients have a turn */

static bool body_store(struct exchange *x, struct span bytes)
{
    struct spool *content = &x->body.content;

    x->body.length += bytes.len;
    if (x->body.discard || spool_add(content, bytes))
        return true;
    exchange_log(x, ERROR_LOG_CRIT, errno,
                 "keeping the request's body in \"%s\" failed",
                 content->directory);
    return false;
}

static void body_fail(struct exchange *x, int status)
{
    x->body.started = false;
    x->keep_alive = false;
    x->client->linger = true;
    exchange_error(x, status);
}

/* Decodes what is in the input buffer.  True when more must be read; else the
 * body is complete or refused, and the exchange went on. */
static bool body_decode(struct exchange *x)
{
    struct request_body *b = &x->body;
    struct buf *in = &x->client->in;
    size_t at = 0;
    enum http_parse state;

    do {
        struct span content;
        size_t used;

        state = http_decode_body(&b->decoder, in->ptr + at, in->len - at, &used,
                                 &content);
        at += used;
        if (content.len > 0 && !body_store(x, content)) {
            buf_consume(in, at);
            body_fail(x, 500);
            return false;
        }
        if (used == 0 && content.len == 0)
            break;
    } while (state == HTTP_MORE && at < in->len);
    buf_consume(in, at);
    if (state == HTTP_BAD) {
        exchange_log(x, ERROR_LOG_ERROR, 0, "client sent an invalid body: %s",
                     b->decoder.reason);
        body_fail(x, b->decoder.status);
        return false;
    }
    if (state == HTTP_MORE)
        return true;
    b->done = true;
    timer_clear(x->worker->loop, &x->client->timer);
    b->ready(x);
    return false;
}

void body_continue(struct exchange *x)
{
    struct client *c = x->client;
    int reads = 0;

    while (body_decode(x)) {
        int got;

        if (reads == BODY_TURN) {
            client_soon(c);
            return;
        }
        if (x->body.discard && event_now(x->worker->loop) > c->linger_until) {
            exchange_abort(x);
            return;
        }

        if (reads > 0 || c->in.len == 0)
            timer_set(x->worker->loop, &c->timer,
                      conversation(x->scope)->client_body_timeout);
        got = c->event.can_read ? client_read(c, BODY_READ) : -1;
        if (got == -1)
            return;
        if (got <= 0) {
            exchange_log(x, ERROR_LOG_INFO, got == 0 ? 0 : errno,
                         "client prematurely closed connection");
            if (!x->out.begun)
                x->out.status = 400;
            exchange_abort(x);
            return;
        }
        reads++;
    }
}

static uint64_t body_limit(const struct exchange *x)
{
    int64_t max = conversation(x->scope)->client_max_body_size;

    return max > 0 && !x->body.discard ? (uint64_t)max : UINT64_MAX;
}

void body_read(struct exchange *x, void (*ready)(struct exchange *x))
{
    const struct conversation_settings *s = conversation(x->scope);
    struct request_body *b = &x->body;

    if (!b->discard && answer_awaits_word(x)) {
        answer_invite(x);
        output_flush(x);
        if (x->ended)
            return;
    }
    if (b->done || x->request.framing == HTTP_NO_BODY) {
        b->done = true;
        ready(x);
        return;
    }
    b->ready = ready;
    b->started = true;
    spool_init_in(&b->content, (size_t)s->client_body_buffer_size,
                  s->client_body_temp_path->ptr);
    http_body_init(&b->decoder, x->request.framing, x->request.content_length,
                   body_limit(x));
    timer_set(x->worker->loop, &x->client->timer, s->client_body_timeout);
    body_continue(x);
}

void body_discard(struct exchange *x, void (*ready)(struct exchange *x))
{
    struct request_body *b = &x->body;

    b->discard = true;
    x->client->linger_until =
        event_now(x->worker->loop) + conversation(x->scope)->lingering_time;
    if (b->started && !b->done) {
        b->ready = ready;
        body_continue(x);
    } else {
        body_read(x, ready);
    }
}

void body_free(struct exchange *x)
{
    spool_free(&x->body.content);
}
