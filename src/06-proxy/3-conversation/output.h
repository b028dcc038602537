/* output: the queue of pieces between an answer and its socket. */

#ifndef STRATA_OUTPUT_H
#define STRATA_OUTPUT_H

#include "exchange.h"

struct front_chunk;

/* A handler that paused because too much was queued is asked for more
 * (drained) when fewer bytes than this wait. */
#define FRONT_LOW_WATER 65536

bool output_bytes(struct exchange *x, struct span bytes,
                  struct front_chunk *chunk);
bool output_file(struct exchange *x, int fd, uint64_t offset, uint64_t n);
/* The size line of a chunk of n bytes. */
bool output_size(struct exchange *x, size_t n);
/* So much waits that a handler should pause until it is drained: bytes, or
 * pieces of a few bytes each. */
bool output_full(const struct exchange *x, uint64_t bytes);
/* Writes what the socket takes. */
void output_flush(struct exchange *x);
void output_clear(struct exchange *x);

#endif
