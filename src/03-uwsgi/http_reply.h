/* http_reply: the head of a response, parsed, as a gateway receives it
 * (RFC 9112 4 to 6).
 *
 * The counterpart of http_request, with the same manner: resumable, zero-copy,
 * strict.  It reads what uwsgi servers send (an HTTP response that ends with
 * the connection), what CGI programs send ("Status: 404 ..." without a status
 * line), and what HTTP servers send. */

#ifndef STRATA_HTTP_REPLY_H
#define STRATA_HTTP_REPLY_H

#include "http_request.h"

struct http_reply {
    struct http_fields fields;
    int status;                /* 100..999; of a CGI reply without Status 302
                                * if it has a Location, else 200 */
    struct http_slice reason_phrase;
    bool cgi;                  /* no status line: fields came first */
    int minor;

    enum http_framing framing; /* of the body; HTTP_TO_CLOSE: none is said */
    uint64_t content_length;
    bool has_length;           /* a valid Content-Length stood there, even where
                                * there is no body (HEAD, 304) */
    bool keep_alive;           /* the server would take another request */

    uint32_t head_len;
    const char *problem;       /* HTTP_BAD: a constant sentence for the log */

    uint32_t max_head;
    uint32_t line_at, scanned; /* the parser's own place */
    bool have_line;
    bool have_coding;
    bool head_only;
};

/* Prepares for the response to one request; `head_only` says that it was HEAD,
 * to which no body comes.  `list` as in http_request_init.  A head longer than
 * max_head is bad. */
void http_reply_init(struct http_reply *r, struct http_field *list,
                     unsigned max, uint32_t max_head, bool head_only);

/* As http_parse_request, http_settle included.  1xx responses are returned like
 * others; the caller passes them on or over and inits again. */
enum http_parse http_parse_reply(struct http_reply *r, const char *head,
                                 size_t len);

/* True when a Connection field names this one: it is for the next hop alone
 * (RFC 9110 7.6.1). */
bool http_connection_names(const struct http_fields *f, struct span name);

/* True for a field of the reply that ends at the gateway: it is about the
 * connection, or about a framing that is made anew, or was for the gateway. */
bool http_reply_ends_here(const struct http_reply *r, struct span name);

#endif
