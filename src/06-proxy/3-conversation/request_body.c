/* request_body: reading what follows the head, into memory first and then
 * into a file, before the exchange goes on. */

#include "answer.h"
#include "chunk.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"
#include "front_worker.h"
#include "output.h"
#include "request_body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_READ FRONT_CHUNK
#define BODY_TURN 32 /* reads, before other clients have a turn */

/* A file without a name: nothing of it is left when the worker dies.  Where
 * the file system has no such files, one that is unlinked at once. */
static int body_open_file(struct exchange *x)
{
    const struct span *dir = conversation(x->scope)->client_body_temp_path;
    int fd = open(dir->ptr, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        struct span path =
            arena_printf(&x->arena, "%.*s/body.XXXXXX", SPAN_ARG(*dir));

        fd = path.ptr ? mkostemp((char *)path.ptr, O_CLOEXEC) : -1;
        if (fd >= 0)
            unlink(path.ptr);
    }
    if (fd < 0)
        exchange_log(x, ERROR_LOG_CRIT, errno,
                     "making a temporary file in \"%.*s\" failed",
                     SPAN_ARG(*dir));
    return fd;
}

static bool body_write_file(struct exchange *x, struct span bytes)
{
    struct request_body *b = &x->body;

    if (b->file < 0)
        b->file = body_open_file(x);
    while (b->file >= 0 && bytes.len > 0) {
        ssize_t n = write(b->file, bytes.ptr, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            exchange_log(x, ERROR_LOG_CRIT, errno,
                         "writing the request's body to a file failed");
            return false;
        }
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    return b->file >= 0;
}

/* The first client_body_buffer_size bytes stay in memory. */
static bool body_store(struct exchange *x, struct span bytes)
{
    struct request_body *b = &x->body;

    b->length += bytes.len;
    if (b->discard)
        return true;
    if (b->file < 0 && buf_add_span(&b->memory, bytes))
        return true;
    return body_write_file(x, bytes);
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

        state = http_decode_body(&b->decoder, in->ptr + at, in->len - at,
                                 &used, &content);
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
        exchange_log(x, ERROR_LOG_ERROR, 0,
                     "client sent an invalid body: %s", b->decoder.reason);
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
        if (x->body.discard &&
            event_now(x->worker->loop) > c->linger_until) {
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

/* As nginx, a client that asks is answered, also when its body has come already
 * or there is none: RFC 9110 10.1.1 allows to be silent then, and nobody who
 * has asked is worse off for an answer. */
bool body_awaits_word(const struct exchange *x)
{
    return x->request.expect_continue && !x->body.invited;
}

void body_invite(struct exchange *x)
{
    static const struct span go_on =
        SPAN_INIT("HTTP/1.1 100 Continue\r\n\r\n");

    x->body.invited = true;
    x->out.head_len += go_on.len; /* it is no part of the body */
    if (!output_bytes(x, go_on, NULL))
        x->out.failed = true;
}

static uint64_t body_limit(const struct exchange *x)
{
    int64_t max = conversation(x->scope)->client_max_body_size;

    return max > 0 && !x->body.discard ? (uint64_t)max : UINT64_MAX;
}

void body_read(struct exchange *x, void (*ready)(struct exchange *x))
{
    struct request_body *b = &x->body;

    if (!b->discard && body_awaits_word(x)) {
        body_invite(x);
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
    buf_init(&b->memory,
             (size_t)conversation(x->scope)->client_body_buffer_size);
    http_body_init(&b->decoder, x->request.framing, x->request.content_length,
                   body_limit(x));
    timer_set(x->worker->loop, &x->client->timer,
              conversation(x->scope)->client_body_timeout);
    body_continue(x);
}

void body_discard(struct exchange *x, void (*ready)(struct exchange *x))
{
    struct request_body *b = &x->body;

    b->discard = true;
    x->client->linger_until = event_now(x->worker->loop) +
                              conversation(x->scope)->lingering_time;
    if (b->started && !b->done) {
        b->ready = ready;
        body_continue(x);
    } else {
        body_read(x, ready);
    }
}

void body_free(struct exchange *x)
{
    buf_free(&x->body.memory);
    if (x->body.file >= 0)
        close(x->body.file);
    x->body.file = -1;
}
