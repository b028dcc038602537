/* log_file: opened for appending, so that workers that share a file never
 * write into each other's lines. */

#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct log_file *log_file_named(struct conf *cf, struct span name)
{
    bool is_stderr = span_eq(name, SPAN("stderr"));
    struct span path = is_stderr ? SPAN("") : conf_path(cf, name);
    struct log_file **end = &cf->log_files;
    struct log_file *file;

    if (path.ptr == NULL)
        return NULL;
    for (; *end != NULL; end = &(*end)->next)
        if (span_eq((*end)->path, path))
            return *end;
    file = arena_zalloc(cf->arena, sizeof *file);
    if (file == NULL)
        return NULL;
    file->path = path;
    file->fd = is_stderr ? STDERR_FILENO : -1;
    *end = file;
    return file;
}

static int open_log(const struct log_file *file, struct err *err)
{
    int fd =
        open(file->path.ptr, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        err_set(err, "open() \"%s\" failed (%d: %s)", file->path.ptr, errno,
                strerror(errno));
    return fd;
}

bool log_files_open(struct log_file *list, struct err *err)
{
    for (; list != NULL; list = list->next) {
        if (list->fd < 0)
            list->fd = open_log(list, err);
        if (list->fd < 0)
            return false;
    }
    return true;
}

/* dup3 puts the new file where the old one was, at once: whoever keeps the
 * number needs not be told. */
static bool reopen(struct log_file *file, uid_t owner, struct err *err)
{
    int fd = open_log(file, err);
    bool ok;

    if (fd < 0)
        return false;
    if (owner != (uid_t)-1 && fchown(fd, owner, (gid_t)-1) < 0)
        err_set(err, "chown(\"%s\", %u) failed (%d: %s)", file->path.ptr,
                (unsigned)owner, errno, strerror(errno));
    ok = dup3(fd, file->fd, O_CLOEXEC) >= 0;
    if (ok && file->takes_stderr)
        dup2(fd, STDERR_FILENO);
    if (!ok)
        err_set(err, "dup3() for \"%s\" failed (%d: %s)", file->path.ptr, errno,
                strerror(errno));
    close(fd);
    return ok;
}

bool log_files_reopen(struct log_file *list, uid_t owner, struct err *err)
{
    bool ok = true;

    for (; list != NULL; list = list->next)
        if (list->path.len > 0 && !reopen(list, owner, err))
            ok = false;
    return ok;
}

void log_file_take_stderr(struct log_file *file)
{
    file->takes_stderr = true;
    if (file->fd != STDERR_FILENO)
        dup2(file->fd, STDERR_FILENO);
}

bool log_file_write(struct log_file *file, struct span line)
{
    struct iovec iov[] = {{"\n", file->torn}, {(char *)line.ptr, line.len}};
    ssize_t whole = (ssize_t)(iov[0].iov_len + line.len), n;

    do
        n = writev(file->fd, iov, 2);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        file->torn = n > (ssize_t)iov[0].iov_len && n < whole;
    return n == whole;
}

void log_files_close(struct log_file *list)
{
    for (; list != NULL; list = list->next)
        if (list->path.len > 0 && list->fd >= 0) {
            close(list->fd);
            list->fd = -1;
        }
}
