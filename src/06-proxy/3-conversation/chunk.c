/* chunk: blocks of memory, shared by the pieces in them, and kept. */

#include "chunk.h"
#include "front_worker.h"

#include <stdlib.h>

#define CHUNKS_KEPT BYTES_KEPT(64) /* spare ones, of a worker */

struct front_chunk *chunk_new(struct front_worker *w)
{
    struct front_chunk *chunk = w->spare_chunks;

    if (chunk != NULL) {
        w->spare_chunks = chunk->next;
        w->spare_chunk_count--;
    } else {
        chunk = malloc(sizeof *chunk);
        if (chunk == NULL)
            return NULL;
    }
    chunk->users = 0;
    chunk->next = NULL;
    return chunk;
}

void chunk_use(struct front_chunk *chunk)
{
    chunk->users++;
}

void chunk_drop(struct front_worker *w, struct front_chunk *chunk)
{
    if (chunk->users > 0 && --chunk->users > 0)
        return;
    if (w->spare_chunk_count >= CHUNKS_KEPT) {
        free(chunk);
        return;
    }
    chunk->next = w->spare_chunks;
    w->spare_chunks = chunk;
    w->spare_chunk_count++;
}

void chunks_free(struct front_worker *w)
{
    while (w->spare_chunks != NULL) {
        struct front_chunk *chunk = w->spare_chunks;

        w->spare_chunks = chunk->next;
        free(chunk);
    }
}
