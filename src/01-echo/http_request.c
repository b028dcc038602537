/* http_request: line by line.
 *
 * A head is a list of lines.  The parser looks for the next LF from where it
 * stopped looking, and takes a line apart when it is complete; a line that is
 * not complete costs nothing but the search.  So a head that comes byte by
 * byte costs hardly more than one that comes whole, and where the cuts fall
 * cannot change the answer. */

#include "http_request.h"

#include <arpa/inet.h>
#include <string.h>

void http_request_init(struct http_request *r, struct http_field *list,
                       unsigned max, const struct http_limits *limits)
{
    static const struct http_limits defaults = HTTP_DEFAULT_LIMITS;

    memset(r, 0, sizeof *r);
    r->fields.list = list;
    r->fields.max = max;
    r->limits = limits != NULL ? *limits : defaults;
}

/* Returns false, as every step below does when the request is to be refused. */
static bool refuse(struct http_request *r, int status, const char *reason)
{
    r->status = status;
    r->reason = reason;
    return false;
}

/* Which bytes may stand in the name of a host (RFC 3986 3.2.2).  Not "/", "@",
 * a blank: whoever sends these wants two servers to see two hosts. */
static const bool name_chars[256] = {
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
    ['.'] = 1, ['-'] = 1, ['_'] = 1, ['~'] = 1, ['%'] = 1,
    ['!'] = 1, ['$'] = 1, ['&'] = 1, ['\''] = 1, ['('] = 1, [')'] = 1,
    ['*'] = 1, ['+'] = 1, [','] = 1, [';'] = 1, ['='] = 1,
};

/* Where the name that begins at p ends; a "%" has two hexadecimal digits. */
static const char *name_end(const char *p, const char *end)
{
    uint64_t byte;

    while (p < end && name_chars[(unsigned char)*p] &&
           (*p != '%' ||
            (end - p > 2 && span_hex((struct span){p + 1, 2}, &byte))))
        p++;
    return p;
}

/* What may stand in brackets: an IPv6 address, and nothing that looks a little
 * like one. */
