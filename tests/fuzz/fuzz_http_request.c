/* fuzz_http_request: a request head gets one answer, however it is cut and
 * wherever its bytes lie, and what the parser says it found lies in the head.
 *
 * The first two bytes of the input choose the bounds and the size of the
 * pieces; the rest is what the client sent. */

#include <stdlib.h>
#include <string.h>

#include "http_request.h"

struct answer {
    enum http_parse found;
    struct http_request request;
    struct http_field list[8];
};

static void require(bool good)
{
    if (!good)
        abort();
}

/* Each call gets a copy of its own that is exactly as long as its text. */
static void parse(struct answer *a, const uint8_t *data, size_t size,
                  size_t step, const struct http_limits *limits)
{
    size_t n = step < size ? step : size;

    memset(a, 0, sizeof *a);
    http_request_init(&a->request, a->list, 8, limits);
    for (;;) {
        char *copy = malloc(n ? n : 1);

        if (n > 0)
            memcpy(copy, data, n);
        a->found = http_parse_request(&a->request, copy, n);
        require(a->request.fields.base == NULL);
        free(copy);
        if (a->found != HTTP_MORE || n == size)
            break;
        n = size - n < step ? size : n + step;
    }
    a->request.fields.list = NULL;
}

static void check_slice(const struct http_request *r, struct http_slice s)
{
    require((size_t)s.at + s.len <= r->head_len);
}

static void check_done(const struct http_request *r, size_t size,
                       const struct http_limits *limits)
{
    require(r->head_len <= size && r->head_len <= limits->head);
    require(r->method.len > 0 && r->target.len > 0);
    require(r->minor == 0 || r->minor == 1);
    require(r->minor == 0 || r->hosts == 1);
    require(r->framing == HTTP_LENGTH || r->content_length == 0);
    check_slice(r, r->method);
    check_slice(r, r->target);
    check_slice(r, r->path);
    check_slice(r, r->query);
    check_slice(r, r->host);
}

static void compare(const struct answer *a, const struct answer *b)
{
    require(a->found == b->found);
    if (a->found == HTTP_BAD) {
        require(a->request.status == b->request.status);
        require(a->request.reason == b->request.reason);
    } else {
        require(memcmp(&a->request, &b->request, sizeof a->request) == 0);
        require(memcmp(a->list, b->list, sizeof a->list) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_limits bounds[] = {
        HTTP_DEFAULT_LIMITS, {32, 24, 128}, {64, 64, 64}, {16, 200, 4000}};
    const struct http_limits *limits;
    struct answer whole, cut;
    size_t step;

    if (size < 2)
        return 0;
    limits = &bounds[data[0] % 4];
    step = data[1] % 32 + 1;
    data += 2, size -= 2;
    parse(&whole, data, size, size, limits);
    parse(&cut, data, size, 1, limits);
    compare(&whole, &cut);
    parse(&cut, data, size, step, limits);
    compare(&whole, &cut);
    if (whole.found == HTTP_BAD)
        require(whole.request.status >= 400 && whole.request.reason);
    if (whole.found == HTTP_DONE) {
        check_done(&whole.request, size, limits);
        for (unsigned i = 0; i < whole.request.fields.count; i++) {
            check_slice(&whole.request, whole.list[i].name);
            check_slice(&whole.request, whole.list[i].value);
        }
    }
    return 0;
}
