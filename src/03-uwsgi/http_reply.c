/* http_reply: line by line, as http_request, but from the other side.
 *
 * A server behind a gateway is more trusted than a client before it, but not
 * more reliable: an application may write any field.  What is passed on from
 * here is parsed again by the client and by every cache on the way, so an
 * answer that two of them could understand in two ways is refused. */

#include "http_reply.h"
#include "http_hop.h"

#include <string.h>

void http_reply_init(struct http_reply *r, struct http_field *list,
                     unsigned max, uint32_t max_head, bool head_only)
{
    *r = (struct http_reply){
        .fields = {.list = list, .max = max},
        .max_head = max_head,
        .head_only = head_only,
    };
}

/* "404" or "404 Not Found", which begins at `at` in the head: in a status line
 * (RFC 9112 4) and in a Status field (RFC 3875 6.3.3).  The blank before an
 * empty phrase is often forgotten, so it may be. */
static const char *parse_status(struct http_reply *r, uint32_t at, uint32_t len)
{
    const char *p = r->fields.base + at;
    uint32_t skip = len > 3 ? 4 : 3;
    uint64_t status;

    if (len < 3 || !span_decimal((struct span){p, 3}, &status) ||
        (len > 3 && p[3] != ' '))
        return "the status is not three digits";
    r->status = (int)status;
    if (r->status < 100)
        return "the status is below 100";
    for (uint32_t i = 3; i < len; i++)
        if ((unsigned char)p[i] < ' ' ? p[i] != '\t' : p[i] == 0x7f)
            return "the reason phrase has a control byte";
    r->reason_phrase = (struct http_slice){at + skip, len - skip};
    return NULL;
}

/* "HTTP/1.1 200 OK", without its line end. */
static const char *parse_status_line(struct http_reply *r, uint32_t at,
                                     uint32_t len)
{
    const char *p = r->fields.base + at;

    if (len < 9 || p[5] != '1' || p[6] != '.' || !ascii_is_digit(p[7]) ||
        p[8] != ' ')
        return "the status line does not begin with HTTP/1.0 or HTTP/1.1";
    r->minor = p[7] == '0' ? 0 : 1;
    return parse_status(r, at + 9, len - 9);
}

static const char *take_length(struct http_reply *r, struct span value)
{
    uint64_t length;

    if (!span_decimal(value, &length) || length > INT64_MAX)
        return "Content-Length is not a number below 2^63";
    if (r->has_length && length != r->content_length)
        return "two Content-Length fields differ";
    r->has_length = true;
    r->content_length = length;
    return NULL;
}

/* Only one coding can be undone here, and only once. */
static const char *take_coding(struct http_reply *r, struct span value)
{
    if (r->have_coding || !span_eq_nocase(value, SPAN("chunked")))
        return "Transfer-Encoding is something else than chunked";
    r->have_coding = true;
    return NULL;
}

/* The Status field of a CGI reply; behind a status line it is a field like
 * others. */
static const char *take_status(struct http_reply *r, struct span value)
{
    if (!r->cgi)
        return NULL;
    if (r->status != 0)
        return "there are two Status fields";
    return parse_status(r, (uint32_t)(value.ptr - r->fields.base),
                        (uint32_t)value.len);
}

/* The fields that decide what the reply is. */
static const struct {
    struct span name;
    const char *(*take)(struct http_reply *r, struct span value);
} special_fields[] = {
    {SPAN_INIT("Content-Length"), take_length},
    {SPAN_INIT("Transfer-Encoding"), take_coding},
    {SPAN_INIT("Status"), take_status},
};

static const char *parse_field(struct http_reply *r, uint32_t at, uint32_t len)
{
    unsigned last = r->fields.count; /* the place of this one */
    const char *problem;

    if (last == r->fields.max)
        return "there are too many fields";
    problem = http_field_line(&r->fields, at, len);
    if (problem != NULL)
        return problem;
    for (size_t i = 0; i < COUNT(special_fields); i++)
        if (span_eq_nocase(http_name(&r->fields, last), special_fields[i].name))
            return special_fields[i].take(r, http_value(&r->fields, last));
    return NULL;
}

/* How the body ends (RFC 9112 6.3). */
static void decide_framing(struct http_reply *r)
{
    if (r->head_only || r->status < 200 || r->status == 204 || r->status == 304)
        r->framing = HTTP_NO_BODY;
    else if (r->have_coding)
        r->framing = HTTP_CHUNKED;
    else if (r->has_length)
        r->framing = HTTP_LENGTH;
    else
        r->framing = HTTP_TO_CLOSE;
}

static bool decide_keep_alive(const struct http_reply *r)
{
    if (http_connection_names(&r->fields, SPAN("close")))
        return false;
    return (r->minor == 1 ||
            http_connection_names(&r->fields, SPAN("keep-alive"))) &&
           !r->cgi && r->framing != HTTP_TO_CLOSE;
}

/* What can be said only when the last field is there. */
static const char *finish(struct http_reply *r)
{
    if (r->status == 0 && r->fields.count == 0)
        return "there is neither a status line nor a field";
    if (r->status == 0)
        r->status =
            http_get(&r->fields, SPAN("Location")).ptr != NULL ? 302 : 200;
    if (r->have_coding && r->has_length)
        return "there are Content-Length and Transfer-Encoding";
    if (r->have_coding && r->minor == 0)
        return "there is Transfer-Encoding in a reply that is not HTTP/1.1";
    decide_framing(r);
    r->keep_alive = decide_keep_alive(r);
    return NULL;
}

/* One line, its LF included.  `*end` is set by the empty one. */
static const char *parse_line(struct http_reply *r, uint32_t at, uint32_t len,
                              bool *end)
{
    const char *p = r->fields.base + at;
    uint32_t text = len - 1;
    bool first = !r->have_line;

    if (text > 0 && p[text - 1] == '\r')
        text--;
    *end = text == 0;
    if (*end)
        return finish(r);
    r->have_line = true;
    if (first && span_starts((struct span){p, text}, SPAN("HTTP/")))
        return parse_status_line(r, at, text);
    r->cgi |= first;
    return parse_field(r, at, len);
}

static enum http_parse bad(struct http_reply *r, const char *problem)
{
    r->problem = problem;
    return HTTP_BAD;
}

static enum http_parse parse_head(struct http_reply *r, size_t len)
{
    const char *head = r->fields.base;
    bool end = false;

    if (len > r->max_head)
        len = r->max_head;
    while (!end) {
        const char *problem, *lf = NULL;
        uint32_t next;

        if (len > r->scanned)
            lf = memchr(head + r->scanned, '\n', len - r->scanned);
        if (lf == NULL) {
            r->scanned = (uint32_t)len;
            return len < r->max_head ? HTTP_MORE
                                     : bad(r, "the head is too long");
        }
        next = (uint32_t)(lf - head) + 1;
        problem = parse_line(r, r->line_at, next - r->line_at, &end);
        if (problem != NULL)
            return bad(r, problem);
        r->line_at = r->scanned = next;
    }
    r->head_len = r->line_at;
    return HTTP_DONE;
}

enum http_parse http_parse_reply(struct http_reply *r, const char *head,
                                 size_t len)
{
    enum http_parse found;

    http_settle(&r->fields, head);
    found = parse_head(r, len);
    http_settle(&r->fields, NULL);
    return found;
}

bool http_connection_names(const struct http_fields *f, struct span name)
{
    return http_fields_have(f, SPAN("Connection"), name);
}

bool http_reply_ends_here(const struct http_reply *r, struct span name)
{
    return http_ends_here(name, HOP_REPLY) ||
           http_connection_names(&r->fields, name);
}
