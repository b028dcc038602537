/* fuzz_http_body: a body gives one answer and one content, however it is cut;
 * nothing passes the bound, and no byte is used twice or passed over.
 *
 * The first three bytes of the input choose the framing with its length, the
 * bound and the size of the pieces; the rest is the body. */

#include <stdlib.h>
#include <string.h>

#include "http_body.h"

struct answer {
    enum http_parse found;
    struct http_body body;
    struct buf content;
    size_t used;
};

static void require(bool good)
{
    if (!good)
        abort();
}

/* Decodes one piece, in a copy that is exactly as long as it is. */
static void decode_piece(struct answer *a, const uint8_t *data, size_t len)
{
    char *copy = malloc(len ? len : 1);
    size_t at = 0;

    if (len > 0)
        memcpy(copy, data, len);
    do {
        struct span run;
        size_t used;

        a->found = http_decode_body(&a->body, copy + at, len - at, &used, &run);
        require(used <= len - at);
        require(run.len <= used);
        require(run.len == 0 || (run.ptr >= copy + at &&
                                 run.ptr + run.len <= copy + at + used));
        require(a->found != HTTP_MORE || used > 0 || len == at);
        require(buf_add_span(&a->content, run));
        at += used;
    } while (a->found == HTTP_MORE && at < len);
    a->used += at;
    free(copy);
}

static void decode(struct answer *a, const struct http_body *start,
                   const uint8_t *data, size_t size, size_t step)
{
    size_t at = 0;

    *a = (struct answer){.body = *start};
    buf_init(&a->content, 1 << 20);
    do {
        size_t len = size - at < step ? size - at : step;

        decode_piece(a, data + at, len);
        at += len;
    } while (a->found == HTTP_MORE && at < size);
    require(a->body.total == a->content.len);
    require(a->body.total <= a->body.max);
}

static void compare(struct answer *a, struct answer *b)
{
    require(a->found == b->found);
    require(a->body.status == b->body.status);
    require(a->body.reason == b->body.reason);
    if (a->found != HTTP_BAD || a->body.framing == HTTP_CHUNKED) {
        require(a->used == b->used);
        require(span_eq(buf_span(&a->content), buf_span(&b->content)));
    }
    require(http_body_may_end(&a->body) == http_body_may_end(&b->body));
    buf_free(&b->content);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum http_framing framings[] = {HTTP_CHUNKED, HTTP_CHUNKED,
                                                 HTTP_LENGTH, HTTP_TO_CLOSE};
    static const uint64_t bounds[] = {0, 5, 100, UINT64_MAX};
    struct http_body start;
    struct answer whole, cut;
    size_t step;

    if (size < 3)
        return 0;
    http_body_init(&start, framings[data[0] % 4], data[0] / 4,
                   bounds[data[1] % 4]);
    step = data[2] % 32 + 1;
    data += 3, size -= 3;
    decode(&whole, &start, data, size, size);
    decode(&cut, &start, data, size, 1);
    compare(&whole, &cut);
    decode(&cut, &start, data, size, step);
    compare(&whole, &cut);
    buf_free(&whole.content);
    return 0;
}
