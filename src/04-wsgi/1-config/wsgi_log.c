/* wsgi_log: a line is put together in memory, however long it is, and leaves in
 * one write. */

#include "wsgi_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void wsgi_log_date(char *text)
{
    struct tm tm;
    time_t now = time(NULL);

    localtime_r(&now, &tm);
    strftime(text, WSGI_LOG_DATE, "%a %b %e %H:%M:%S %Y", &tm);
}

void wsgi_log_write(struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(STDERR_FILENO, bytes.ptr, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return;
        span_skip(&bytes, (size_t)n);
    }
}

static void write_format(const char *date, const char *format, va_list args)
{
    struct buf line;

    buf_init(&line, SIZE_MAX / 2);
    if (buf_printf(&line, "%s%s", date, *date ? " - " : "") &&
        buf_vprintf(&line, format, args) && buf_add_char(&line, '\n'))
        wsgi_log_write(buf_span(&line));
    buf_free(&line);
}

void wsgi_log(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_format("", format, args);
    va_end(args);
}

void wsgi_log_dated(const char *format, ...)
{
    char date[WSGI_LOG_DATE];
    va_list args;
    wsgi_log_date(date);
    va_start(args, format);
    write_format(date, format, args);
    va_end(args);
}

bool wsgi_log_escape(struct buf *out, struct span text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= ' ' && c != 0x7f)
            continue;
        if (!buf_add(out, text.ptr + from, i - from) ||
            !buf_printf(out, "\\x%02x", c))
            return false;
        from = i + 1;
    }
    return from == text.len || buf_add(out, text.ptr + from, text.len - from);
}

static bool format_request(struct buf *line, const struct wsgi_log_request *r)
{
    char date[WSGI_LOG_DATE];

    wsgi_log_date(date);
    if (r->app < 0) {
        if (!buf_printf(line, "[pid: %d|app: -1|req: -1/%llu] ", getpid(),
                        (unsigned long long)r->count))
            return false;
    } else if (!buf_printf(line, "[pid: %d|app: %d|req: %llu/%llu] ", getpid(),
                           r->app, (unsigned long long)r->app_count,
                           (unsigned long long)r->count)) {
        return false;
    }
    return wsgi_log_escape(line, r->remote_addr) && buf_add_text(line, " (") &&
           wsgi_log_escape(line, r->remote_user) &&
           buf_printf(line, ") {%u vars in %u bytes} [%s] ", r->vars,
                      r->vars_bytes, date) &&
           wsgi_log_escape(line, r->method) && buf_add_char(line, ' ') &&
           wsgi_log_escape(line, r->uri) &&
           buf_printf(line, " => generated %llu bytes in %llu msecs (",
                      (unsigned long long)r->body,
                      (unsigned long long)r->msecs) &&
           wsgi_log_escape(line, r->protocol) &&
           buf_printf(
               line, " %d) %u headers in %u bytes (%u switches on core %u)",
               r->status, r->headers, r->head_bytes, r->switches, r->core);
}

void wsgi_log_request(const struct wsgi_log_request *r)
{
    struct buf line;

    /* Every byte of the head may be escaped to four. */
    buf_init(&line,
             4 * ((size_t)r->uri.len + r->method.len + r->remote_user.len +
                  r->protocol.len + r->remote_addr.len) +
                 1024);
    if (format_request(&line, r) && buf_add_char(&line, '\n'))
        wsgi_log_write(buf_span(&line));
    buf_free(&line);
}
