/* http_body: the body of a message, decoded as it comes (RFC 9112 6, 7).
 *
 * Pure and resumable: it is given bytes, says how many it has used and which
 * of them are content, and keeps its place in a few words of state. */

#ifndef STRATA_HTTP_BODY_H
#define STRATA_HTTP_BODY_H

#include "http_request.h"

#define HTTP_MAX_CHUNK_LINE 4096 /* chunk size with its extensions */
#define HTTP_MAX_TRAILER    8192 /* the whole trailer section */

struct http_body {
    enum http_framing framing;
    uint64_t left;  /* HTTP_LENGTH: of the body; HTTP_CHUNKED: of the chunk */
    uint64_t total; /* content bytes given out so far */
    uint64_t max;   /* more content than this is refused with 413 */
    int state;      /* of the chunk decoder */
    uint32_t line;  /* bytes of the chunk line or trailer section so far */
    int status;     /* HTTP_BAD: 400, 413 or 431, and why */
    const char *reason;
};

/* Prepares to decode a body.  `length` counts for HTTP_LENGTH.  A length above
 * max is refused by the first call of http_decode_body, before any byte. */
void http_body_init(struct http_body *b, enum http_framing framing,
                    uint64_t length, uint64_t max);

/* Decodes on from in[0 .. len).  *used is how many bytes were consumed, and
 * *content the content among them, one run that lies within `in`, maybe
 * empty.  HTTP_MORE: call again with what follows in[*used] (if *used == len,
 * when more has come).  HTTP_DONE: the body is complete; bytes past *used
 * belong to the next message.  HTTP_BAD: refused, and it stays so whatever
 * follows.  The framing HTTP_TO_CLOSE never says HTTP_DONE: the end of the
 * stream is the end of the body.  Chunk extensions and trailers are checked,
 * bounded and dropped. */
enum http_parse http_decode_body(struct http_body *b, const char *in,
                                 size_t len, size_t *used,
                                 struct span *content);

/* True when the end of the stream at this place is a proper end. */
bool http_body_may_end(const struct http_body *b);

#endif
