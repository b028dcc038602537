/* play_send: what a script sends, cut into writes. */

#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_BYTEWISE 4096 /* so many bytes are sent one by one */
#define MAX_WRITE    24   /* a random cut's longest piece */
#define MAX_BY_HAND  3000 /* bytes of a printf for people */

/* Milliseconds of its own time that a write waits for the one before it to be
 * read.  A program that has not read by then has done with this connection, or
 * with this client for now: the rest is sent as if it read. */
#define CUT_PATIENCE 500

static void add_le16(struct buf *out, size_t n)
{
    buf_add_char(out, (char)(n & 0xff));
    buf_add_char(out, (char)(n >> 8 & 0xff));
}

static void add_pair(struct buf *block, struct span key, struct span value)
{
    add_le16(block, key.len);
    buf_add_span(block, key);
    add_le16(block, value.len);
    buf_add_span(block, value);
}

struct pair {
    struct span key, value;
};

#define MAX_PAIRS 512

/* The variables that a front sends for "METHOD TARGET". */
static size_t add_request(struct pair *pairs, struct span request)
{
    struct span target = request, method = case_word(&target);
    struct span query = target, path = SPAN_INIT("");
    const struct pair all[] = {
        {SPAN("QUERY_STRING"), SPAN("")},
        {SPAN("REQUEST_METHOD"), method},
        {SPAN("CONTENT_TYPE"), SPAN("")},
        {SPAN("CONTENT_LENGTH"), SPAN("")},
        {SPAN("REQUEST_URI"), target},
        {SPAN("PATH_INFO"), target},
        {SPAN("DOCUMENT_ROOT"), SPAN("/var/www")},
        {SPAN("SERVER_PROTOCOL"), SPAN("HTTP/1.1")},
        {SPAN("REQUEST_SCHEME"), SPAN("http")},
        {SPAN("REMOTE_ADDR"), SPAN("127.0.0.1")},
        {SPAN("REMOTE_PORT"), SPAN("50000")},
        {SPAN("SERVER_PORT"), SPAN("80")},
        {SPAN("SERVER_NAME"), SPAN("localhost")},
        {SPAN("HTTP_HOST"), SPAN("localhost")},
    };
    size_t n = sizeof all / sizeof all[0];

    span_next(&query, '?', &path);
    for (size_t i = 0; i < n; i++)
        pairs[i] = all[i];
    pairs[0].value = query;
    pairs[5].value = path;
    return n;
}

/* The case's own variables: the first of a name that stands there already
 * takes its place, all others are added. */
static bool add_pairs(struct replay *r, const struct step *s,
                      struct pair *pairs, size_t *count)
{
    size_t known = *count;

    for (size_t i = 0; i < s->pair_count; i++) {
        struct pattern key, value;
        size_t at = *count;

        if (!play_resolve(r, s, &s->pairs[i].key, &key) ||
            !play_resolve(r, s, &s->pairs[i].value, &value))
            return false;
        for (size_t k = 0; k < known; k++)
            if (span_eq(pairs[k].key, pattern_bytes(&key)))
                at = k;
        if (at == MAX_PAIRS)
            return play_blame_case(r, s, "more than %d variables", MAX_PAIRS);
        pairs[at] = (struct pair){pattern_bytes(&key), pattern_bytes(&value)};
        *count += at == *count;
    }
    return true;
}

static bool add_packet(struct replay *r, const struct step *s, struct buf *out)
{
    struct pair pairs[MAX_PAIRS];
    struct pattern request;
    struct buf block;
    size_t n = 0;
    bool good;

    if (!play_resolve(r, s, &s->text, &request))
        return false;
    if (pattern_bytes(&request).len)
        n = add_request(pairs, pattern_bytes(&request));
    if (!add_pairs(r, s, pairs, &n))
        return false;
    buf_init(&block, 1 << 20);
    for (size_t i = 0; i < n; i++)
        add_pair(&block, pairs[i].key, pairs[i].value);
    good = block.len <= 65535 ||
           play_blame_case(r, s,
                           "the packet would be %zu bytes long, its size "
                           "has 16 bits",
                           block.len);
    if (good) {
        buf_add_char(out, (char)s->a);
        add_le16(out, block.len);
        buf_add_char(out, (char)s->b);
        buf_add_span(out, buf_span(&block));
    }
    buf_free(&block);
    return good;
}

