/* pidfile: opened, written, and removed only as long as it is our own: another
 * server may have taken our place, and the file with it. */

#include "pidfile.h"

#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The absolute name, for a program that goes elsewhere.  Links are followed to
 * its folder and no further: if the file is itself a link, the link is what may
 * be removed, and not what it points to. */
static char *own_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    char *folder =
        slash != NULL ? strndup(path, (size_t)(base - path)) : strdup(".");
    char *real = folder != NULL ? realpath(folder, NULL) : NULL;
    char *name = NULL;

    if (real != NULL && asprintf(&name, "%s/%s", real, base) < 0)
        name = NULL;
    free(folder);
    free(real);
    return name;
}

/* O_NONBLOCK: signals are blocked while a server starts, so that nothing but
 * SIGKILL would end the wait for a FIFO's reader. */
const char *pidfile_open(struct pidfile *p, const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK;

    *p = (struct pidfile){.fd = open(path, flags | O_EXCL, 0644)};
    p->made = p->fd >= 0;
    if (!p->made)
        p->fd = open(path, flags, 0644);
    if (p->fd < 0)
        return "open";
    p->path = own_name(path);
    return p->path != NULL ? NULL : "realpath";
}

/* One write: whoever waits for the file finds the whole number in it, or
 * nothing.  A device (/dev/null) has no length to be cut. */
const char *pidfile_write(struct pidfile *p)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%d\n", (int)getpid());

    if ((ftruncate(p->fd, 0) < 0 && errno != EINVAL) ||
        write(p->fd, text, (size_t)n) != n)
        return "write";
    close(p->fd);
    p->fd = -1;
    p->made = false;
    return NULL;
}

/* Asked of the system, not tried: a file that only just appears and goes would
 * mislead whoever waits for it. */
bool pidfile_possible(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    bool ok = folder != NULL &&
              (access(path, F_OK) == 0 ? access(path, W_OK) == 0
                                       : access(folder, W_OK | X_OK) == 0);

    free(folder);
    return ok;
}

bool pidfile_rename(struct pidfile *p, const char *path)
{
    char *name = strdup(path);

    if (name == NULL || rename(p->path, name) < 0) {
        free(name);
        return false;
    }
    free(p->path);
    p->path = name;
    return true;
}

/* 0 is no pid, and a signal to it would hit the caller's own group.
 * O_NONBLOCK: nobody may ever write to a FIFO that stands in the file's
 * place. */
pid_t pidfile_read(const char *path, char text[PIDFILE_TEXT])
{
    uint64_t number;
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd >= 0) {
        n = read(fd, text, PIDFILE_TEXT - 1);
        close(fd);
    }
    if (n < 0)
        return 0;
    while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
        n--;
    text[n] = '\0';
    errno = 0;
    if (!span_decimal((struct span){text, (size_t)n}, &number) ||
        number > INT_MAX)
        return 0;
    return (pid_t)number;
}

/* Ours while our pid stands there, or, if we made it, nothing yet: a server
 * that took our place writes its own, into the same file. */
static bool is_ours(const struct pidfile *p)
{
    char text[PIDFILE_TEXT];
    pid_t pid = pidfile_read(p->path, text);

    return pid == getpid() || (p->made && pid == 0);
}

void pidfile_remove(const struct pidfile *p)
{
    if (p->path != NULL && is_ours(p))
        unlink(p->path);
}

void pidfile_close(struct pidfile *p)
{
    if (p->made)
        pidfile_remove(p);
    if (p->fd >= 0)
        close(p->fd);
    free(p->path);
    *p = (struct pidfile){.fd = -1};
}
