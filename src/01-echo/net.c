/* net: sockets that never block, and waits that always end.
 *
 * Every socket is non-blocking; a call tries first, and only when the kernel
 * answers EAGAIN does it wait in poll(), with the time that is left.  So a
 * busy server makes one system call where it would otherwise make two. */

#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* How long a full unix socket is left alone before the next try: unlike TCP,
 * it answers EAGAIN to connect() and poll() cannot wait for room in it. */
#define UNIX_RETRY_MS 5

void net_keep_standard(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

void net_ignore_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static int open_socket(const struct net_addr *addr)
{
    return socket(addr->sa.sa_family,
                  SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Small answers must not wait for the acknowledgement of the one before. */
void net_set_nodelay(int fd, const struct net_addr *addr)
{
    int on = 1;

    if (addr->sa.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* The file of a unix socket stays when its server dies.  True when it is such
 * a leftover, and then it is gone. */
static bool remove_stale(const struct net_addr *addr)
{
    const char *path = ((const struct sockaddr_un *)&addr->sa)->sun_path;
    struct stat st;
    bool stale;
    int fd;

    if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    fd = open_socket(addr);
    if (fd < 0)
        return false;
    stale = connect(fd, &addr->sa, addr->len) != 0 && errno == ECONNREFUSED;
    close(fd);
    return stale && unlink(path) == 0;
}

static bool bind_to(int fd, const struct net_addr *addr)
{
    int on = 1;

    if (addr->sa.sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (addr->sa.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    net_set_nodelay(fd, addr);
    if (bind(fd, &addr->sa, addr->len) == 0)
        return true;
    if (addr->sa.sa_family != AF_UNIX || errno != EADDRINUSE)
        return false;
    if (!remove_stale(addr)) {
        errno = EADDRINUSE;
        return false;
    }
    return bind(fd, &addr->sa, addr->len) == 0;
}

/* What a person can do about an errno of bind(). */
static const char *listen_advice(int problem, bool local)
{
    if (problem == EADDRINUSE && local)
        return "a program listens there or the path is no socket; stop the "
               "program, or choose another path";
    if (problem == EADDRINUSE)
        return "another program listens there; stop it, or choose another "
               "port";
    if (problem == EACCES && !local)
        return "ports below 1024 are for root; choose a higher one";
    if (problem == EADDRNOTAVAIL)
        return "no interface of this machine has that address";
    return "choose another address";
}

int net_listen(const struct net_addr *addr, int backlog, struct err *err)
{
    int fd = open_socket(addr);
    char text[NET_ADDR_TEXT];
    int problem;

    if (fd >= 0 && bind_to(fd, addr) && listen(fd, backlog) == 0)
        return fd;
    problem = errno;
    net_print(addr, text);
    err_set(err, "cannot listen on %s: %s (%s)", text, strerror(problem),
            listen_advice(problem, addr->sa.sa_family == AF_UNIX));
    if (fd >= 0)
        close(fd);
    errno = problem;
    return -1;
}

/* accept(2) reports the network errors of the connection that it would have
 * returned; the next connection is not touched by them. */
static bool lost_before_accept(int problem)
{
    return problem == ECONNABORTED || problem == EPROTO ||
           problem == ENETDOWN || problem == ENOPROTOOPT ||
           problem == EHOSTDOWN || problem == ENONET ||
           problem == EHOSTUNREACH || problem == ENETUNREACH ||
           problem == EPERM;
}

int net_accept(int listener, struct net_addr *peer, int64_t deadline)
{
    struct net_addr addr;

    for (;;) {
        int fd;

        addr.len = sizeof addr.storage;
        fd = accept4(listener, &addr.sa, &addr.len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            if (peer != NULL)
                *peer = addr;
            return fd;
        }
        if (lost_before_accept(errno))
            continue;
        if (errno != EAGAIN || !net_wait(listener, POLLIN, deadline))
            return -1;
    }
}

/* Waits for a connect() that is under way, and asks how it ended. */
static bool finish_connect(int fd, int64_t deadline)
{
    int problem = 0;
    socklen_t len = sizeof problem;

    if (!net_wait(fd, POLLOUT, deadline) ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len) != 0)
        return false;
    errno = problem;
    return problem == 0;
}

static bool connect_by(int fd, const struct net_addr *addr, int64_t deadline)
{
    while (connect(fd, &addr->sa, addr->len) != 0) {
        if (errno == EINPROGRESS)
            return finish_connect(fd, deadline);
        if (errno != EAGAIN)
            return false;
        if (net_now() >= deadline) {
            errno = ETIMEDOUT;
            return false;
        }
        poll(NULL, 0, UNIX_RETRY_MS);
    }
    return true;
}

int net_connect(const struct net_addr *addr, int64_t deadline)
{
    int fd = open_socket(addr);
    int problem;

    if (fd < 0)
        return -1;
    net_set_nodelay(fd, addr);
    if (connect_by(fd, addr, deadline))
        return fd;
    problem = errno;
    close(fd);
    errno = problem;
    return -1;
}

int64_t net_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t net_after(int64_t ms)
{
    int64_t now = net_now();

    return ms > NET_FOREVER - now ? NET_FOREVER : now + ms;
}

/* A descriptor in error is ready too: the next read or write will say what
 * the error is.  One that is ready is ready even when the time is over. */
bool net_wait(int fd, short events, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (;;) {
        int64_t left = deadline == NET_FOREVER ? -1 : deadline - net_now();
        int n;

        if (deadline != NET_FOREVER && left < 0)
            left = 0;
        n = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (n != 0)
            return n > 0;
        if (left <= INT_MAX) {
            errno = ETIMEDOUT;
            return false;
        }
    }
}

ssize_t net_read(int fd, void *bytes, size_t n, int64_t deadline)
{
    for (;;) {
        ssize_t got = read(fd, bytes, n);

        if (got >= 0 || errno != EAGAIN)
            return got;
        if (!net_wait(fd, POLLIN, deadline))
            return -1;
    }
}

bool net_write(int fd, const void *bytes, size_t n, int64_t patience)
{
    struct iovec iov = {(void *)bytes, n};

    return net_writev(fd, &iov, 1, patience);
}

/* Takes n bytes off the front of what is still to be written. */
static void iov_advance(struct iovec **iov, int *count, size_t n)
{
    while (*count > 0 && n >= (*iov)->iov_len) {
        n -= (*iov)->iov_len;
        ++*iov, --*count;
    }
    if (n > 0) {
        (*iov)->iov_base = (char *)(*iov)->iov_base + n;
        (*iov)->iov_len -= n;
    }
}

/* A signal does not end the write: nobody could tell how much was written.
 * sendmsg and not writev, because only it can be told to send no SIGPIPE. */
bool net_writev_now(int fd, struct iovec **iov, int *count, int flags)
{
    iov_advance(iov, count, 0);
    while (*count > 0) {
        struct msghdr msg = {.msg_iov = *iov,
                             .msg_iovlen = *count > IOV_MAX ? IOV_MAX : *count};
        ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL | flags);

        if (n >= 0)
            iov_advance(iov, count, (size_t)n);
        else if (errno != EINTR)
            return errno == EAGAIN;
    }
    return true;
}

/* When there is room again, the peer has taken something. */
bool net_writev(int fd, struct iovec *iov, int iovcnt, int64_t patience)
{
    int64_t deadline = net_after(patience);

    while (net_writev_now(fd, &iov, &iovcnt, 0)) {
        if (iovcnt == 0)
            return true;
        if (net_wait(fd, POLLOUT, deadline))
            deadline = net_after(patience);
        else if (errno != EINTR)
            return false;
    }
    return false;
}

void net_close_lingering(int fd, int64_t ms)
{
    int64_t deadline = net_after(ms);
    char waste[4096];
    ssize_t n = 1;

    if (shutdown(fd, SHUT_WR) == 0)
        while (n > 0 && net_now() < deadline)
            n = net_read(fd, waste, sizeof waste, deadline);
    close(fd);
}
