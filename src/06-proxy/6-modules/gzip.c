/* gzip: compresses the bodies that gzip_rules lets through, as they pass. */

#include "answer.h"
#include "chunk.h"
#include "connection.h"
#include "error_log.h"
#include "exchange.h"
#include "filters.h"
#include "gzip_rules.h"
#include "module.h"
#include "output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define GZIP_HIGH_WATER (4 * FRONT_CHUNK)
#define GZIP_TURN       (512 * 1024) /* of a file, before others have a turn */

struct gzip_stream {
    z_stream z;
    struct front_chunk *chunk; /* being filled */
    size_t filled;
    int fd; /* a file that is not yet read whole, or -1 */
    uint64_t offset, left;
};

static voidpf gzip_alloc(voidpf opaque, uInt items, uInt size)
{
    return arena_alloc(opaque, (size_t)items * size);
}

static void gzip_release(voidpf opaque, voidpf address)
{
    (void)address; /* the arena takes it back */
}

static void gzip_drop_chunk(void *what)
{
    struct exchange *x = what;
    struct gzip_stream *g = x->out.gzip;

    if (g != NULL && g->chunk != NULL)
        chunk_drop(x->worker, g->chunk);
}

static struct gzip_stream *gzip_open(struct exchange *x, int level)
{
    struct gzip_stream *g = arena_zalloc(&x->arena, sizeof *g);

