/* mem: a chain of allocations. */

#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mem_block {
    struct mem_block *before;
    max_align_t bytes[];
};

void *mem_alloc(struct mem *m, size_t n)
{
    struct mem_block *block = calloc(1, sizeof *block + n);

    if (!block) {
        fprintf(stderr, "strata-grade: out of memory\n");
        exit(2);
    }
    block->before = m->last;
    m->last = block;
    return block->bytes;
}

struct span mem_copy(struct mem *m, struct span s)
{
    char *copy = mem_alloc(m, s.len + 1);

    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return (struct span){copy, s.len};
}

char *mem_printf(struct mem *m, const char *format, ...)
{
    va_list args;
    int n;
    char *text;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    text = mem_alloc(m, (size_t)n + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

void mem_free(struct mem *m)
{
    while (m->last) {
        struct mem_block *block = m->last;

        m->last = block->before;
        free(block);
    }
}

/* The array grows when its count is 0 or a power of two: then it is full. */
void *mem_grow(struct mem *m, void *array, size_t count, size_t size)
{
    void *larger;

    if (count & (count - 1))
        return array;
    larger = mem_alloc(m, (count ? 2 * count : 1) * size);
    if (count)
        memcpy(larger, array, count * size);
    return larger;
}
