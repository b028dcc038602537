/* file: finding and opening what a path names, and nothing else.
 *
 * Looking comes first and opening second: to open a device can start a tape
 * or arm a watchdog, so what is neither file nor directory is never opened.
 * The kernel keeps the path below the root (openat2); where it does not know
 * how, the walk further down does, link by link. */

#include "file.h"

#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Links followed on the way to one file: what Linux allows. */
#define MAX_LINKS 40

/* Directories on the way to a file, at most, when we walk ourselves. */
#define MAX_DEPTH 64

/* The kernel gives up with EAGAIN when something was renamed while it looked
 * at a ".." of a link; so often we ask again. */
#define MAX_RACES 8

static int walk_open(int root, const char *path, int flags,
                     enum file_links links);

/* openat with the promise of `links`; -1 with errno set. */
static int open_below(int root, const char *path, int flags,
                      enum file_links links)
{
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    long fd = -1;

    if (links == FILE_LINKS_FOLLOW)
        return openat(root, path, flags | O_CLOEXEC);
    if (links == FILE_LINKS_NONE)
        how.resolve |= RESOLVE_NO_SYMLINKS;
    for (int i = 0; i < MAX_RACES; i++) {
        fd = syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    /* EPERM is what old container sandboxes say of calls they do not know. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return walk_open(root, path, flags | O_CLOEXEC, links);
    return (int)fd;
}

static bool stat_below(int root, const char *path, enum file_links links,
                       struct stat *st)
{
    bool ok;
    int fd;

    if (links == FILE_LINKS_FOLLOW)
        return fstatat(root, path, st, 0) == 0;
    fd = open_below(root, path, O_PATH, links);
    if (fd < 0)
        return false;
    ok = fstat(fd, st) == 0;
    close(fd);
    return ok;
}

int file_status(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return 404;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EMLINK:
    case EXDEV:
        return 403;
    case EMFILE:
    case ENFILE:
        return 503;
    default:
        return 500;
    }
}

static bool has_dot_dot(const char *path)
{
    struct span rest = span_of(path), name;

    while (span_next(&rest, '/', &name))
        if (span_eq(name, SPAN("..")))
            return true;
    return false;
}

static void set_facts(struct file *file, const struct stat *st)
{
    file->directory = S_ISDIR(st->st_mode);
    file->size = (uint64_t)st->st_size;
    file->mtime = st->st_mtime;
}

/* O_NONBLOCK is for whoever puts a FIFO in the file's place between the look
 * and the opening; for a file it means nothing. */
int file_open(struct file *file, int root, const char *path,
              enum file_links links)
{
    struct stat st;
    int fd;

    *file = (struct file){.fd = -1};
    while (*path == '/')
        path++;
    if (*path == '\0')
        path = ".";
    if (has_dot_dot(path)) {
        errno = EXDEV;
        return 403;
    }
    if (!stat_below(root, path, links, &st))
        return file_status(errno);
    if (S_ISREG(st.st_mode)) {
        fd = open_below(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, links);
        if (fd < 0)
            return file_status(errno);
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            file->fd = fd;
        else
            close(fd);
    }
    if (file->fd < 0 && !S_ISDIR(st.st_mode)) {
        errno = EINVAL;
        return 404;
    }
    set_facts(file, &st);
    return 0;
}

/* A walk from the root to a file.  It holds every directory on its way open,
 * so that ".." in a link leads back to where it came from, wherever somebody
 * moves the directory meanwhile, and never above dirs[0], the root. */
struct walk {
    int dirs[MAX_DEPTH];
    int depth; /* dirs[depth] is where the walk stands */
    int links; /* that may still be followed */
    char text[PATH_MAX];
    char *rest; /* in text: the way that is left */
};

static bool fail(int error)
{
    errno = error;
    return false;
}

/* The rest of the way becomes what the link says, and then the rest. */
static bool walk_link(struct walk *w, int link, bool last)
{
    char target[PATH_MAX];
    size_t rest_len = strlen(w->rest);
    ssize_t n = readlinkat(link, "", target, sizeof target);

    if (n < 0)
        return false;
    if (w->links-- == 0)
        return fail(ELOOP);
    if (n == 0 || target[0] == '/')
        return fail(EXDEV);
    if ((size_t)n + 1 + rest_len + 1 > sizeof w->text)
        return fail(ENAMETOOLONG);
    memmove(w->text + n + 1, w->rest, rest_len + 1);
    memcpy(w->text, target, (size_t)n);
    w->text[n] = last ? '\0' : '/';
    w->rest = w->text;
    return true;
}

/* Takes the next name off the rest.  `last` when nothing follows it, not even
 * a slash. */
static char *walk_name(struct walk *w, bool *last)
{
    char *name = w->rest + strspn(w->rest, "/");
    char *end = name + strcspn(name, "/");

    *last = *end == '\0';
    w->rest = end + !*last;
    *end = '\0';
    return name;
}

/* Enters dir, which belongs to the walk from here on. */
static bool walk_enter(struct walk *w, int dir, bool is_directory)
{
    if (!is_directory || w->depth + 1 == MAX_DEPTH) {
        close(dir);
        return fail(is_directory ? ENAMETOOLONG : ENOTDIR);
    }
    w->dirs[++w->depth] = dir;
    return true;
}

/* One name further.  False at the end: *found is then the file, or -1. */
static bool walk_step(struct walk *w, int flags, enum file_links links,
                      int *found)
{
    struct stat st;
    bool last, more;
    char *name = walk_name(w, &last);
    bool up = strcmp(name, "..") == 0;
    int fd;

    if (up || *name == '\0' || strcmp(name, ".") == 0) {
        if (up && w->depth == 0)
            return fail(EXDEV);
        if (up)
            close(w->dirs[w->depth--]);
        if (last)
            *found = openat(w->dirs[w->depth], ".", flags);
        return !last;
    }
    fd = openat(w->dirs[w->depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) < 0) {
        more = false;
    } else if (S_ISLNK(st.st_mode)) {
        more = links == FILE_LINKS_NONE ? fail(ELOOP) : walk_link(w, fd, last);
    } else if (last) {
        *found = openat(w->dirs[w->depth], name, flags | O_NOFOLLOW);
        more = false;
    } else {
        return walk_enter(w, fd, S_ISDIR(st.st_mode));
    }
    close(fd);
    return more;
}

static int walk_open(int root, const char *path, int flags,
                     enum file_links links)
{
    struct walk w = {.dirs = {root}, .links = MAX_LINKS};
    int found = -1, error;

    if (strlen(path) >= sizeof w.text) {
        errno = ENAMETOOLONG;
        return -1;
    }
    w.rest = strcpy(w.text, path);
    while (walk_step(&w, flags, links, &found))
        continue;
    error = errno;
    while (w.depth > 0)
        close(w.dirs[w.depth--]);
    errno = error;
    return found;
}

/* Some file systems (and every file in /proc) do not do sendfile: these bytes
 * go through a buffer.  How many went, 0 at the end of the file, -1. */
static ssize_t copy_once(int socket, int fd, uint64_t offset, uint64_t n,
                         int64_t patience)
{
    char block[16384];
    ssize_t got = pread(fd, block, n < sizeof block ? n : sizeof block,
                        (off_t)offset);

    if (got > 0 && !net_write(socket, block, (size_t)got, patience))
        return -1;
    return got;
}

uint64_t file_send(int socket, int fd, uint64_t offset, uint64_t n,
                   int64_t patience)
{
    int64_t deadline = net_after(patience);
    uint64_t sent = 0;
    bool copy = false;

    while (sent < n) {
        off_t at = (off_t)(offset + sent);
        uint64_t left = n - sent;
        ssize_t k = copy ? copy_once(socket, fd, offset + sent, left, patience)
                         : sendfile(socket, fd, &at,
                                    left < INT_MAX ? left : INT_MAX);

        if (k > 0) {
            sent += (uint64_t)k;
            deadline = net_after(patience);
        } else if (k == 0) {
            errno = 0;
            break;
        } else if (!copy && (errno == EINVAL || errno == ENOSYS)) {
            copy = true;
        } else if (copy || (errno != EAGAIN && errno != EINTR)) {
            break;
        } else if (!net_wait(socket, POLLOUT, deadline) && errno != EINTR) {
            break;
        }
    }
    return sent;
}