    if (g == NULL)
        return NULL;
    g->fd = -1;
    g->z.zalloc = gzip_alloc;
    g->z.zfree = gzip_release;
    g->z.opaque = &x->arena;
    if (deflateInit2(&g->z, level, Z_DEFLATED, 15 + 16, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK ||
        !arena_on_reset(&x->arena, gzip_drop_chunk, x))
        return NULL;
    return g;
}

/* A strong validator is about bytes, and these are other bytes: it becomes a
 * weak one (RFC 9110 8.8.1).  What is no entity tag cannot, and goes. */
static bool weaken_etag(struct exchange *x)
{
    struct span *etag = &x->out.etag;

    if (span_starts(*etag, SPAN("W/")))
        return true;
    if (!span_starts(*etag, SPAN("\""))) {
        etag->len = 0;
        return true;
    }
    *etag = arena_printf(&x->arena, "W/%.*s", SPAN_ARG(*etag));
    return etag->ptr != NULL;
}

/* What else was said of the bytes: their number, their parts, their sum. */
static void forget_bytes(struct answer *out)
{
    static const struct span of_bytes[] = {
        SPAN_INIT("Accept-Ranges"),  SPAN_INIT("Content-MD5"),
        SPAN_INIT("Content-Digest"), SPAN_INIT("Repr-Digest"),
        SPAN_INIT("Digest"),
    };

    out->length = -1;
    out->accept_ranges = false;
    for (struct out_field *f = out->fields; f != NULL; f = f->next)
        for (size_t i = 0; i < sizeof of_bytes / sizeof *of_bytes; i++)
            if (span_eq_nocase(f->name, of_bytes[i]))
                f->name.len = 0;
}

void gzip_choose(struct exchange *x)
{
    const struct gzip_settings *s = CONF_OF(x->scope, &gzip_module);

    if (!gzip_wanted(x, s))
        return;
    x->out.vary = s->vary;
    x->out.coded = gzip_allowed(x, s);
}

/* 304 has the fields of the 200 and no body.  A part that an upstream sends is
 * one of the plain variant, and says so. */
bool gzip_filter(struct exchange *x)
{
    const struct gzip_settings *s = CONF_OF(x->scope, &gzip_module);
    struct answer *out = &x->out;

    if (!out->coded || out->status == 206 || out->status == 416)
        return true;
    forget_bytes(out);
    if (out->status == 304)
        return weaken_etag(x);
    /* HEAD is told the fields of the answer that GET would have. */
    if (!x->head_only) {
        out->gzip = gzip_open(x, (int)s->level);
        if (out->gzip == NULL) {
            exchange_log(x, ERROR_LOG_ALERT, 0, "deflateInit2() failed");
            return false;
        }
    }
    return weaken_etag(x) &&
           answer_field(x, SPAN("Content-Encoding"), SPAN("gzip"));
}

/* Room for the compressor's output. */
static bool gzip_room(struct exchange *x, struct gzip_stream *g)
{
    if (g->chunk == NULL) {
        g->chunk = chunk_new(x->worker);
        if (g->chunk == NULL)
            return false;
        chunk_use(g->chunk);
        g->filled = 0;
    }
    g->z.next_out = (Bytef *)g->chunk->bytes + g->filled;
    g->z.avail_out = (uInt)(FRONT_CHUNK - g->filled);
    return true;
}

/* Sends on what the compressor has put into its chunk. */
static void gzip_pass(struct exchange *x, struct gzip_stream *g)
{
    answer_framed(
        x, (struct span){g->chunk->bytes, FRONT_CHUNK - g->z.avail_out},
        g->chunk);
    chunk_drop(x->worker, g->chunk);
    g->chunk = NULL;
}

static bool gzip_deflate(struct exchange *x, struct span bytes, int flush)
{
    struct gzip_stream *g = x->out.gzip;
    int rc;

    g->z.next_in = (Bytef *)bytes.ptr;
    g->z.avail_in = (uInt)bytes.len;
    do {
        if (!gzip_room(x, g))
            return false;
        rc = deflate(&g->z, flush);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return false;
        if (g->z.avail_out == 0 || rc == Z_STREAM_END)
            gzip_pass(x, g);
        else
            g->filled = FRONT_CHUNK - g->z.avail_out;
    } while (g->z.avail_in > 0 || (flush == Z_FINISH && rc != Z_STREAM_END));
    return true;
}

bool gzip_bytes(struct exchange *x, struct span bytes, bool last)
{
    if (last && gzip_busy(x))
        return true;
    return gzip_deflate(x, bytes, last ? Z_FINISH : Z_NO_FLUSH);
}

bool gzip_busy(const struct exchange *x)
{
    return x->out.gzip->fd >= 0;
}

/* Reads and compresses until the queue is full, the turn over (a file that
 * compresses well never fills the queue), or the file at its end. */
bool gzip_continue(struct exchange *x)
{
    struct gzip_stream *g = x->out.gzip;
    uint64_t turn_ends = g->offset + GZIP_TURN;
    char bytes[FRONT_CHUNK];

    while (g->left > 0 && g->offset < turn_ends &&
           x->out.queued < GZIP_HIGH_WATER) {
        size_t want = g->left < sizeof bytes ? (size_t)g->left : sizeof bytes;
        ssize_t n = pread(g->fd, bytes, want, (off_t)g->offset);

        if (n <= 0) {
            exchange_log(x, ERROR_LOG_ALERT, n < 0 ? errno : 0,
                         "reading a file to compress it ended early");
            return false;
        }
        if (!gzip_deflate(x, (struct span){bytes, (size_t)n}, Z_NO_FLUSH))
            return false;
        g->offset += (uint64_t)n;
        g->left -= (uint64_t)n;
    }
    if (g->left == 0)
        g->fd = -1;
    return true;
}

/* What is ready goes out.  If the socket took it all, no event will come for
 * it: the rest has to be asked for. */
void gzip_pause(struct exchange *x)
{
    output_flush(x);
    if (!x->ended && x->out.queued < FRONT_LOW_WATER)
        client_soon(x->client);
}

static void gzip_drained(struct exchange *x)
{
    if (!gzip_continue(x)) {
        exchange_abort(x);
        return;
    }
    if (!gzip_busy(x)) {
        x->drained = NULL;
        answer_end(x);
        return;
    }
    gzip_pause(x);
}

bool gzip_file(struct exchange *x, int fd, uint64_t offset, uint64_t n)
{
    struct gzip_stream *g = x->out.gzip;

    g->fd = fd;
    g->offset = offset;
    g->left = n;
    if (!gzip_continue(x))
        return false;
    if (gzip_busy(x))
        x->drained = gzip_drained;
    return true;
}
