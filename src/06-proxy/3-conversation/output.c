/* output: the queue of pieces between an answer and its socket. */

#include "output.h"
#include "chunk.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"
#include "front_worker.h"

#include <errno.h>
#include <unistd.h>

#define OUTPUT_IOV      64
#define OUTPUT_SENDFILE (1 << 20) /* at most so much of a file in one call, */
#define OUTPUT_TURN     (4 << 20) /* and in one turn, before others have one */
#define OUTPUT_PIECES   1024      /* that may wait for one client */
#define OUTPUT_COPY     16384     /* bytes of a file that are read, not sent */

struct piece *piece_new(struct exchange *x, const struct piece *from)
{
    struct piece *p = x->out.spare;

    if (p != NULL)
        x->out.spare = p->next;
    else
        p = arena_alloc(&x->arena, sizeof *p);
    if (p == NULL)
        return NULL;
    *p = *from;
    if (from->bytes.ptr == from->size)
        p->bytes.ptr = p->size;
    p->next = NULL;
    if (p->chunk != NULL)
        chunk_use(p->chunk);
    return p;
}

void piece_free(struct exchange *x, struct piece *p)
{
    if (p->chunk != NULL)
        chunk_drop(x->worker, p->chunk);
    p->next = x->out.spare;
    x->out.spare = p;
}

static bool output_piece(struct exchange *x, const struct piece *piece)
{
    struct answer *out = &x->out;
    struct piece *p = piece_new(x, piece);

    if (p == NULL)
        return false;
    *(out->first == NULL ? &out->first : &out->last->next) = p;
    out->last = p;
    out->pieces++;
    out->queued += p->file < 0 ? p->bytes.len : p->left;
    return true;
}

/* A short file is cheaper read than sent by sendfile: it leaves with its head,
 * in one call.  False when it is not short, or could not be read. */
static bool output_copy(struct exchange *x, const struct piece *p)
{
    struct front_chunk *chunk;
    bool ok;

    if (p->left > OUTPUT_COPY || (chunk = chunk_new(x->worker)) == NULL)
        return false;
    chunk_use(chunk);
    ok = pread(p->file, chunk->bytes, p->left, (off_t)p->offset) ==
               (ssize_t)p->left &&
           output_bytes(x, (struct span){chunk->bytes, p->left}, chunk);
    chunk_drop(x->worker, chunk);
    return ok;
}

bool output_add(struct exchange *x, const struct piece *piece)
{
    if (piece->end) {
        x->out.ended = true;
        return true;
    }
    if (piece->file >= 0 ? piece->left == 0 : piece->bytes.len == 0)
        return true;
    return (piece->file >= 0 && output_copy(x, piece)) ||
           output_piece(x, piece);
}

bool output_bytes(struct exchange *x, struct span bytes,
                  struct front_chunk *chunk)
{
    return output_add(
        x, &(struct piece){.bytes = bytes, .chunk = chunk, .file = -1});
}

bool output_full(const struct exchange *x, uint64_t bytes)
{
    return x->out.queued >= bytes || x->out.pieces >= OUTPUT_PIECES;
}

static void output_drop_first(struct exchange *x)
{
    struct answer *out = &x->out;
    struct piece *p = out->first;

    out->first = p->next;
    out->pieces--;
    piece_free(x, p);
}

void output_clear(struct exchange *x)
{
    while (x->out.first != NULL)
        output_drop_first(x);
    x->out.queued = 0;
}

static void output_consume(struct exchange *x, size_t n)
{
    struct answer *out = &x->out;

    out->queued -= n;
    out->sent += n;
    while (n > 0) {
        struct piece *p = out->first;

        if (n < p->bytes.len) {
            p->bytes.ptr += n;
            p->bytes.len -= n;
            return;
        }
        n -= p->bytes.len;
        output_drop_first(x);
    }
}

/* Writes the memory pieces that come first, in one call; MSG_MORE when a file
 * follows them, so that the head and the file's start share a packet. */
static ssize_t output_write_bytes(struct exchange *x)
{
    struct iovec iov[OUTPUT_IOV];
    struct client *c = x->client;
    size_t count = 0;
    struct piece *p;

    for (p = x->out.first; p != NULL && p->file < 0; p = p->next) {
        if (count == OUTPUT_IOV)
            break;
        iov[count++] = (struct iovec){(char *)p->bytes.ptr, p->bytes.len};
    }
    return c->transport->send(c, iov, count, p != NULL && p->file >= 0);
}

/* Without `sendfile` a part of the file takes the way through memory. */
static ssize_t output_copy_file(struct exchange *x, struct piece *p)
{
    char bytes[FRONT_CHUNK];
    size_t want = p->left < sizeof bytes ? (size_t)p->left : sizeof bytes;
    ssize_t n = pread(p->file, bytes, want, (off_t)p->offset);
    struct iovec iov;

    if (n <= 0)
        return n;
    iov = (struct iovec){bytes, (size_t)n};
    return x->client->transport->send(x->client, &iov, 1, false);
}

static ssize_t output_write_file(struct exchange *x)
{
    struct piece *p = x->out.first;
    struct client *c = x->client;
    size_t want = p->left < OUTPUT_SENDFILE ? (size_t)p->left : OUTPUT_SENDFILE;
    ssize_t n =
        conversation(x->scope)->sendfile
            ? c->transport->send_file(c, p->file, (off_t)p->offset, want)
            : output_copy_file(x, p);

    if (n == 0) {
        exchange_log(x, ERROR_LOG_ALERT, 0,
                     "a file was truncated while it was being sent");
        errno = EIO;
        return -1;
    }
    if (n > 0) {
        p->offset += (uint64_t)n;
        p->left -= (uint64_t)n;
        x->out.queued -= (uint64_t)n;
        x->out.sent += (uint64_t)n;
        if (p->left == 0)
            output_drop_first(x);
    }
    return n;
}

/* Until the queue is empty, the socket full, or the turn over; false when the
 * connection is broken. */
static bool output_write(struct exchange *x)
{
    struct event *e = &x->client->event;
    uint64_t turn_ends = x->out.sent + OUTPUT_TURN;

    while (x->out.first != NULL && e->can_write) {
        bool file = x->out.first->file >= 0;
        ssize_t n;

        if (x->out.sent >= turn_ends) {
            client_soon(x->client);
            return true;
        }
        n = file ? output_write_file(x) : output_write_bytes(x);
        if (n > 0) {
            if (!file)
                output_consume(x, (size_t)n);
        } else if (errno == EAGAIN) {
            e->can_write = false;
        } else if (errno != EINTR) {
            if (errno != EIO)
                exchange_log(x, ERROR_LOG_INFO, errno,
                             "sending to the client failed");
            return false;
        }
    }
    return true;
}

void output_flush(struct exchange *x)
{
    const struct conversation_settings *s = conversation(x->scope);
    struct event_loop *loop = x->worker->loop;
    uint64_t before = x->out.sent;
    bool awaits_body = x->body.started && !x->body.done;

    if (x->ended)
        return;
    if (x->out.failed || !output_write(x)) {
        exchange_abort(x);
        return;
    }
    if (x->out.first == NULL && x->out.ended) {
        x->done(x);
        return;
    }
    if (x->out.first == NULL && !awaits_body)
        timer_clear(loop, &x->client->timer);
    else if (x->out.sent != before || x->client->timer.when == 0)
        timer_set(loop, &x->client->timer,
                  x->out.first == NULL ? s->client_body_timeout
                                       : s->send_timeout);
}
