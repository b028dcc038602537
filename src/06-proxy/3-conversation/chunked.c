/* chunked: chunks of a body (RFC 9112 7.1), the last filter: it frames what the
 * others have made. */

#include "exchange.h"
#include "filters.h"

#include <stdio.h>

extern const struct module chunked_module;

struct chunked_settings {
    int64_t on;
};

static bool chunked_head(struct exchange *x)
{
    const struct chunked_settings *s = CONF_OF(x->scope, &chunked_module);

    if (x->out.length >= 0 || x->out.no_body || x->request.minor < 1 || !s->on)
        return true;
    x->out.chunked = true;
    return filter_join(x);
}

static bool chunked_text(struct exchange *x, struct span text)
{
    return filter_next(x, &(struct piece){.bytes = text, .file = -1});
}

/* The line lives in its piece, which is used again: a stream that goes on for
 * days needs no more memory than one of a second. */
static bool chunked_size(struct exchange *x, uint64_t n)
{
    struct piece p = {.file = -1};

    p.bytes.ptr = p.size;
    p.bytes.len = (size_t)snprintf(p.size, sizeof p.size, "%llx\r\n",
                                   (unsigned long long)n);
    return filter_next(x, &p);
}

static enum filtered chunked_body(struct exchange *x, struct piece *piece)
{
    uint64_t n = piece->file < 0 ? piece->bytes.len : piece->left;
    bool ok = true;

    if (piece->end)
        ok = chunked_text(x, SPAN("0\r\n\r\n")) && filter_next(x, piece);
    else if (n > 0)
        ok = chunked_size(x, n) && filter_next(x, piece) &&
               chunked_text(x, SPAN("\r\n"));
    return ok ? FILTER_OK : FILTER_FAILED;
}

static const struct conf_row chunked_rows[] = {
    CONF_FLAG("chunked_transfer_encoding",
              CONF_HTTP | CONF_SERVER | CONF_LOCATION,
              offsetof(struct chunked_settings, on), 1),
    {0},
};

static const struct filter chunked_filter = {.head = chunked_head,
                                             .body = chunked_body};

const struct module chunked_module = {
    .name = "chunked",
    .index = MODULE_INDEX,
    .rows = chunked_rows,
    .settings = sizeof(struct chunked_settings),
    .filter = &chunked_filter,
};
