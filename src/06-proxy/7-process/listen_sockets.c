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

static struct listen_socket *find_socket(const struct listen_sockets *s,
                                         const char *text)
{
    for (unsigned i = 0; s != NULL && i < s->count; i++)
        if (strcmp(s->list[i].text, text) == 0)
            return &s->list[i];
    return NULL;
}

static bool has_fd(const struct listen_sockets *s, int fd)
{
    for (unsigned i = 0; s != NULL && i < s->count; i++)
        for (unsigned k = 0; k < s->list[i].count; k++)
            if (s->list[i].fds[k] == fd)
                return true;
    return false;
}

static bool has_address(const struct listen_sockets *s, const char *text)
{
    return find_socket(s, text) != NULL;
}

/* --- Opening ----------------------------------------------------------- */

static bool failed(struct err *err, const char *call, const char *text)
{
    return err_set(err, "%s to %s failed (%d: %s)", call, text, errno,
                   strerror(errno));
}

static bool set_options(int fd, const struct front_listen *l)
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
static void set_deferred(int fd, const struct front_listen *l)
{
    int seconds = l->deferred;

    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
}

static int open_tcp(const struct front_listen *l, struct err *err)
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
static int open_unix(const struct front_listen *l, struct err *err)
{
    int fd = net_listen(&l->addr, l->backlog, NULL);

    if (fd < 0)
        failed(err, "bind()", l->text);
    else
        chmod(((const struct sockaddr_un *)&l->addr.sa)->sun_path, 0666);
    return fd;
}

/* One socket, or -1: with errno EADDRINUSE it may be tried again. */
static int open_one(const struct front_listen *l, struct err *err)
{
    return l->addr.sa.sa_family == AF_UNIX ? open_unix(l, err)
                                           : open_tcp(l, err);
}

static int open_patiently(const struct front_listen *l, struct err *err)
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
static bool test_one(const struct front_listen *l, struct err *err)
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
static int keep_open(int fd, const struct front_listen *l)
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

/* All sockets of one address. */
static bool open_address(struct listen_socket *s, const struct front_listen *l,
                         const struct listen_socket *old, bool test,
                         struct err *err)
{
    for (unsigned i = 0; i < s->count; i++) {
        if (old != NULL && i < old->count) {
            s->fds[i] = keep_open(old->fds[i], l);
        } else if (test) {
            if (!test_one(l, err))
                return false;
        } else {
            s->fds[i] = open_patiently(l, err);
            if (s->fds[i] < 0)
                return false;
        }
    }
    return true;
}

static bool make_entry(struct listen_socket *s, struct arena *arena,
                       const struct net_addr *addr, unsigned count)
{
    s->addr = *addr;
    net_print(addr, s->text);
    s->fds = arena_alloc(arena, count * sizeof *s->fds);
    if (s->fds == NULL)
        return false;
    s->count = count;
    for (unsigned i = 0; i < count; i++)
        s->fds[i] = -1;
    return true;
}

bool listen_sockets_open(struct listen_sockets *s, struct arena *arena,
                         const struct front_conf *http, unsigned workers,
                         const struct listen_sockets *old, bool test,
                         struct err *err)
{
    const struct front_listen *first = http ? http->listens : NULL;
    unsigned room = 0;

    *s = (struct listen_sockets){NULL, 0};
    for (const struct front_listen *l = first; l != NULL; l = l->next)
        room++;
    s->list = arena_zalloc(arena, room * sizeof *s->list);
    if (s->list == NULL)
        return err_set(err, "out of memory");
    for (const struct front_listen *l = first; l != NULL; l = l->next) {
        struct listen_socket *entry = &s->list[s->count];

        if (l->wildcard != NULL)
            continue;
        if (!make_entry(entry, arena, &l->addr,
                        l->reuseport && workers > 0 ? workers : 1))
            return err_set(err, "out of memory");
        s->count++;
        if (!open_address(entry, l, find_socket(old, entry->text), test, err)) {
            listen_sockets_close(s, old, true);
            return false;
        }
    }
    return true;
}

/* --- Closing ----------------------------------------------------------- */

void listen_sockets_close(struct listen_sockets *s,
                          const struct listen_sockets *kept, bool unlink_them)
{
    for (unsigned i = 0; i < s->count; i++) {
        struct listen_socket *l = &s->list[i];
        bool was_open = l->fds[0] >= 0;

        for (unsigned k = 0; k < l->count; k++)
            if (l->fds[k] >= 0 && !has_fd(kept, l->fds[k]))
                close(l->fds[k]);
        if (unlink_them && was_open && l->addr.sa.sa_family == AF_UNIX &&
            !has_address(kept, l->text))
            unlink(((const struct sockaddr_un *)&l->addr.sa)->sun_path);
    }
    s->count = 0;
}

void listen_sockets_assign(struct listen_sockets *s, struct front_conf *http,
                           unsigned number)
{
    struct front_listen *first = http ? http->listens : NULL;

    for (struct front_listen *l = first; l != NULL; l = l->next) {
        char text[NET_ADDR_TEXT];
        struct listen_socket *mine;

        net_print(&l->addr, text);
        mine = l->wildcard == NULL ? find_socket(s, text) : NULL;
        if (mine != NULL)
            l->fd = mine->fds[(number - 1) % mine->count];
        for (unsigned k = 0; mine != NULL && k < mine->count; k++)
            if (mine->fds[k] != l->fd)
                close(mine->fds[k]);
    }
}

/* --- From program to program ------------------------------------------- */

bool listen_sockets_print(const struct listen_sockets *s, struct buf *text)
{
    for (unsigned i = 0; i < s->count; i++)
        for (unsigned k = 0; k < s->list[i].count; k++)
            if (!buf_printf(text, "%d;", s->list[i].fds[k]))
                return false;
    return true;
}

/* One more descriptor; those of one address (reuseport) stand together. */
static bool inherit_one(struct listen_sockets *s, struct arena *arena, int fd)
{
    struct net_addr addr;
    struct listen_socket *last = s->count ? &s->list[s->count - 1] : NULL;
    char text[NET_ADDR_TEXT];
    int *fds;

    if (!net_local(fd, &addr))
        return false;
    net_print(&addr, text);
    if (last == NULL || strcmp(last->text, text) != 0) {
        last = &s->list[s->count++];
        if (!make_entry(last, arena, &addr, 1))
            return false;
        last->fds[0] = fd;
        return true;
    }
    fds = arena_alloc(arena, (last->count + 1) * sizeof *fds);
    if (fds == NULL)
        return false;
    memcpy(fds, last->fds, last->count * sizeof *fds);
    fds[last->count++] = fd;
    last->fds = fds;
    return true;
}

bool listen_sockets_inherit(struct listen_sockets *s, struct arena *arena,
                            struct span text)
{
    struct span word;
    uint64_t fd;

    *s = (struct listen_sockets){NULL, 0};
    s->list = arena_zalloc(arena, text.len * sizeof *s->list);
    if (s->list == NULL)
        return false;
    while (span_next(&text, ';', &word))
        if (!span_decimal(word, &fd) || fd > INT32_MAX ||
            !inherit_one(s, arena, (int)fd))
            return false;
    return true;
}
