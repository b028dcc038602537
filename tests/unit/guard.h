/* guard: bytes that end where the memory ends.
 *
 * A parser that reads one byte past what it was given dies here, with and
 * without a sanitizer. */

#ifndef STRATA_GUARD_H
#define STRATA_GUARD_H

#include <string.h>
#include <sys/mman.h>

#define GUARD_ROOM 131072

/* A copy of bytes[0 .. n) right before a page that cannot be touched.  It is
 * valid until the next call. */
static inline char *guard(const void *bytes, size_t n)
{
    static char *room;

    if (room == NULL) {
        room = mmap(NULL, GUARD_ROOM + 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mprotect(room + GUARD_ROOM, 4096, PROT_NONE);
    }
    char *copy = room + GUARD_ROOM - n;
    if (n > 0)
        memcpy(copy, bytes, n);
    return copy;
}

#endif
