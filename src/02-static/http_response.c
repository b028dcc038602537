/* http_response: the head of a response, and the pages for errors.
 *
 * Everything is appended to one buffer, so that a head leaves in one write. */

#include "http_response.h"

#include "http_status.h"

bool http_add_status_line(struct buf *out, int status, struct span reason)
{
    const char code[] = {(char)('0' + status / 100 % 10),
                         (char)('0' + status / 10 % 10),
                         (char)('0' + status % 10), ' '};

    if (reason.len == 0)
        reason = http_reason(status);
    return buf_add_span(out, SPAN("HTTP/1.1 ")) &&
           buf_add(out, code, sizeof code) && buf_add_span(out, reason) &&
           buf_add(out, "\r\n", 2);
}

bool http_add_status(struct buf *out, int status, struct span server,
                     struct http_clock *clock)
{
    if (!http_add_status_line(out, status, (struct span){NULL, 0}))
        return false;
    if (server.len > 0 && !http_add_field(out, SPAN("Server"), server))
        return false;
    return clock == NULL ||
           http_add_field(out, SPAN("Date"), http_clock_now(clock));
}

bool http_add_field(struct buf *out, struct span name, struct span value)
{
    size_t at = out->len + name.len + 2;

    if (!buf_add_span(out, name) || !buf_add(out, ": ", 2) ||
        !buf_add_span(out, value))
        return false;
    for (; at < out->len; at++)
        if (out->ptr[at] == '\r' || out->ptr[at] == '\n' || !out->ptr[at])
            out->ptr[at] = ' ';
    return buf_add(out, "\r\n", 2);
}

bool http_add_length(struct buf *out, uint64_t length)
{
    char digits[BYTES_DECIMAL];
    size_t n = bytes_decimal(digits, length);

    return http_add_field(out, SPAN("Content-Length"),
                          (struct span){digits, n});
}

bool http_add_connection(struct buf *out, bool keep_alive)
{
    return http_add_field(out, SPAN("Connection"),
                          keep_alive ? SPAN("keep-alive") : SPAN("close"));
}

bool http_end_head(struct buf *out)
{
    return buf_add(out, "\r\n", 2);
}

bool http_add_answer(struct buf *out, const struct http_answer *a,
                     struct http_clock *clock)
{
    return http_add_status(out, a->status, a->server, clock) &&
           http_add_field(out, SPAN("Content-Type"), a->type) &&
           http_add_length(out, a->body.len) &&
           http_add_connection(out, a->keep_alive) && http_end_head(out) &&
           (a->head_only || buf_add_span(out, a->body));
}

/* nginx words two pages otherwise than their status lines. */
static struct span page_reason(int status)
{
    switch (status) {
    case 302:
        return SPAN("Found");
    case 401:
        return SPAN("Authorization Required");
    default:
        return http_reason(status);
    }
}

bool http_error_page(struct buf *out, int status, struct span server)
{
    struct span reason = page_reason(status);

    return buf_printf(out,
                      "<html>\r\n"
                      "<head><title>%d %.*s</title></head>\r\n"
                      "<body>\r\n"
                      "<center><h1>%d %.*s</h1></center>\r\n"
                      "<hr><center>%.*s</center>\r\n"
                      "</body>\r\n"
                      "</html>\r\n",
                      status, SPAN_ARG(reason), status, SPAN_ARG(reason),
                      SPAN_ARG(server));
}
