/* fuzz_cgi: whatever request the parser lets through becomes variables that
 * have proper names, each once, none of them a forbidden one; and the packet
 * that they are put into holds just these. */

#include "cgi.h"
#include "uwsgi_packet.h"

#include <stdlib.h>
#include <string.h>

#define FIELDS        32
#define MAX_VARIABLES (FIELDS + 14)

struct seen {
    struct uwsgi_encoder encoder;
    struct buf names; /* each with its length before it, as in a packet */
    unsigned count;
};

static bool is_proper(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z') &&
            !(name.ptr[i] >= '0' && name.ptr[i] <= '9') && name.ptr[i] != '_')
            return false;
    return name.len > 0;
}

static bool is_forbidden(struct span name)
{
    static const struct span list[] = {
        SPAN_INIT("HTTP_PROXY"),
        SPAN_INIT("HTTP_CONTENT_TYPE"),
        SPAN_INIT("HTTP_CONTENT_LENGTH"),
        SPAN_INIT("HTTP_TRANSFER_ENCODING"),
    };

    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (span_eq(name, list[i]))
            return true;
    return false;
}

static bool is_known(const struct seen *s, struct span name)
{
    struct span rest = {s->names.ptr, s->names.len};
    size_t len;

    while (rest.len > 0) {
        memcpy(&len, rest.ptr, sizeof len);
        rest.ptr += sizeof len;
        rest.len -= sizeof len;
        if (span_eq(name, (struct span){rest.ptr, len}))
            return true;
        rest.ptr += len;
        rest.len -= len;
    }
    return false;
}

static bool emit(void *context, struct span name, struct span value)
{
    struct seen *s = context;

    if (!is_proper(name) || is_forbidden(name) || is_known(s, name) ||
        ++s->count > MAX_VARIABLES)
        abort();
    if (memchr(value.ptr ? value.ptr : "", '\n', value.len) ||
        memchr(value.ptr ? value.ptr : "", '\0', value.len))
        abort();
    if (!buf_add(&s->names, &name.len, sizeof name.len) ||
        !buf_add_span(&s->names, name) || !uwsgi_add(&s->encoder, name, value))
        abort();
    return true;
}

static void check_packet(const struct seen *s, const struct buf *packet)
{
    struct span block = {packet->ptr + UWSGI_HEADER,
                         packet->len - UWSGI_HEADER};
    struct uwsgi_pair pair;
    enum http_parse parse;
    const char *reason;
    unsigned count = 0;

    while ((parse = uwsgi_next_pair(&block, &pair, &reason)) == HTTP_MORE)
        count += is_known(s, pair.key);
    if (parse != HTTP_DONE || count != s->count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cgi_server server = {
        .name = SPAN_INIT("localhost"),
        .port = SPAN_INIT("80"),
        .path = SPAN_INIT("/"),
    };
    struct http_field list[FIELDS];
    struct http_request request;
    struct seen seen = {.count = 0};
    struct buf packet;

    http_request_init(&request, list, FIELDS, NULL);
    if (http_parse_request(&request, (const char *)data, size) != HTTP_DONE)
        return 0;
    http_settle(&request.fields, (const char *)data);
    buf_init(&seen.names, SIZE_MAX / 2);
    buf_init(&packet, UWSGI_HEADER + UWSGI_MAX_SIZE);
    uwsgi_begin(&seen.encoder, &packet);
    if (!cgi_variables(&request, &server, emit, &seen) ||
        !uwsgi_end(&seen.encoder, 0, 0))
        abort();
    check_packet(&seen, &packet);
    buf_free(&seen.names);
    buf_free(&packet);
    return 0;
}