static bool add_step(struct replay *r, const struct step *s, struct buf *out)
{
    struct pattern p;

    if (s->kind == STEP_PACKET)
        return add_packet(r, s, out);
    return play_resolve(r, s, &s->text, &p) &&
           buf_add_span(out, pattern_bytes(&p));
}

static bool is_send(const struct step *s, const struct step *first)
{
    return (s->kind == STEP_SEND || s->kind == STEP_PACKET) &&
           s->side == first->side && s->number == first->number;
}

/* The step after the run of sends that begins at `at`. */
static size_t run_end(struct replay *r, size_t at, bool over_pauses)
{
    const struct step *first = &r->c->steps[at];
    size_t end = at;

    for (size_t i = at; i < r->c->step_count; i++) {
        const struct step *s = &r->c->steps[i];

        if (is_send(s, first))
            end = i + 1;
        else if (!over_pauses || s->kind != STEP_PAUSE)
            break;
    }
    return end;
}

/* The length of the next write, of the bytes from `at` on. */
static size_t next_cut(const struct chop *chop, struct span bytes, size_t at,
                       unsigned *seed)
{
    struct span rest = {bytes.ptr + at, bytes.len - at};
    const char *line_end = NULL;
    size_t n = rest.len;

    if (chop->mode == CHOP_LINES)
        line_end = span_chr(rest, '\n');
    if (line_end)
        n = (size_t)(line_end + 1 - rest.ptr);
    else if (chop->mode == CHOP_BYTES && at < MAX_BYTEWISE)
        n = 1;
    else if (chop->mode == CHOP_RANDOM && at < MAX_BYTEWISE)
        n = 1 + (size_t)rand_r(seed) % MAX_WRITE;
    return n < rest.len ? n : rest.len;
}

static bool send_cut(struct replay *r, const struct step *s,
                     const struct chop *chop, struct span bytes)
{
    struct peer *p = play_peer(r, s);
    unsigned seed = chop->seed;
    struct patience cut;
    bool reads = true;
    size_t n;

    play_wait(r, 0);

    for (size_t at = 0; at < bytes.len; at += n) {
        n = next_cut(chop, bytes, at, &seed);
        if (!peer_send(r->w, p, (struct span){bytes.ptr + at, n}, &r->wait))
            return play_late(r, s,
                             "%s could not send: the program has not "
                             "read for as long as the grader waits",
                             play_name(r, s));
        patience_begin(&cut, (int64_t)(CUT_PATIENCE * r->scale));
        if (at + n < bytes.len && reads)
            reads = peer_await_read(r->w, p, &cut);
    }
    return true;
}

/* The bytes as a shell's printf takes them. */
static void by_hand(struct buf *out, struct span bytes)
{
    buf_add_text(out, "printf '");
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];

        if (c == '\r' || c == '\n')
            buf_add_text(out, c == '\r' ? "\\r" : "\\n");
        else if (c == '%' || c == '\\')
            buf_printf(out, "%c%c", c, c);
        else if (c < 0x20 || c > 0x7e || c == '\'')
            buf_printf(out, "\\%03o", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_text(out, "'; ");
}

size_t play_send(struct replay *r, size_t at)
{
    const struct step *first = &r->c->steps[at];
    struct peer *p = play_peer(r, first);
    struct chop chop = first->side == 'c' ? r->chop : (struct chop){0};
    size_t end = run_end(r, at, chop.mode != CHOP_WRITTEN);
    struct buf bytes;
    bool good = true;

    if (p->fd < 0) {
        play_blame_case(r, first, "%s is not connected", play_name(r, first));
        return 0;
    }
    buf_init(&bytes, SIZE_MAX);
    for (size_t i = at; good && i < end; i++)
        if (r->c->steps[i].kind != STEP_PAUSE)
            good = add_step(r, &r->c->steps[i], &bytes);
    if (good && first->side == 'c' && first->number == 0 &&
        bytes.len <= MAX_BY_HAND)
        by_hand(&r->hand, buf_span(&bytes));
    if (good)
        good = send_cut(r, first, &chop, buf_span(&bytes));
    buf_free(&bytes);
    return good ? end : 0;
}
