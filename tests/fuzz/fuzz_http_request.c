/* fuzz_http_request: a request head gives the same answer however it is cut,
 * and what the parser says it found lies within the head. */

#include <stdlib.h>
#include <string.h>

#include "http_request.h"

static void require(int good)
{
    if (!good)
        abort();
}

static void check(const struct http_request *r, size_t len)
{
    struct http_slice slices[] = {r->method, r->target, r->path, r->query,
                                  r->host};
    require(r->head_len <= len);
    for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++)
        require((size_t)slices[i].at + slices[i].len <= r->head_len);
    for (unsigned i = 0; i < r->fields.count; i++)
        require((size_t)r->fields.list[i].value.at +
                    r->fields.list[i].value.len <= r->head_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_field list[2][HTTP_MAX_FIELDS];
    struct http_request whole, cut;
    enum http_parse a, b = HTTP_MORE;
    char *copy = malloc(size + 1);

    memcpy(copy, data, size);
    http_request_init(&whole, list[0], HTTP_MAX_FIELDS, NULL);
    a = http_parse_request(&whole, copy, size);
    http_request_init(&cut, list[1], HTTP_MAX_FIELDS, NULL);
    for (size_t len = 0; len <= size && b == HTTP_MORE; len++)
        b = http_parse_request(&cut, copy, len);
    require(a == b);
    if (a == HTTP_BAD)
        require(whole.status >= 400 && whole.reason);
    if (a == HTTP_DONE) {
        check(&whole, size);
        require(whole.head_len == cut.head_len);
        require(whole.framing == cut.framing);
        require(whole.fields.count == cut.fields.count);
        require(whole.keep_alive == cut.keep_alive);
    }
    free(copy);
    return 0;
}
