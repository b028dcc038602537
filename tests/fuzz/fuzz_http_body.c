/* fuzz_http_body: a chunked body gives the same content however it is cut. */

#include <stdlib.h>
#include <string.h>

#include "http_body.h"

static void require(int good)
{
    if (!good)
        abort();
}

/* Decodes data in pieces of at most `step` bytes into `content`. */
static enum http_parse decode(const uint8_t *data, size_t size, size_t step,
                              struct buf *content, size_t *end)
{
    struct http_body body;
    enum http_parse got = HTTP_MORE;
    size_t at = 0;

    http_body_init(&body, HTTP_CHUNKED, 0, 100000);
    while (got == HTTP_MORE && at < size) {
        size_t len = size - at < step ? size - at : step, used;
        struct span piece;
        got = http_decode_body(&body, (const char *)data + at, len, &used,
                               &piece);
        require(used <= len);
        require(piece.len <= used);
        if (got != HTTP_BAD)
            buf_add_span(content, piece);
        at += used;
    }
    *end = at;
    return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, cut;
    size_t whole_end, cut_end;

    buf_init(&whole, 1 << 20);
    buf_init(&cut, 1 << 20);
    enum http_parse a = decode(data, size, size, &whole, &whole_end);
    enum http_parse b = decode(data, size, 1, &cut, &cut_end);
    require(a == b);
    if (a != HTTP_BAD) {
        require(whole_end == cut_end);
        require(span_eq(buf_span(&whole), buf_span(&cut)));
    }
    buf_free(&whole);
    buf_free(&cut);
    return 0;
}
