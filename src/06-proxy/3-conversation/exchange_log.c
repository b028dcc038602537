/* exchange_log: a line of the error log, and of whom it speaks. */

#include "connection.h"
#include "error_log.h"
#include "exchange.h"
#include "proxy_core.h"
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ", client: 10.0.0.1, server: example.com, request: "GET / HTTP/1.1", ..." */
static void exchange_about(struct exchange *x, char *text, size_t size)
{
    const struct http_request *r = &x->request;
    struct span target = http_request_span(r, r->target);
    struct span host = http_request_span(r, r->host);
    size_t n;

    snprintf(text, size, ", client: %s, server: %.*s", x->client->peer_host,
             SPAN_ARG(x->server_name));
    if (x->method.len == 0)
        return;
    if (target.len > 1000)
        target.len = 1000;
    n = strlen(text);
    snprintf(text + n, size - n, ", request: \"%.*s %.*s HTTP/1.%d\"",
             SPAN_ARG(x->method), SPAN_ARG(target), r->minor);
    n = strlen(text);
    call_about(x, text + n, size - n);
    n = strlen(text);
    if (host.len > 0 && host.len < 256)
        snprintf(text + n, size - n, ", host: \"%.*s\"", SPAN_ARG(host));
}

void exchange_log(struct exchange *x, int level, int errnum,
                  const char *format, ...)
{
    const struct error_log *log;
    char text[1024], about[2048];
    va_list ap;

    log = core_settings(x->scope)->error_log;
    if (!error_log_wants(log, level))
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    exchange_about(x, about, sizeof about);
    error_log_write_about(log, level, errnum, about, "*%llu %s",
                          (unsigned long long)x->client->serial, text);
}
