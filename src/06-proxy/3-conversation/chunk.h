/* chunk: blocks of memory that pieces of bodies lie in. */

#ifndef STRATA_CHUNK_H
#define STRATA_CHUNK_H

struct front_worker;

/* A block of memory that body pieces share; it goes back to the worker when
 * the last piece in it has been written. */
#define FRONT_CHUNK 32768

struct front_chunk {
    unsigned users;
    struct front_chunk *next;
    char bytes[FRONT_CHUNK];
};

struct front_chunk *chunk_new(struct front_worker *w); /* with no user */
void chunk_use(struct front_chunk *chunk);
void chunk_drop(struct front_worker *w, struct front_chunk *chunk);
void chunks_free(struct front_worker *w); /* the spare ones, at its end */

#endif
