/* spool: bytes that must be kept until somebody can take them.
 *
 * A chunked body has to be complete before its length can be said, and an
 * answer may begin to arrive while the request is still on its way.  Small
 * ones stay in memory; what is larger goes to a temporary file that has no
 * name, so that it is gone with the process, however that ends. */

#ifndef STRATA_SPOOL_H
#define STRATA_SPOOL_H

#include "bytes.h"

#include <sys/types.h>

#define SPOOL_MEMORY 65536 /* bytes that stay in memory, where nobody says */

struct spool {
    struct buf memory;     /* empty once there is a file */
    const char *directory; /* of the file; NULL: $TMPDIR, or /tmp */
    int fd;       /* of the file, or -1 while memory is enough */
    uint64_t len; /* bytes added so far */
};

/* An empty spool: nothing is allocated or opened yet. */
void spool_init(struct spool *s);

/* The same for an owner who says how many bytes stay in memory, and where the
 * others go. */
void spool_init_in(struct spool *s, size_t memory, const char *directory);

/* Gives memory and file back. */
void spool_free(struct spool *s);

/* Appends.  False with errno set when the memory or the disk is full; the
 * spool is then useless. */
bool spool_add(struct spool *s, struct span bytes);

/* Copies bytes that begin at `at` to `out`, at most n.  Returns how many: 0
 * only at the end, -1 with errno set. */
ssize_t spool_read(const struct spool *s, uint64_t at, char *out, size_t n);

#endif
