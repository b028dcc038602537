/* mem: memory that is given back all at once.
 *
 * A case is read into one mem and lives as long as it; so does whatever one
 * replay of a case needs.  The grader is a test program: where there is no
 * memory it ends, with status 2. */

#ifndef RUNNER_MEM_H
#define RUNNER_MEM_H

#include "bytes.h"

struct mem_block;

struct mem {
    struct mem_block *last;
};

void *mem_alloc(struct mem *m, size_t n);           /* zeroed, never NULL */
struct span mem_copy(struct mem *m, struct span s); /* NUL-terminated */
char *mem_printf(struct mem *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void mem_free(struct mem *m); /* all of it; the mem is as new */

/* Grows an array that is allocated in m and holds count items of size bytes:
 * room for one more, at a place that may be new. */
void *mem_grow(struct mem *m, void *array, size_t count, size_t size);

#endif
