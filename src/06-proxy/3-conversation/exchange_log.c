/* exchange_log: a line of the error log, and of whom it speaks. */

#include "connection.h"
#include "error_log.h"
#include "exchange.h"
#include "front_worker.h"
#include "hooks.h"

#include <stdarg.h>
#include <stdio.h>

#define ABOUT_MAX 2048

/* ", client: 10.0.0.1, server: example.com, request: "GET / HTTP/1.1", ...", of
 * which what has no room is left out. */
static void exchange_about(const struct exchange *x, struct buf *line)
{
    const struct http_request *r = &x->request;
    struct span target = http_request_span(r, r->target);
    struct span host = http_request_span(r, r->host);

    buf_printf(line, ", client: %s, server: %.*s", x->client->peer_host,
               SPAN_ARG(x->server_name));
    if (x->method.len == 0)
        return;
    if (target.len > 1000)
        target.len = 1000;
    buf_printf(line, ", request: \"%.*s %.*s HTTP/1.%d\"", SPAN_ARG(x->method),
               SPAN_ARG(target), r->minor);
    for (const struct module *const *m = x->worker->hooks->modules; *m != NULL;
         m++)
        if ((*m)->about != NULL)
            (*m)->about(x, line);
    if (host.len > 0 && host.len < 256)
        buf_printf(line, ", host: \"%.*s\"", SPAN_ARG(host));
}

void exchange_log(struct exchange *x, int level, int errnum, const char *format,
                  ...)
{
    const struct error_log *log = error_log_of(x->scope);
    char text[1024];
    struct buf about;
    va_list ap;

    if (!error_log_wants(log, level))
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    buf_init(&about, ABOUT_MAX);
    exchange_about(x, &about);
    buf_add_char(&about, '\0');
    error_log_write_about(log, level, errnum,
                          about.ptr != NULL ? about.ptr : "", "*%llu %s",
                          (unsigned long long)x->client->serial, text);
    buf_free(&about);
}
