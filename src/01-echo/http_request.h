/* http_request: the head of an HTTP/1.x request, parsed (RFC 9112 2 to 6).
 *
 * Usage: http_request_init, then http_parse_request each time more bytes have
 * come, always with all bytes of the message so far; when they have come to
 * rest, http_settle, and the slices can be read.  Each byte is looked at
 * once, however the message is cut; nothing is copied and nothing allocated.
 * The parser decides the framing of the body too, and refuses whatever two
 * servers could understand in two ways. */

#ifndef STRATA_HTTP_REQUEST_H
#define STRATA_HTTP_REQUEST_H

#include "http_fields.h"

/* The bounds; each is settable, these are the defaults. */
#define HTTP_MAX_LINE   8192  /* request line, with its CRLF: 414 past it */
#define HTTP_MAX_FIELD  8192  /* one field line: 431 */
#define HTTP_MAX_HEAD   32768 /* the whole head: 431 */
#define HTTP_MAX_FIELDS 256   /* number of fields: 431 */

struct http_limits {
    uint32_t line, field, head;
};

#define HTTP_DEFAULT_LIMITS {HTTP_MAX_LINE, HTTP_MAX_FIELD, HTTP_MAX_HEAD}

enum http_framing {
    HTTP_NO_BODY,
    HTTP_LENGTH,   /* content_length bytes follow the head */
    HTTP_CHUNKED,  /* chunks follow (RFC 9112 7.1) */
    HTTP_TO_CLOSE, /* responses only: the body ends with the connection */
};

/* The form of the request target (RFC 9112 3.2). */
enum http_target {
    HTTP_ORIGIN_FORM,    /* /path?query */
    HTTP_ABSOLUTE_FORM,  /* http://host/path?query */
    HTTP_AUTHORITY_FORM, /* host:port, CONNECT alone */
    HTTP_ASTERISK_FORM,  /* *, OPTIONS alone */
};

struct http_request {
    struct http_fields fields;

    /* The request line.  For the absolute form `path` and `query` are those
     * of the URI, and `path` is "/" where it has none (then a slice of a
     * "/" in the head).  The authority and asterisk forms have no path: its
     * len is 0. */
    struct http_slice method;
    struct http_slice target; /* as it was sent */
    struct http_slice path;   /* before the "?", still encoded */
    struct http_slice query;  /* after the "?", without it */
    bool has_query;           /* "/a?" has an empty query, "/a" has none */
    enum http_target form;
    int minor; /* HTTP/1.minor; anything above 1 counts as 1 (RFC 9110 2.5) */

    /* The host that the request is for: the authority of the absolute form,
     * else the Host field, with its port if it has one; len 0 if none. */
    struct http_slice host;

    /* The body, and what becomes of the connection. */
    enum http_framing framing;
    uint64_t content_length; /* HTTP_LENGTH only */
    bool keep_alive;         /* the client would send another request */
    bool expect_continue;    /* Expect: 100-continue from HTTP/1.1 */

    uint32_t head_len; /* HTTP_DONE: bytes of the head, with the empty lines
                        * that preceded it and the one that ended it */

    /* HTTP_BAD: the status to answer (400, 413, 414, 431, 501, 505) and why,
     * a constant sentence for the log. */
    int status;
    const char *reason;

    struct http_limits limits;

    /* The parser's own place, and what the fields have said so far. */
    uint32_t line_at;     /* where the line being received begins */
    uint32_t scanned;     /* no LF in [line_at, scanned) */
    bool have_line;       /* the request line is parsed, and it is good */
    unsigned hosts;       /* how many Host fields */
    bool have_length;     /* a Content-Length */
    bool have_coding;     /* a Transfer-Encoding */
    bool says_close;      /* Connection: close */
    bool says_keep_alive; /* Connection: keep-alive */
};

/* Prepares for a new message.  `list` is room for max fields and stays the
 * caller's; limits may be NULL for the defaults. */
void http_request_init(struct http_request *r, struct http_field *list,
                       unsigned max, const struct http_limits *limits);

/* Parses on: head[0 .. len) are all bytes of the message so far; the same bytes
 * as before and some more, possibly elsewhere in memory.  None of them is
 * looked at after the call: the slices cannot be read before http_settle, which
 * a head that is not complete needs too.  HTTP_DONE when the head is complete:
 * r->head_len bytes of it, what follows is body or the next request.  HTTP_BAD:
 * answer r->status and close; every further call says HTTP_BAD again. */
enum http_parse http_parse_request(struct http_request *r, const char *head,
                                   size_t len);

/* True for a method as nginx takes them: capital letters, "-" and "_".  The
 * parser lets any token pass; whoever has files or applications asks
 * this before looking for one, and answers 400. */
bool http_is_method(struct span method);

static inline struct span http_request_span(const struct http_request *r,
                                            struct http_slice s)
{
    return http_span(&r->fields, s);
}

#endif
