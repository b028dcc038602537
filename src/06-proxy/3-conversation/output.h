/* output: the queue of pieces between an answer and its socket. */

#ifndef STRATA_OUTPUT_H
#define STRATA_OUTPUT_H

#include "exchange.h"

struct front_chunk;

/* A source that paused because too much was queued goes on when fewer bytes
 * than this wait. */
#define FRONT_LOW_WATER 65536

/* Puts a piece into the queue: a copy, with another user of its chunk.  A file
 * must stay open until the exchange's end.  False without memory. */
bool output_add(struct exchange *x, const struct piece *piece);
bool output_bytes(struct exchange *x, struct span bytes,
                  struct front_chunk *chunk);
/* A copy of a piece, which uses its chunk; NULL without memory. */
struct piece *piece_new(struct exchange *x, const struct piece *from);
void piece_free(struct exchange *x, struct piece *p);
/* So much waits that a source should pause: bytes, or pieces of a few bytes
 * each. */
bool output_full(const struct exchange *x, uint64_t bytes);
/* Writes what the socket takes. */
void output_flush(struct exchange *x);
void output_clear(struct exchange *x);

#endif
