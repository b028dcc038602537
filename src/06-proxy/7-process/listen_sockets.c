/* listen_sockets: opened by the master, used by the workers, kept across
 * reloads. */

#include "listen_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BIND_TRIES 5
#define BIND_PAUSE 500000000L /* ns */

/* The listen of this address that has sockets. */
static const struct listen *find_address(const struct listen *list,
                                         const char *text)
{
    for (; list != NULL; list = list->next)
        if (list->socket_count > 0 && strcmp(list->text, text) == 0)
            return list;
    return NULL;
}

static bool has_socket(const struct listen *list, int fd)
{
    for (; list != NULL; list = list->next)
        for (unsigned k = 0; k < list->socket_count; k++)
            if (list->sockets[k] == fd)
                return true;
    return false;
}

unsigned listen_sockets_count(const struct listen *list)
{
    unsigned n = 0;

    for (; list != NULL; list = list->next)
        n += list->socket_count > 0;
    return n;
}

/* --- Opening ----------------------------------------------------------- */

static bool failed(struct err *err, const char *call, const char *text)
{
    return err_set(err, "%s to %s failed (%d: %s)", call, text, errno,
                   strerror(errno));
}

static bool set_options(int fd, const struct listen *l)
{
    int on = 1, only = l->ipv6only;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           (!l->reuseport ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
           (l->addr.sa.sa_family != AF_INET6 ||
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) == 0);
}

/* A deferred connection is accepted when its first bytes are there, or a second
 * after it was made; a socket that is kept may have been told otherwise. */
static void set_deferred(int fd, const struct listen *l)
{
    int seconds = l->deferred;

    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
}

