/* http_body: content and framing told apart, at every cut. */

#include "guard.h"
#include "http_body.h"
#include "unit.h"

static struct http_body body;
static struct buf content;
static size_t total_used;

/* Decodes in[from .. to) as a decoder's user does, and appends the content.
 * Returns what the decoder said when it could use no more. */
static enum http_parse feed(const char *in, size_t from, size_t to)
{
    const char *copy = guard_put(in + from, to - from);
    size_t at = 0, used;
    struct span run;
    enum http_parse found;

    do {
        found = http_decode_body(&body, copy + at, to - from - at, &used, &run);
        if (run.len > 0 &&
            (run.ptr < copy + at || run.ptr + run.len > copy + at + used))
            CU_FAIL("content outside of what was used");
        buf_add_span(&content, run);
        at += used;
        total_used += used;
        if (found == HTTP_MORE && used == 0 && at < to - from)
            CU_FAIL("no progress");
    } while (found == HTTP_MORE && at < to - from);
    return found;
}

/* Decodes `in` given up to `cut` first (0: byte by byte). */
static enum http_parse decode_cut(struct span in, size_t cut,
                                  enum http_framing framing, uint64_t length,
                                  uint64_t max)
{
    enum http_parse found;
    size_t from = 0, to = cut ? cut : 1;

    buf_free(&content);
    total_used = 0;
    http_body_init(&body, framing, length, max);
    for (;;) {
        if (to > in.len)
            to = in.len;
        found = feed(in.ptr, from, to);
        if (found != HTTP_MORE || to == in.len)
            return found;
        from = to;
        to = cut ? in.len : to + 1;
    }
}

/* Whole, cut at every byte, byte by byte: the same answer and content. */
static enum http_parse decode(struct span in, enum http_framing framing,
                              uint64_t length, uint64_t max)
{
    enum http_parse whole, found;
    struct buf first;
    struct http_body end;
    size_t used;

    buf_free(&content);
    buf_init(&content, 1 << 20);
    whole = decode_cut(in, in.len, framing, length, max);
    end = body;
    used = total_used;
    first = content;
    buf_init(&content, 1 << 20);
    for (size_t cut = 0; cut <= in.len; cut++) {
        found = decode_cut(in, cut < in.len ? cut : 0, framing, length, max);
        if (found != whole || total_used != used || body.status != end.status ||
            body.reason != end.reason || body.total != end.total ||
            http_body_may_end(&body) != http_body_may_end(&end) ||
            !span_eq(buf_span(&content), buf_span(&first))) {
            printf("cut at %zu: %.40s\n", cut, in.ptr);
            CU_FAIL("where the bytes were cut has changed the answer");
            break;
        }
    }
    buf_free(&first);
    return whole;
}

static enum http_parse chunked(struct span in)
{
    return decode(in, HTTP_CHUNKED, 0, 1000);
}

static void lengths(void)
{
    CU_ASSERT_EQUAL(decode(SPAN("hello+"), HTTP_LENGTH, 5, 5), HTTP_DONE);
    CU_ASSERT(span_eq(buf_span(&content), SPAN("hello")));
    CU_ASSERT_EQUAL(total_used, 5);
    CU_ASSERT_EQUAL(decode(SPAN("hell"), HTTP_LENGTH, 5, 5), HTTP_MORE);
    CU_ASSERT(!http_body_may_end(&body));
    CU_ASSERT_EQUAL(decode(SPAN("+"), HTTP_LENGTH, 0, 0), HTTP_DONE);
    CU_ASSERT_EQUAL(total_used, 0);
    CU_ASSERT_EQUAL(decode(SPAN("hello"), HTTP_LENGTH, 5, 4), HTTP_BAD);
    CU_ASSERT_EQUAL(body.status, 413);
    CU_ASSERT_EQUAL(total_used, 0);
    CU_ASSERT_EQUAL(decode(SPAN("a"), HTTP_LENGTH, UINT64_MAX, UINT64_MAX),
                    HTTP_MORE);
    buf_free(&content);
}

static void no_body(void)
{
    CU_ASSERT_EQUAL(decode(SPAN("GET"), HTTP_NO_BODY, 9, 0), HTTP_DONE);
    CU_ASSERT_EQUAL(total_used, 0);
    CU_ASSERT(http_body_may_end(&body));
}

