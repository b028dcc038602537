/* arena: memory that is given back all at once.
 *
 * A request, or a configuration, takes what it needs piece by piece and frees
 * nothing; when it is over the whole arena goes.  Blocks are kept for the next
 * user of the same arena, so that a worker that has warmed up does not call
 * malloc any more. */

#ifndef STRATA_ARENA_H
#define STRATA_ARENA_H

#include "bytes.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* the newest first */
    char *next, *end;           /* the free part of the newest */
    size_t block_size;
    struct arena_cleanup *cleanups;
};

/* An empty arena that will grow by blocks of block_size bytes. */
void arena_init(struct arena *a, size_t block_size);

/* Runs the cleanups, the latest first, and gives everything back but the
 * first block, which the next user takes over. */
void arena_reset(struct arena *a);

/* As arena_reset, and the first block too. */
void arena_free(struct arena *a);

/* n bytes, aligned for anything, zeroed for arena_zalloc.  NULL with errno
 * ENOMEM when the memory is out. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_zalloc(struct arena *a, size_t n);

/* A copy of s; the bytes are followed by a NUL that is not counted.  ptr is
 * NULL when the memory is out. */
struct span arena_copy(struct arena *a, struct span s);

/* A formatted text, as arena_copy. */
struct span arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* An empty buffer without a bound that grows in the arena: for all that appends
 * to one, not for buf_free.  Nobody need look whether an append was refused: a
 * text that lacks something is nothing from then on. */
struct buf arena_text(struct arena *a);

/* The finished text, as arena_copy; what it has not used goes back. */
struct span arena_text_end(struct buf *text);

/* Calls run(what) when the arena is reset or freed.  False without memory,
 * and then the call has been made at once. */
bool arena_on_reset(struct arena *a, void (*run)(void *what), void *what);

#endif
