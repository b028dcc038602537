/* answer: the head of an answer and the framing of its body. */

#ifndef STRATA_ANSWER_H
#define STRATA_ANSWER_H

#include "exchange.h"

struct front_chunk;

/* Answers with the page of a status; the first bytes of the answer must not be
 * out yet, else the connection is broken off. */
void exchange_error(struct exchange *x, int status);

/* A further field of the answer; the spans must outlive the exchange's
 * arena's contents.  False without memory. */
bool answer_field(struct exchange *x, struct span name, struct span value);
struct span answer_get(const struct exchange *x, struct span name);
/* A field of the answer that is a list, in however many lines, has the element
 * `token`, in any letter case. */
bool answer_list_has(const struct exchange *x, struct span name,
                     struct span token);
/* x->out describes the whole, a 200: which of its variants does this client
 * get?  Sets out->vary and out->coded, and what comes of the 200 abides by
 * them: a 206, 304 or 416 says of the variants what it would say (RFC 9110
 * 15.3.7, 15.4.5).  A handler that makes one of those itself asks this first;
 * when the whole will be coded, there are no parts of it.  For all others
 * answer_begin does. */
void answer_choose(struct exchange *x);
/* Queues the head, after the filters have seen it. */
void answer_begin(struct exchange *x);
/* Queue parts of the body, through the filters.  `bytes` must live until they
 * are sent: in the arena, the configuration, or `chunk`, which gets one more
 * user.  The file stays open until the exchange's end. */
void answer_bytes(struct exchange *x, struct span bytes,
                  struct front_chunk *chunk);
void answer_file(struct exchange *x, int fd, uint64_t offset, uint64_t n);
/* That was the body. */
void answer_end(struct exchange *x);
/* So much waits that a source should pause: bytes, or pieces of a few bytes
 * each, or something that a filter has not taken.  x->more is called when there
 * is room again. */
bool answer_full(const struct exchange *x, uint64_t bytes);
/* There may be room: goes on with what waits, and with the source. */
void answer_go_on(struct exchange *x);
/* A body of a few bytes with its head: everything in one. */
void answer_whole(struct exchange *x, int status, struct span type,
                  struct span body);
/* The client has said Expect: 100-continue and has not been answered.
 * answer_invite queues the answer, before any other. */
bool answer_awaits_word(const struct exchange *x);
void answer_invite(struct exchange *x);

#endif
