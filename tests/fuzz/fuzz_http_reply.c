/* fuzz_http_reply: any bytes are the head of a response, the beginning of one,
 * or are refused, and it makes no difference where they are cut.  The first
 * byte says where, and whether the request was HEAD. */

#include "http_reply.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS   8
#define MAX_HEAD 512

static void check(const struct http_reply *r, size_t size)
{
    if (r->head_len > size || r->head_len > MAX_HEAD || r->status < 100 ||
        r->status > 999 || r->fields.count > FIELDS)
        abort();
    if (r->have_coding && r->has_length)
        abort();
    for (unsigned i = 0; i < r->fields.count; i++)
        if (!http_is_token(http_name(&r->fields, i)) ||
            span_chr(http_value(&r->fields, i), '\n') ||
            span_chr(http_value(&r->fields, i), '\0'))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_field list[FIELDS], list2[FIELDS];
    struct http_reply whole, cut;
    const char *text = (const char *)data + 1;
    enum http_parse once, pieces = HTTP_MORE;
    size_t step, at = 0;
    bool head_only;

    if (size-- == 0)
        return 0;
    step = data[0] % 16 + 1;
    head_only = data[0] & 128;
    http_reply_init(&whole, list, FIELDS, MAX_HEAD, head_only);
    http_reply_init(&cut, list2, FIELDS, MAX_HEAD, head_only);
    once = http_parse_reply(&whole, text, size);
    while (pieces == HTTP_MORE && at < size) {
        at = at + step < size ? at + step : size;
        char *copy = malloc(at);
        memcpy(copy, text, at);
        pieces = http_parse_reply(&cut, copy, at);
        http_settle(&cut.fields, copy);
        if (pieces == HTTP_DONE)
            check(&cut, at);
        free(copy);
    }
    if (once != pieces)
        abort();
    if (once == HTTP_BAD && strcmp(whole.problem, cut.problem) != 0)
        abort();
    http_settle(&whole.fields, text);
    if (once == HTTP_DONE) {
        check(&whole, size);
        if (whole.head_len != cut.head_len || whole.status != cut.status ||
            whole.framing != cut.framing ||
            whole.content_length != cut.content_length)
            abort();
    }
    return 0;
}