static int open_tcp(const struct listen *l, struct err *err)
{
    int fd = socket(l->addr.sa.sa_family,
                    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int problem;

    if (fd >= 0)
        net_set_nodelay(fd, &l->addr);
    if (fd < 0 || !set_options(fd, l))
        failed(err, "socket()", l->text);
    else if (bind(fd, &l->addr.sa, l->addr.len) < 0)
        failed(err, "bind()", l->text);
    else if (listen(fd, l->backlog) < 0)
        failed(err, "listen()", l->text);
    else {
        set_deferred(fd, l);
        return fd;
    }
    problem = errno;
    if (fd >= 0)
        close(fd);
    errno = problem;
    return -1;
}

/* Who may connect to a unix socket is for the directory around it to say. */
static int open_unix(const struct listen *l, struct err *err)
{
    int fd = net_listen(&l->addr, l->backlog, NULL);

    if (fd < 0)
        failed(err, "bind()", l->text);
    else
        chmod(((const struct sockaddr_un *)&l->addr.sa)->sun_path, 0666);
    return fd;
}

/* One socket, or -1: with errno EADDRINUSE it may be tried again. */
static int open_one(const struct listen *l, struct err *err)
{
    return l->addr.sa.sa_family == AF_UNIX ? open_unix(l, err)
                                           : open_tcp(l, err);
}

static int open_patiently(const struct listen *l, struct err *err)
{
    const struct timespec pause = {0, BIND_PAUSE};
    int fd;

    for (int i = 1;; i++) {
        fd = open_one(l, err);
        if (fd >= 0 || errno != EADDRINUSE || i == BIND_TRIES)
            return fd;
        nanosleep(&pause, NULL);
    }
}

/* A test must not disturb: it leaves unix sockets, whose making would be seen,
 * alone. */
static bool test_one(const struct listen *l, struct err *err)
{
    int fd;

    if (l->addr.sa.sa_family == AF_UNIX)
        return true;
    fd = open_tcp(l, err);
    if (fd < 0)
        return errno == EADDRINUSE;
    close(fd);
    return true;
}

/* One that serves already: the kernel lets more sockets have its address only
 * if the first one says so too. */
static int keep_open(int fd, const struct listen *l)
{
    int on = l->reuseport;

    net_set_nodelay(fd, &l->addr);
    if (l->addr.sa.sa_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        set_deferred(fd, l);
    }
    listen(fd, l->backlog);
    return fd;
}

static bool make_room(struct listen *l, struct arena *arena, unsigned count)
{
    int *sockets = arena_alloc(arena, count * sizeof *sockets);

    if (sockets == NULL)
        return false;
    for (unsigned i = 0; i < count; i++)
        sockets[i] = i < l->socket_count ? l->sockets[i] : -1;
    l->sockets = sockets;
    l->socket_count = count;
    return true;
}

/* All sockets of one address. */
static bool open_address(struct listen *l, const struct listen *old, bool test,
                         struct err *err)
{
    for (unsigned i = 0; i < l->socket_count; i++) {
        if (old != NULL && i < old->socket_count) {
            l->sockets[i] = keep_open(old->sockets[i], l);
        } else if (test) {
            if (!test_one(l, err))
                return false;
        } else {
            l->sockets[i] = open_patiently(l, err);
            if (l->sockets[i] < 0)
                return false;
        }
    }
    return true;
}

bool listen_sockets_open(struct listen *list, struct arena *arena,
                         unsigned workers, const struct listen *old, bool test,
                         struct err *err)
{
    for (struct listen *l = list; l != NULL; l = l->next) {
        if (l->wildcard != NULL)
            continue;
        if (!make_room(l, arena, l->reuseport && workers > 0 ? workers : 1))
            err_set(err, "out of memory");
        else if (open_address(l, find_address(old, l->text), test, err))
            continue;
        listen_sockets_close(list, old, true);
        return false;
    }
    return true;
}

/* --- Closing ----------------------------------------------------------- */

void listen_sockets_close(struct listen *list, const struct listen *kept,
                          bool unlink_them)
{
    for (struct listen *l = list; l != NULL; l = l->next) {
        bool was_open = l->socket_count > 0 && l->sockets[0] >= 0;

        for (unsigned k = 0; k < l->socket_count; k++)
            if (l->sockets[k] >= 0 && !has_socket(kept, l->sockets[k]))
                close(l->sockets[k]);
        if (unlink_them && was_open && l->addr.sa.sa_family == AF_UNIX &&
            find_address(kept, l->text) == NULL)
            unlink(((const struct sockaddr_un *)&l->addr.sa)->sun_path);
        l->socket_count = 0;
    }
}

int listen_sockets_take(const struct listen *l, unsigned number)
{
    int mine =
        l->socket_count > 0 ? l->sockets[(number - 1) % l->socket_count] : -1;

    for (unsigned k = 0; k < l->socket_count; k++)
        if (l->sockets[k] != mine)
            close(l->sockets[k]);
    return mine;
}

/* --- From program to program ------------------------------------------- */

bool listen_sockets_print(const struct listen *list, struct buf *text)
{
    for (; list != NULL; list = list->next)
        for (unsigned k = 0; k < list->socket_count; k++)
            if (!buf_printf(text, "%d;", list->sockets[k]))
                return false;
    return true;
}

/* One more descriptor; those of one address (reuseport) stand together. */
static bool inherit_one(struct listen **list, struct arena *arena, int fd)
{
    struct listen *l = arena_zalloc(arena, sizeof *l);

    if (l == NULL || !net_local(fd, &l->addr))
        return false;
    net_print(&l->addr, l->text);
    if (*list != NULL && strcmp((*list)->text, l->text) == 0) {
        l = *list;
    } else {
        l->next = *list;
        *list = l;
    }
    if (!make_room(l, arena, l->socket_count + 1))
        return false;
    l->sockets[l->socket_count - 1] = fd;
    return true;
}

bool listen_sockets_inherit(struct listen **list, struct arena *arena,
                            struct span text)
{
    struct span word;
    uint64_t fd;

    *list = NULL;
    while (span_next(&text, ';', &word))
        if (!span_decimal(word, &fd) || fd > INT32_MAX ||
            !inherit_one(list, arena, (int)fd))
            return false;
    return true;
}
