/* http_response: the head of a response, and the pages for errors.
 *
 * Writes into a buf what RFC 9112 4 and 5 say a response looks like, in the
 * order in which nginx writes it.  A function that returns bool is false when
 * the buffer's bound was reached. */

#ifndef STRATA_HTTP_RESPONSE_H
#define STRATA_HTTP_RESPONSE_H

#include "http_date.h"
#include "http_fields.h"

/* "HTTP/1.1 404 Not Found\r\n", then a Server field when `server` is not empty,
 * then Date when there is a clock.  A response always says HTTP/1.1, whatever
 * the request said (RFC 9110 6.2). */
bool http_add_status(struct buf *out, int status, struct span server,
                     struct http_clock *clock);

/* The status line alone; an empty reason stands for the registry's. */
bool http_add_status_line(struct buf *out, int status, struct span reason);

/* One field line, and never two: a CR, LF or NUL in the value, which may be
 * what a client sent, decoded, becomes a blank (RFC 9110 5.5).  The name is the
 * program's own or has been checked. */
bool http_add_field(struct buf *out, struct span name, struct span value);
bool http_add_length(struct buf *out, uint64_t length); /* Content-Length */

/* The Connection field as nginx writes it: "keep-alive" or "close". */
bool http_add_connection(struct buf *out, bool keep_alive);

/* The empty line. */
bool http_end_head(struct buf *out);

/* A whole answer that fits into memory: status line, Server and Date as
 * http_add_status has them, Content-Type, Content-Length, Connection, and the
 * body. */
struct http_answer {
    int status;
    struct span server, type, body;
    bool keep_alive;
    bool head_only; /* to HEAD: without the body, of which the head tells */
};

bool http_add_answer(struct buf *out, const struct http_answer *a,
                     struct http_clock *clock);

/* The body that explains `status` to a person, as HTML in nginx's form
 * (<html>\r\n<head><title>404 Not Found</title></head>...), with `server` as
 * its signature.  Two titles are not the status line's phrase: 302 "Found" and
 * 401 "Authorization Required". */
bool http_error_page(struct buf *out, int status, struct span server);

#endif
