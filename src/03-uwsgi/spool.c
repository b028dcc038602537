/* spool: see spool.h. */

#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void spool_init(struct spool *s)
{
    buf_init(&s->memory, SPOOL_MEMORY);
    s->fd = -1;
    s->len = 0;
}

void spool_free(struct spool *s)
{
    buf_free(&s->memory);
    if (s->fd >= 0)
        close(s->fd);
    spool_init(s);
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

/* Moves what is in memory to a file.  O_TMPFILE makes one without a name;
 * where the file system cannot, the name is taken away at once. */
static bool move_to_file(struct spool *s)
{
    const char *directory = getenv("TMPDIR");
    char name[] = "/tmp/spool.XXXXXX";

    s->fd = open(directory != NULL ? directory : "/tmp",
                 O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (s->fd < 0) {
        s->fd = mkostemp(name, O_CLOEXEC);
        if (s->fd < 0)
            return false;
        unlink(name);
    }
    if (!write_all(s->fd, buf_span(&s->memory)))
        return false;
    buf_free(&s->memory);
    return true;
}

bool spool_add(struct spool *s, struct span bytes)
{
    if (s->fd < 0 && s->len + bytes.len > SPOOL_MEMORY && !move_to_file(s))
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
