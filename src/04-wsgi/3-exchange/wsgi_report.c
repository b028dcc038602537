/* wsgi_report: what went wrong with a request, in the log, with the request's
 * method and path. */

#include "wsgi_exchange.h"

#include "wsgi_log.h"

#include <string.h>

#define MAX_TEXT 1024

/* "GET /path: " and the text, as one string. */
static void describe(const struct wsgi_exchange *x, const char *text,
                     struct buf *out)
{
    /* A byte of the head may be escaped to four. */
    buf_init(out, 4 * (x->method.len + x->uri.len) + MAX_TEXT + 8);
    if (!wsgi_log_escape(out, x->method) || !buf_add_char(out, ' ') ||
        !wsgi_log_escape(out, x->uri) || !buf_add_text(out, ": ") ||
        !buf_add_text(out, text) || !buf_add_char(out, 0))
        out->len = 0;
}

void wsgi_report(const struct wsgi_exchange *x, const char *format, ...)
{
    char text[MAX_TEXT];
    struct buf out;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    describe(x, text, &out);
    wsgi_log_dated("%s", out.len > 0 ? out.ptr : text);
    buf_free(&out);
}

void wsgi_report_exception(const struct wsgi_exchange *x, const char *where)
{
    struct buf out;

    describe(x, where, &out);
    wsgi_log_exception(x->host, out.len > 0 ? out.ptr : where);
    buf_free(&out);
}

void wsgi_client_gone(struct wsgi_exchange *x, int error)
{
    if (!x->gone)
        wsgi_report(x, "the client (%.*s) has left, or takes nothing: %s",
                    SPAN_ARG(x->remote_addr), strerror(error));
    x->gone = true;
    x->keep = false;
}