static void to_close(void)
{
    CU_ASSERT_EQUAL(decode(SPAN("hello"), HTTP_TO_CLOSE, 0, 5), HTTP_MORE);
    CU_ASSERT(span_eq(buf_span(&content), SPAN("hello")));
    CU_ASSERT(http_body_may_end(&body));
    buf_free(&content);
    http_body_init(&body, HTTP_TO_CLOSE, 0, 4);
    buf_init(&content, 100);
    CU_ASSERT_EQUAL(feed("hello", 0, 5), HTTP_BAD);
    CU_ASSERT_EQUAL(body.status, 413);
    buf_free(&content);
}

static void chunks(void)
{
    static const struct {
        struct span in, content;
        size_t next; /* bytes that belong to the next message */
    } rows[] = {
        {SPAN_INIT("0\r\n\r\n"), SPAN_INIT(""), 0},
        {SPAN_INIT("3\r\nabc\r\n0\r\n\r\nGET"), SPAN_INIT("abc"), 3},
        {SPAN_INIT("1\r\na\r\n2\r\nbc\r\n000\r\n\r\n"), SPAN_INIT("abc"), 0},
        {SPAN_INIT("A\r\n0123456789\r\n0\r\n\r\n"), SPAN_INIT("0123456789"), 0},
        {SPAN_INIT("a\r\n0123456789\r\n0\r\n\r\n"), SPAN_INIT("0123456789"), 0},
        {SPAN_INIT("0000000000000000000000000000002\r\n\r\n\r\n0\r\n\r\n"),
         SPAN_INIT("\r\n"), 0},
        {SPAN_INIT("1;a=b;c=\"d;\xff\t\"\r\nx\r\n0;e\r\n\r\n"), SPAN_INIT("x"),
         0},
        {SPAN_INIT("1 \t;a\r\nx\r\n0 ; b\r\n\r\n"), SPAN_INIT("x"), 0},
        {SPAN_INIT("1\r\nx\r\n0\r\nA: b\r\nContent-Length:\t5\r\n\r\n"),
         SPAN_INIT("x"), 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL(chunked(rows[i].in), HTTP_DONE);
        CU_ASSERT(span_eq(buf_span(&content), rows[i].content));
        CU_ASSERT_EQUAL(total_used, rows[i].in.len - rows[i].next);
        CU_ASSERT_EQUAL(body.total, rows[i].content.len);
        CU_ASSERT(http_body_may_end(&body));
        buf_free(&content);
    }
}

/* Every beginning of a chunked body is incomplete, and its end no end. */
static void truncated(void)
{
    struct span in = SPAN("3;a\r\nabc\r\n0\r\nA: b\r\n\r\n");

    for (size_t n = 0; n < in.len; n++) {
        buf_init(&content, 100);
        CU_ASSERT_EQUAL(decode_cut((struct span){in.ptr, n}, n ? n : 1,
                                   HTTP_CHUNKED, 0, 100),
                        HTTP_MORE);
        CU_ASSERT(!http_body_may_end(&body));
        buf_free(&content);
    }
}

static void bad_chunks(void)
{
    static const struct span rows[] = {
        SPAN_INIT("\r\n"),
        SPAN_INIT("x"),
        SPAN_INIT(" 1\r\n"),
        SPAN_INIT("\t1\r\n"),
        SPAN_INIT("+1\r\n"),
        SPAN_INIT("-1\r\n"),
        SPAN_INIT("0x1\r\n"),
        SPAN_INIT("1_0\r\n"),
        SPAN_INIT(";a\r\n"),
        SPAN_INIT("1 \r\n"),
        SPAN_INIT("1 a\r\n"),
        SPAN_INIT("1g\r\n"),
        SPAN_INIT("1\na\r\n"),
        SPAN_INIT("1\ra"),
        SPAN_INIT("1\r\r\n"),
        SPAN_INIT("1;a\nx\r\n"),
        SPAN_INIT("1;a\r;b\r\n"),
        SPAN_INIT("1;a=\"\n\"\r\n"),
        SPAN_INIT("1;\0\r\n"),
        SPAN_INIT("1\r\nab\r\n"),
        SPAN_INIT("1\r\na\n"),
        SPAN_INIT("1\r\na\r0"),
        SPAN_INIT("1\r\na0\r\n"),
        SPAN_INIT("0\n\r\n"),
        SPAN_INIT("0\r\n\n"),
        SPAN_INIT("0\r\n\rX"),
        SPAN_INIT("0\r\nA: b\n\r\n"),
        SPAN_INIT("0\r\nA: b\r\n\n"),
        SPAN_INIT("0\r\nA\r\n\r\n"),
        SPAN_INIT("0\r\n: b\r\n\r\n"),
        SPAN_INIT("0\r\n b\r\n\r\n"),
        SPAN_INIT("0\r\nA : b\r\n\r\n"),
        SPAN_INIT("0\r\nA: b\rc\r\n\r\n"),
        SPAN_INIT("0\r\nA: \0\r\n\r\n"),
        SPAN_INIT("0\r\nA: b\r\r\n"),
        SPAN_INIT("G\r\n"),
        SPAN_INIT("@\r\n"),
        SPAN_INIT("`\r\n"),
        SPAN_INIT("\xb2\r\n"),
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool good = chunked(rows[i]) == HTTP_BAD && body.status == 400 &&
                    body.reason != NULL && feed("0\r\n\r\n", 0, 5) == HTTP_BAD;

        if (!good)
            printf("row %zu: %.40s\n", i, rows[i].ptr);
        CU_ASSERT(good);
        buf_free(&content);
    }
}

/* The bound is of the content, over all chunks; a size that overflows is past
 * any bound, and none is passed by adding two. */
static void bounds(void)
{
    static const struct {
        struct span in;
        uint64_t max;
        enum http_parse found;
    } rows[] = {
        {SPAN_INIT("3\r\nabc\r\n0\r\n\r\n"), 3, HTTP_DONE},
        {SPAN_INIT("3\r\nabc\r\n0\r\n\r\n"), 2, HTTP_BAD},
        {SPAN_INIT("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), 3, HTTP_DONE},
        {SPAN_INIT("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), 2, HTTP_BAD},
        {SPAN_INIT("0\r\n\r\n"), 0, HTTP_DONE},
        {SPAN_INIT("1\r\n"), 0, HTTP_BAD},
        {SPAN_INIT("10\r\n0123456789abcdef\r\n0\r\n\r\n"), 16, HTTP_DONE},
        {SPAN_INIT("10\r\n"), 15, HTTP_BAD},
        {SPAN_INIT("ffffffffffffffff\r\n"), UINT64_MAX, HTTP_MORE},
        {SPAN_INIT("10000000000000000\r\n"), UINT64_MAX, HTTP_BAD},
        {SPAN_INIT("1\r\na\r\nffffffffffffffff\r\n"), UINT64_MAX, HTTP_BAD},
        {SPAN_INIT("1\r\na\r\nfffffffffffffffe\r\n"), UINT64_MAX, HTTP_MORE},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum http_parse found =
            decode(rows[i].in, HTTP_CHUNKED, 0, rows[i].max);

        CU_ASSERT_EQUAL(found, rows[i].found);
        if (found == HTTP_BAD)
            CU_ASSERT_EQUAL(body.status, 413);
        buf_free(&content);
    }
}

/* A chunk line and a trailer section that fill their bounds, and one more. */
static void line_bounds(void)
{
    static char in[2 * HTTP_MAX_TRAILER];
    size_t n;

    for (int over = 0; over < 2; over++) {
        memset(in, 'a', sizeof in);
        memcpy(in, "1;", 2);
        n = HTTP_MAX_CHUNK_LINE + (size_t)over;
        memcpy(in + n - 2, "\r\n", 2);
        CU_ASSERT_EQUAL(decode((struct span){in, n}, HTTP_CHUNKED, 0, 9),
                        over ? HTTP_BAD : HTTP_MORE);
        CU_ASSERT_EQUAL(body.status, over ? 400 : 0);

        memset(in, 'a', sizeof in);
        memcpy(in, "0\r\nA:", 5);
        n = 3 + HTTP_MAX_TRAILER + (size_t)over;
        memcpy(in + n - 4, "\r\n\r\n", 4);
        CU_ASSERT_EQUAL(decode((struct span){in, n}, HTTP_CHUNKED, 0, 9),
                        over ? HTTP_BAD : HTTP_DONE);
        CU_ASSERT_EQUAL(body.status, over ? 431 : 0);
    }
}

UNIT_MAIN("http_body", {"lengths", lengths}, {"no body", no_body},
          {"to close", to_close}, {"chunks", chunks}, {"truncated", truncated},
          {"bad chunks", bad_chunks}, {"bounds", bounds},
          {"line bounds", line_bounds})
