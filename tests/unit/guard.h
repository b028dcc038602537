/* guard: input that ends where the memory ends.
 *
 * A parser that reads one byte past its input reads a page that may not be
 * touched, and the test dies there.  Two places take turns, so that input that
 * is put again lies elsewhere: whoever keeps a pointer into it is found out. */

#ifndef STRATA_GUARD_H
#define STRATA_GUARD_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GUARD_SIZE (1 << 17)

/* A copy of n bytes whose end is the end of the memory; it is good until the
 * next call, which overwrites the end of it. */
static inline const char *guard_put(const void *bytes, size_t n)
{
    static char *place[2];
    static unsigned turn;
    char *end;

    turn ^= 1;
    if (place[turn] == NULL) {
        place[turn] = mmap(NULL, GUARD_SIZE + 4096, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (place[turn] == MAP_FAILED || n > GUARD_SIZE ||
            mprotect(place[turn] + GUARD_SIZE, 4096, PROT_NONE) != 0)
            abort();
    }
    if (place[turn ^ 1])
        memset(place[turn ^ 1] + GUARD_SIZE - n, '#', n);
    end = place[turn] + GUARD_SIZE;
    if (n > 0)
        memcpy(end - n, bytes, n);
    return end - n;
}

#endif
