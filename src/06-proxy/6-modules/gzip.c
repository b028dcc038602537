/* gzip: compresses the bodies that gzip_rules lets through, as they pass.
 *
 * The head function says what becomes of the answer and joins the chain where
 * bytes will change; the body function feeds zlib and hands on what it makes.
 */

#include "answer.h"
#include "chunk.h"
#include "error_log.h"
#include "exchange.h"
#include "filters.h"
#include "gzip_rules.h"
#include "hooks.h"
#include "module.h"

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
};

extern const struct module gzip_module;

/* The exchange's state is a pointer: few answers are compressed. */
static struct gzip_stream **gzip_of(const struct exchange *x)
{
    return exchange_state(x, &gzip_module);
}

static voidpf gzip_alloc(voidpf opaque, uInt items, uInt size)
{
    return arena_alloc(opaque, (size_t)items * size);
}

static void gzip_release(voidpf opaque, voidpf address)
{
    (void)address; /* the arena takes it back */
}

static void gzip_end(struct exchange *x, void *state)
{
    struct gzip_stream *g = *(struct gzip_stream **)state;

    if (g != NULL && g->chunk != NULL)
        chunk_drop(x->worker, g->chunk);
}

static struct gzip_stream *gzip_open(struct exchange *x, int level)
{
    struct gzip_stream *g = arena_zalloc(&x->arena, sizeof *g);

    if (g == NULL)
        return NULL;
    g->z.zalloc = gzip_alloc;
    g->z.zfree = gzip_release;
    g->z.opaque = &x->arena;
    if (deflateInit2(&g->z, level, Z_DEFLATED, 15 + 16, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
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
        for (size_t i = 0; i < COUNT(of_bytes); i++)
            if (span_eq_nocase(f->name, of_bytes[i]))
                f->name.len = 0;
}

static void gzip_choose(struct exchange *x)
{
    const struct gzip_settings *s = CONF_OF(x->scope, &gzip_module);

    if (!gzip_wanted(x, s))
        return;
    x->out.vary = s->vary;
    x->out.coded = gzip_allowed(x, s);
}

/* 304 has the fields of the 200 and no body.  A part that an upstream sends is
 * one of the plain variant, and says so. */
static bool gzip_head(struct exchange *x)
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
        *gzip_of(x) = gzip_open(x, (int)s->level);
        if (*gzip_of(x) == NULL || !filter_join(x)) {
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

/* Hands on what the compressor has put into its chunk. */
static bool gzip_pass(struct exchange *x, struct gzip_stream *g)
{
    struct piece p = {.bytes = {g->chunk->bytes, FRONT_CHUNK - g->z.avail_out},
                      .chunk = g->chunk,
                      .file = -1};
    bool ok = filter_next(x, &p);

    chunk_drop(x->worker, g->chunk);
    g->chunk = NULL;
    return ok;
}

static bool gzip_deflate(struct exchange *x, struct span bytes, int flush)
{
    struct gzip_stream *g = *gzip_of(x);
    int rc;

    g->z.next_in = (Bytef *)bytes.ptr;
    g->z.avail_in = (uInt)bytes.len;
    do {
        if (!gzip_room(x, g))
            return false;
        rc = deflate(&g->z, flush);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return false;
        g->filled = FRONT_CHUNK - g->z.avail_out;
        if ((g->z.avail_out == 0 || rc == Z_STREAM_END) && !gzip_pass(x, g))
            return false;
    } while (g->z.avail_in > 0 || (flush == Z_FINISH && rc != Z_STREAM_END));
    return true;
}

/* Reads and compresses until the queue is full, the turn over (a file that
 * compresses well never fills the queue), or the file at its end. */
static enum filtered gzip_file(struct exchange *x, struct piece *p)
{
    uint64_t turn_ends = p->offset + GZIP_TURN;
    char bytes[FRONT_CHUNK];

    while (p->left > 0 && p->offset < turn_ends &&
           x->out.queued < GZIP_HIGH_WATER) {
        size_t want = p->left < sizeof bytes ? (size_t)p->left : sizeof bytes;
        ssize_t n = pread(p->file, bytes, want, (off_t)p->offset);

        if (n <= 0) {
            exchange_log(x, ERROR_LOG_ALERT, n < 0 ? errno : 0,
                         "reading a file to compress it ended early");
            return FILTER_FAILED;
        }
        if (!gzip_deflate(x, (struct span){bytes, (size_t)n}, Z_NO_FLUSH))
            return FILTER_FAILED;
        p->offset += (uint64_t)n;
        p->left -= (uint64_t)n;
    }
    return p->left > 0 ? FILTER_FULL : FILTER_OK;
}

static enum filtered gzip_body(struct exchange *x, struct piece *piece)
{
    bool ok;

    if (piece->file >= 0)
        return gzip_file(x, piece);
    ok = gzip_deflate(x, piece->bytes, piece->end ? Z_FINISH : Z_NO_FLUSH) &&
           (!piece->end || filter_next(x, piece));
    return ok ? FILTER_OK : FILTER_FAILED;
}

static const struct filter gzip_filter = {gzip_choose, gzip_head, gzip_body};

const struct module gzip_module = {
    .name = "gzip",
    .index = MODULE_INDEX,
    .rows = gzip_rows,
    .settings = sizeof(struct gzip_settings),
    .filter = &gzip_filter,
    .state = sizeof(struct gzip_stream *),
    .end = gzip_end,
};
