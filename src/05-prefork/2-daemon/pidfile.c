/* pidfile: the pid of a server, where a script can find it; see daemon.h. */

#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
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
    char *folder = slash != NULL ? strndup(path, (size_t)(base - path))
                                 : strdup(".");
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
bool pidfile_open(struct pidfile *p, const char *path, struct err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK;

    *p = (struct pidfile){.fd = open(path, flags | O_EXCL, 0644)};
    p->made = p->fd >= 0;
    if (!p->made)
        p->fd = open(path, flags, 0644);
    if (p->fd < 0)
        return err_set(err, "cannot open the pidfile %s: %s%s", path,
                       strerror(errno),
                       errno == ENOENT ? " (make its directory first)" : "");
    p->path = own_name(path);
    return p->path != NULL ||
           err_set(err, "cannot name the pidfile %s: %s", path,
                   strerror(errno));
}

bool pidfile_write(struct pidfile *p, pid_t pid, struct err *err)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%d\n", (int)pid);

    if (p->fd < 0)
        return true;
    if (ftruncate(p->fd, 0) < 0 || pwrite(p->fd, text, (size_t)n, 0) != n)
        return err_set(err, "cannot write the pidfile %s: %s", p->path,
                       strerror(errno));
    p->made = false;
    return true;
}

/* The pid in the file, or 0.  0 and 1 are refused with the rest: kill(0, ...)
 * would hit the caller's own group.  O_NONBLOCK: nobody may ever write to a
 * FIFO that stands in the file's place. */
static pid_t read_pid(const char *path, struct err *err)
{
    char text[64];
    uint64_t number;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        err_set(err, "cannot open the pidfile %s: %s", path, strerror(errno));
        return 0;
    }
    n = read(fd, text, sizeof text);
    close(fd);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    if (n > 0 && span_decimal((struct span){text, (size_t)n}, &number) &&
        number > 1 && number <= INT_MAX)
        return (pid_t)number;
    err_set(err, "the pidfile %s holds \"%.*s\", expected a pid", path,
            n > 0 ? (int)n : 0, text);
    return 0;
}

bool pidfile_signal(const char *path, int signo, struct err *err)
{
    pid_t pid = read_pid(path, err);

    if (pid == 0)
        return false;
    if (kill(pid, signo) < 0)
        return err_set(err, "cannot signal process %d of %s: %s", (int)pid,
                       path, strerror(errno));
    return true;
}

/* Ours while our pid stands there, or, if we made it, nothing yet: a server that
 * took our place writes its own, into the same file. */
static bool is_ours(const struct pidfile *p)
{
    pid_t pid = read_pid(p->path, NULL);

    return pid == getpid() || (p->made && pid == 0);
}

void pidfile_remove(const struct pidfile *p)
{
    if (p->path && is_ours(p))
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
