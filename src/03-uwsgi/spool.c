/* spool: memory first, then a file without a name.
 *
 * What is in the file is no longer in memory: there is one place to read
 * from, and `fd` says which. */

#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void spool_init_in(struct spool *s, size_t memory, const char *directory)
{
    buf_init(&s->memory, memory);
    s->directory = directory;
    s->fd = -1;
    s->len = 0;
}

void spool_init(struct spool *s)
{
    spool_init_in(s, SPOOL_MEMORY, NULL);
}

void spool_free(struct spool *s)
{
    buf_free(&s->memory);
    if (s->fd >= 0)
        close(s->fd);
    spool_init_in(s, s->memory.max, s->directory);
}

static bool write_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        span_skip(&bytes, (size_t)n);
    }
    return true;
}

/* O_TMPFILE makes a file without a name; where the file system cannot, the name
 * is taken away at once. */
static int open_file(const char *directory)
{
    char name[PATH_MAX];
    int fd;

    if (directory == NULL && (directory = getenv("TMPDIR")) == NULL)
        directory = "/tmp";
    fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    snprintf(name, sizeof name, "%s/spool.XXXXXX", directory);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    return fd;
}

static bool move_to_file(struct spool *s)
{
    s->fd = open_file(s->directory);
    if (s->fd < 0 || !write_all(s->fd, buf_span(&s->memory)))
        return false;
    buf_free(&s->memory);
    return true;
}

bool spool_add(struct spool *s, struct span bytes)
{
    if (s->fd < 0 && s->len + bytes.len > s->memory.max && !move_to_file(s))
        return false;
    if (s->fd < 0 ? !buf_add_span(&s->memory, bytes) : !write_all(s->fd, bytes))
        return false;
    s->len += bytes.len;
    return true;
}

ssize_t spool_read(const struct spool *s, uint64_t at, char *out, size_t n)
{
    if (at >= s->len)
        return 0;
    if (n > s->len - at)
        n = s->len - at;
    if (s->fd >= 0)
        return pread(s->fd, out, n, (off_t)at);
    memcpy(out, s->memory.ptr + at, n);
    return (ssize_t)n;
}
