/* watch: a set of files, and the question whether one of them has changed. */

#ifndef STRATA_WATCH_H
#define STRATA_WATCH_H

#include "bytes.h"

#include <sys/stat.h>

struct watched {
    char *path;
    struct timespec mtime;
    off_t size;
    ino_t inode; /* 0: it is not there */
};

/* All zeros is an empty set. */
struct watch {
    struct watched *list;
    size_t count, room;
};

/* Adds a file as it is now; one that is in the set stays as it was seen last.
 * It need not exist.  False when the memory is out. */
bool watch_add(struct watch *w, struct span path);

/* The path of a file that has changed since it was seen last (another time of
 * change, size or inode, or it has come into being), or NULL.  All files count
 * as seen then.  A file that vanishes has not changed: editors write a new
 * file and rename it. */
const char *watch_changed(struct watch *w);

/* Forgets all files. */
void watch_clear(struct watch *w);

#endif