static bool is_address(struct span s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (s.len >= sizeof text)
        return false;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* True for what follows a host: nothing, or a colon and a port.  "host:" is as
 * good as "host" (RFC 3986 3.2.3), where there need not be a port. */
static bool valid_port(struct span s, bool needs_port)
{
    uint64_t number;

    if (s.len == 0 || (s.len == 1 && s.ptr[0] == ':'))
        return !needs_port;
    return s.ptr[0] == ':' &&
           span_decimal(span_from(s, 1), &number) && number <= 65535;
}

/* True when s is host, host:port, [address] or [address]:port. */
static bool valid_authority(struct span s, bool needs_port)
{
    const char *p = s.ptr, *end = s.ptr + s.len;

    if (span_starts(s, SPAN("["))) {
        p = span_chr(s, ']');
        if (p == NULL || !is_address((struct span){s.ptr + 1,
                                                   (size_t)(p - s.ptr) - 1}))
            return false;
        p++;
    } else {
        p = name_end(p, end);
        if (p == s.ptr)
            return false;
    }
    return valid_port((struct span){p, (size_t)(end - p)}, needs_port);
}

/* Splits head[at .. end) at the "?".  A "#" and what follows has no place in a
 * request target; it is dropped, as nginx drops it. */
static void split_path(struct http_request *r, uint32_t at, uint32_t end)
{
    const char *head = r->fields.base;
    const char *hash = memchr(head + at, '#', end - at);
    const char *mark;

    if (hash != NULL)
        end = (uint32_t)(hash - head);
    mark = memchr(head + at, '?', end - at);
    r->path = (struct http_slice){at, end - at};
    if (mark != NULL) {
        uint32_t query = (uint32_t)(mark - head) + 1;

        r->has_query = true;
        r->path.len = query - 1 - at;
        r->query = (struct http_slice){query, end - query};
    }
}

/* The bytes of "http://" or "https://" at the front; 0 for anything else. */
static uint32_t scheme_len(struct span text)
{
    static const struct span schemes[] = {SPAN_INIT("http://"),
                                          SPAN_INIT("https://")};

    for (size_t i = 0; i < COUNT(schemes); i++)
        if (span_starts_nocase(text, schemes[i]))
            return (uint32_t)schemes[i].len;
    return 0;
}

/* http://authority/path?query, as it is sent to a proxy. */
static bool parse_absolute(struct http_request *r)
{
    uint32_t scheme = scheme_len(http_request_span(r, r->target));
    uint32_t end = r->target.at + r->target.len;
    uint32_t from = r->target.at + scheme;
    uint32_t at = from;

    if (scheme == 0)
        return refuse(r, 400, "the request target is no path and no http URI");
    while (at < end && strchr("/?#", r->fields.base[at]) == NULL)
        at++;
    r->host = (struct http_slice){from, at - from};
    if (!valid_authority(http_request_span(r, r->host), false))
        return refuse(r, 400, "the request target names no valid host");
    r->form = HTTP_ABSOLUTE_FORM;
    split_path(r, at, end);
    if (r->path.len == 0)
        r->path = (struct http_slice){from - 1, 1}; /* the "/" before it */
    return true;
}

/* Which form the target has (RFC 9112 3.2); each has its place. */
static bool parse_target(struct http_request *r)
{
    struct span method = http_request_span(r, r->method);
    struct span target = http_request_span(r, r->target);

    if (span_eq(method, SPAN("CONNECT"))) {
        r->form = HTTP_AUTHORITY_FORM;
        return valid_authority(target, true) ||
               refuse(r, 400, "the target of CONNECT is not host:port");
    }
    if (target.ptr[0] == '/') {
        r->form = HTTP_ORIGIN_FORM;
        split_path(r, r->target.at, r->target.at + r->target.len);
        return true;
    }
    if (span_eq(target, SPAN("*"))) {
        r->form = HTTP_ASTERISK_FORM;
        return span_eq(method, SPAN("OPTIONS")) ||
               refuse(r, 400, "the target * goes with OPTIONS alone");
    }
    return parse_absolute(r);
}

/* "HTTP/1.x" and no other spelling.  A higher major version is understood
 * well enough to say that it is not spoken here. */
static bool parse_version(struct http_request *r, struct span text)
{
    const char *v = text.ptr;

    if (text.len != 8 || memcmp(v, "HTTP/", 5) != 0 || v[6] != '.' ||
        v[5] < '1' || v[5] > '9' || !ascii_is_digit(v[7]))
        return refuse(r, 400, "the request line does not end in HTTP/1.x");
    if (v[5] != '1')
        return refuse(r, 505, "the version is not HTTP/1.x");
    r->minor = v[7] == '0' ? 0 : 1;
    return true;
}

/* method SP target SP version.  Exactly one blank stands between: a server
 * that guesses where a target ends guesses otherwise than the next one. */
static bool parse_request_line(struct http_request *r, uint32_t at,
                               uint32_t end)
{
    const char *head = r->fields.base, *blank;
    struct span target;
    uint32_t i = at;

    while (http_is_token_char(head[i]))
        i++; /* the LF ends this loop */
    if (i == at || head[i] != ' ')
        return refuse(r, 400, "no method with a single blank after it");
    r->method = (struct http_slice){at, i - at};
    at = i + 1;
    blank = memchr(head + at, ' ', end - at);
    target = (struct span){head + at,
                           blank != NULL ? (size_t)(blank - head) - at : 0};
    if (target.len == 0 || !http_is_visible(target))
        return refuse(r, 400, "no request target between two single blanks");
    r->target = (struct http_slice){at, (uint32_t)target.len};
    at += r->target.len + 1;
    return parse_version(r, (struct span){head + at, end - at}) &&
           parse_target(r);
}

static bool field_host(struct http_request *r, struct http_slice value)
{
    if (r->hosts++ > 0)
        return refuse(r, 400, "more than one Host field");
    if (!valid_authority(http_request_span(r, value), false))
        return refuse(r, 400, "the Host field is not a valid host");
    if (r->form != HTTP_ABSOLUTE_FORM)
        r->host = value;
    return true;
}

/* A second Content-Length is refused even when it says the same: it was put
 * there by somebody who hopes that one of two servers takes the other. */
static bool field_length(struct http_request *r, struct http_slice value)
{
    uint64_t length = 0;

    if (r->have_length)
        return refuse(r, 400, "more than one Content-Length field");
    r->have_length = true;
    if (!span_decimal(http_request_span(r, value), &length) && length == 0)
        return refuse(r, 400, "the Content-Length is not a decimal number");
    if (length > INT64_MAX)
        return refuse(r, 413, "the Content-Length is beyond all bounds");
    r->content_length = length;
    return true;
}

/* Every line with "chunked" and nothing else leaves have_coding set, and any
 * other line is refused; so a second line always follows a "chunked". */
static bool field_coding(struct http_request *r, struct http_slice value)
{
    struct span text = http_request_span(r, value);
    struct span first = {text.ptr, 0};

    if (r->have_coding)
        return refuse(r, 400, "chunked is not the last transfer coding");
    r->have_coding = true;
    if (span_eq_nocase(text, SPAN("chunked")))
        return true;
    span_next(&text, ',', &first);
    if (span_eq_nocase(span_trim(first), SPAN("chunked")))
        return refuse(r, 400, "chunked is not the last transfer coding");
    return refuse(r, 501, "a transfer coding other than chunked");
}

/* Nearly all clients say keep-alive and nothing else: that is asked first. */
static bool field_connection(struct http_request *r, struct http_slice value)
{
    struct span text = http_request_span(r, value), item;

    if (span_eq_nocase(text, SPAN("keep-alive"))) {
        r->says_keep_alive = true;
        return true;
    }
    while (span_next(&text, ',', &item)) {
        item = span_trim(item);
        if (span_eq_nocase(item, SPAN("close")))
            r->says_close = true;
        if (span_eq_nocase(item, SPAN("keep-alive")))
            r->says_keep_alive = true;
    }
    return true;
}

/* A list, maybe in several lines.  Any other expectation is passed over, as
 * RFC 9110 10.1.1 allows. */
static bool field_expect(struct http_request *r, struct http_slice value)
{
    if (r->minor > 0 &&
        http_list_has(http_request_span(r, value), SPAN("100-continue")))
        r->expect_continue = true;
    return true;
}

/* The fields that the parser itself must understand.  Their five names have
 * five lengths, so the length of a name finds the only row that can be it, and
 * its first letter, in lower case, nearly always tells whether it is. */
static const struct {
    struct span name;
    bool (*take)(struct http_request *r, struct http_slice value);
    char letter;
} known_fields[] = {
    [4] = {SPAN_INIT("Host"), field_host, 'h'},
    [6] = {SPAN_INIT("Expect"), field_expect, 'e'},
    [10] = {SPAN_INIT("Connection"), field_connection, 'c'},
    [14] = {SPAN_INIT("Content-Length"), field_length, 'c'},
    [17] = {SPAN_INIT("Transfer-Encoding"), field_coding, 't'},
};

static bool parse_field(struct http_request *r, uint32_t at, uint32_t len)
{
    struct http_fields *f = &r->fields;
    const struct http_field *field = &f->list[f->count];
    const char *problem;
    uint32_t name_len;

    if (f->count == f->max)
        return refuse(r, 431, "too many fields");
    problem = http_field_line(f, at, len);
    if (problem != NULL)
        return refuse(r, 400, problem);
    name_len = field->name.len;
    if (name_len >= COUNT(known_fields) ||
        (f->base[at] | 0x20) != known_fields[name_len].letter ||
        !span_eq_nocase(http_span(f, field->name), known_fields[name_len].name))
        return true;
    return known_fields[name_len].take(r, field->value);
}

/* What only the whole head can tell: RFC 9112 3.2 (Host), 6.3 (the body's
 * length), 9.3 (what becomes of the connection). */
static bool finish_head(struct http_request *r)
{
    if (r->minor > 0 && r->hosts == 0)
        return refuse(r, 400, "an HTTP/1.1 request without a Host field");
    if (r->have_coding && r->have_length)
        return refuse(r, 400, "both Transfer-Encoding and Content-Length");
    if (r->have_coding && r->minor == 0)
        return refuse(r, 400, "Transfer-Encoding in HTTP/1.0");
    if (r->have_coding)
        r->framing = HTTP_CHUNKED;
    else if (r->have_length)
        r->framing = HTTP_LENGTH;
    r->keep_alive = !r->says_close && (r->minor > 0 || r->says_keep_alive);
    return true;
}

/* The first byte tells a TLS handshake from a request; its second line would
 * be long in coming. */
static bool check_first_byte(struct http_request *r, unsigned char c)
{
    return http_is_token_char(c) || c == '\r' || c == '\n' ||
           refuse(r, 400, "the first byte cannot begin a method");
}

/* A line is refused as soon as it cannot end within its bound, which is the
 * head's too.  The next line begins at `next`, or behind it. */
static bool check_length(struct http_request *r, uint32_t bound, size_t next)
{
    if (next - r->line_at <= bound && next <= r->limits.head)
        return true;
    if (!r->have_line)
        return refuse(r, 414, "the request line is too long");
    if (bound >= r->limits.head - r->line_at)
        return refuse(r, 431, "the request head is too long");
    return refuse(r, 431, "a field line is too long");
}

/* Looks for the end of the line that begins at line_at.  HTTP_DONE: the next
 * one begins at *next. */
static inline enum http_parse next_line(struct http_request *r, size_t len,
                                        uint32_t bound, uint32_t *next)
{
    const char *head = r->fields.base;
    const char *lf = memchr(head + r->scanned, '\n', len - r->scanned);
    size_t end = lf != NULL ? (size_t)(lf - head) : len;

    if (!check_length(r, bound, end + 1))
        return HTTP_BAD;
    r->scanned = (uint32_t)end;
    *next = (uint32_t)end + 1;
    return lf != NULL ? HTTP_DONE : HTTP_MORE;
}

/* The request line; empty lines before it are skipped, within the bound of the
 * head. */
static enum http_parse parse_start(struct http_request *r, size_t len)
{
    const char *head = r->fields.base;

    while (!r->have_line) {
        uint32_t next, end;
        enum http_parse found;

        if (r->line_at == len)
            return HTTP_MORE;
        if (!check_first_byte(r, head[r->line_at]))
            return HTTP_BAD;
        found = next_line(r, len, r->limits.line, &next);
        if (found != HTTP_DONE)
            return found;
        end = r->scanned;
        if (end > r->line_at && head[end - 1] == '\r')
            end--;
        if (end > r->line_at && !parse_request_line(r, r->line_at, end))
            return HTTP_BAD;
        r->have_line = end > r->line_at;
        r->line_at = r->scanned = next;
    }
    return HTTP_DONE;
}

/* LF or CRLF; the line is at most two bytes long. */
static bool is_empty_line(const char *line)
{
    return line[0] == '\n' || line[0] == '\r';
}

bool http_is_method(struct span method)
{
    for (size_t i = 0; i < method.len; i++) {
        char c = method.ptr[i];

        if ((c < 'A' || c > 'Z') && c != '-' && c != '_')
            return false;
    }
    return true;
}

static enum http_parse parse_head(struct http_request *r, size_t len)
{
    const char *head = r->fields.base;
    enum http_parse found = parse_start(r, len);

    while (found == HTTP_DONE) {
        uint32_t next, at = r->line_at;

        found = next_line(r, len, r->limits.field, &next);
        if (found != HTTP_DONE)
            return found;
        if (next - at <= 2 && is_empty_line(head + at)) {
            r->head_len = next;
            return finish_head(r) ? HTTP_DONE : HTTP_BAD;
        }
        if (!parse_field(r, at, next - at))
            return HTTP_BAD;
        r->line_at = r->scanned = next;
    }
    return found;
}

/* What the slices count from is known during the call and no longer: the bytes
 * are the caller's, who may move them before the next one. */
enum http_parse http_parse_request(struct http_request *r, const char *head,
                                   size_t len)
{
    enum http_parse found = HTTP_BAD;

    http_settle(&r->fields, head);
    if (r->status == 0)
        found = parse_head(r, len);
    http_settle(&r->fields, NULL);
    return found;
}
