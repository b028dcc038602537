/* fuzz_uwsgi_packet: any bytes are a block of pairs or are refused; what was
 * decoded is, encoded again, the same bytes. */

#include "uwsgi_packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span block = {(const char *)data, size};
    struct uwsgi_encoder encoder;
    struct uwsgi_pair pair;
    const char *reason = NULL;
    enum http_parse parse;
    struct buf out;

    if (size > UWSGI_MAX_SIZE)
        return 0;
    if (size >= UWSGI_HEADER) {
        uwsgi_looks_like_http(block.ptr);
        uwsgi_decode_header(block.ptr);
    }
    buf_init(&out, UWSGI_HEADER + UWSGI_MAX_SIZE);
    uwsgi_begin(&encoder, &out);
    while ((parse = uwsgi_next_pair(&block, &pair, &reason)) == HTTP_MORE)
        if (!uwsgi_add(&encoder, pair.key, pair.value))
            abort();
    if (!uwsgi_end(&encoder, 0, 0))
        abort();
    if (parse == HTTP_BAD && (reason == NULL || block.len == 0))
        abort();
    if (parse == HTTP_DONE &&
        (out.len != UWSGI_HEADER + size ||
         (size > 0 && memcmp(out.ptr + UWSGI_HEADER, data, size) != 0) ||
         uwsgi_decode_header(out.ptr).size != size))
        abort();
    buf_free(&out);
    return 0;
}
