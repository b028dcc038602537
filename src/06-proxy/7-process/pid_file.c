/* pid_file: a number and a newline. */

#include "pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool failed(struct err *err, const char *call, const char *path)
{
    return err_set(err, "%s \"%s\" failed (%d: %s)", call, path, errno,
                   strerror(errno));
}

/* One write: whoever waits for the file finds the whole number in it, or
 * nothing. */
bool pid_file_write(const char *path, struct err *err)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%d\n", (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good;

    if (fd < 0)
        return failed(err, "open()", path);
    good = write(fd, text, (size_t)len) == len || failed(err, "write()", path);
    close(fd);
    return good;
}

/* Asked of the system, not tried: a file that only just appears and goes would
 * mislead whoever waits for it. */
bool pid_file_test(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char *dir =
        slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    bool good = dir != NULL &&
                (access(path, F_OK) == 0 ? access(path, W_OK) == 0
                                         : access(dir, W_OK | X_OK) == 0);

    free(dir);
    return good || failed(err, "open()", path);
}

bool pid_file_read(const char *path, pid_t *pid, struct err *err)
{
    char text[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len;
    struct span s;
    uint64_t n;

    if (fd < 0)
        return failed(err, "open()", path);
    len = read(fd, text, sizeof text);
    close(fd);
    if (len < 0)
        return failed(err, "read()", path);
    s = (struct span){text, (size_t)len};
    while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r'))
        s.len--;
    if (!span_decimal(s, &n) || n == 0 || n > INT32_MAX)
        return err_set(err, "invalid PID number \"%.*s\" in \"%s\"",
                       SPAN_ARG(s), path);
    *pid = (pid_t)n;
    return true;
}
