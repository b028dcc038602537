/* net: addresses, sockets, deadlines. */

#include "net.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/strata-net-XXXXXX";
static char path[64];

static void make_path(void)
{
    if (path[0] == '\0') {
        if (mkdtemp(folder) == NULL)
            abort();
        snprintf(path, sizeof path, "%s/s", folder);
    }
}

/* What an address is once it was read and written again. */
static const char *again(const char *text)
{
    static char out[NET_ADDR_TEXT];
    struct net_addr addr;
    struct err err;

    if (!net_parse(&addr, text, &err))
        return "";
    net_print(&addr, out);
    return out;
}

static void addresses(void)
{
    CU_ASSERT_STRING_EQUAL(again("127.0.0.1:80"), "127.0.0.1:80");
    CU_ASSERT_STRING_EQUAL(again(":0"), "0.0.0.0:0");
    CU_ASSERT_STRING_EQUAL(again("*:65535"), "0.0.0.0:65535");
    CU_ASSERT_STRING_EQUAL(again("[::1]:080"), "[::1]:80");
    CU_ASSERT_STRING_EQUAL(again("[0:0::0]:1"), "[::]:1");
    CU_ASSERT_STRING_EQUAL(again("localhost:8080"), "127.0.0.1:8080");
    CU_ASSERT_STRING_EQUAL(again("unix:/a:b/c"), "unix:/a:b/c");
    CU_ASSERT_STRING_EQUAL(again("unix:rel"), "unix:rel");
}

static void bad_addresses(void)
{
    static const char *const rows[] = {
        "",       "80",      "host",          "127.0.0.1", "127.0.0.1:",
        ":65536", ":-1",     ":+1",           ":8o",       ": 80",
        "::1:80", "[::1:80", "::1]:80",       "[]:80",     "[127.0.0.1]:80",
        "unix:",  "[::1]",   "[localhost]:1", "[[::1]]:80"};
    struct net_addr addr;
    struct err err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        err.text[0] = '\0';
        if (net_parse(&addr, rows[i], &err) || err.text[0] == '\0')
            CU_FAIL(rows[i]);
    }
}

/* A path of 107 bytes and its NUL fill sun_path. */
static void long_path(void)
{
    char text[5 + 109] = "unix:";
    struct net_addr addr;
    struct err err;

    memset(text + 5, 'x', 107);
    CU_ASSERT(net_parse(&addr, text, &err));
    CU_ASSERT_STRING_EQUAL(again(text), text);
    text[5 + 107] = 'x';
    CU_ASSERT(!net_parse(&addr, text, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "108"));
}

static void parts(void)
{
    struct net_addr addr;
    char host[NET_ADDR_TEXT];

    CU_ASSERT(net_parse(&addr, "[::1]:99", NULL));
    net_print_host(&addr, host);
    CU_ASSERT_STRING_EQUAL(host, "::1");
    CU_ASSERT_EQUAL(net_port(&addr), 99);
    CU_ASSERT(net_parse(&addr, "unix:/x", NULL));
    net_print_host(&addr, host);
    CU_ASSERT_STRING_EQUAL(host, "unix:");
    CU_ASSERT_EQUAL(net_port(&addr), 0);
}

/* An answer must not wait for the acknowledgement of the one before. */
static bool has_nodelay(int fd)
{
    int on = 0;
    socklen_t len = sizeof on;

    return getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len) == 0 && on;
}

/* A listener and both ends of a connection to it. */
static void connect_pair(const char *text, int end[3])
{
    struct net_addr addr, peer, other;
    struct err err;
    char one[NET_ADDR_TEXT], two[NET_ADDR_TEXT];

    CU_ASSERT_FATAL(net_parse(&addr, text, &err));
    end[0] = net_listen(&addr, 8, &err);
    CU_ASSERT_FATAL(end[0] >= 0);
    CU_ASSERT_FATAL(net_local(end[0], &addr));
    end[1] = net_connect(&addr, net_after(unit_patience()));
    CU_ASSERT_FATAL(end[1] >= 0);
    end[2] = net_accept(end[0], &peer, net_after(unit_patience()));
    CU_ASSERT_FATAL(end[2] >= 0);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT(fcntl(end[i], F_GETFL) & O_NONBLOCK);
        CU_ASSERT(fcntl(end[i], F_GETFD) & FD_CLOEXEC);
        CU_ASSERT(addr.sa.sa_family == AF_UNIX || has_nodelay(end[i]));
    }
    CU_ASSERT(net_local(end[1], &other));
    net_print(&peer, one);
    net_print(&other, two);
    CU_ASSERT_STRING_EQUAL(one, two);
}

static void close_all(int end[3])
{
    for (int i = 0; i < 3; i++)
        if (end[i] >= 0)
            close(end[i]);
}

static void talk(const char *text)
{
    int end[3];
    char got[16];
    struct iovec iov[] = {{"", 0}, {"ab", 2}, {"", 0}, {"c", 1}, {"", 0}};

    connect_pair(text, end);
    CU_ASSERT(net_writev(end[1], iov, 5, 1000));
    CU_ASSERT_EQUAL(
        net_read(end[2], got, sizeof got, net_after(unit_patience())), 3);
    CU_ASSERT(memcmp(got, "abc", 3) == 0);
    CU_ASSERT(net_write(end[2], "x", 1, unit_patience()));
    CU_ASSERT_EQUAL(net_read(end[1], got, 1, net_after(unit_patience())), 1);
    CU_ASSERT(net_write(end[1], NULL, 0, 0));
    close(end[1]);
    end[1] = -1;
    CU_ASSERT_EQUAL(net_read(end[2], got, 1, NET_FOREVER), 0);
    close_all(end);
}

static void tcp(void)
{
    talk("127.0.0.1:0");
}

static void tcp6(void)
{
    struct net_addr addr;
    struct err err;
    int fd;

    CU_ASSERT(net_parse(&addr, "[::1]:0", &err));
    fd = net_listen(&addr, 1, &err);
    if (fd >= 0) { /* a machine may have no IPv6 */
        close(fd);
        talk("[::1]:0");
    }
}

static void unix_socket(void)
{
    char text[80];

    make_path();
    snprintf(text, sizeof text, "unix:%s", path);
    talk(text);
    talk(text); /* the file was left behind, and is replaced */
    unlink(path);
}

static void in_use(void)
{
    struct net_addr addr;
    struct err err;
    char text[80];
    int one, two;

    CU_ASSERT(net_parse(&addr, "127.0.0.1:0", &err));
    one = net_listen(&addr, 1, &err);
    CU_ASSERT(one >= 0 && net_local(one, &addr));
    two = net_listen(&addr, 1, &err);
    CU_ASSERT(two == -1 && errno == EADDRINUSE);
    net_print(&addr, text);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, text));
    close(one);
    two = net_listen(&addr, 1, &err); /* the port is free at once */
    CU_ASSERT(two >= 0);
    close(two);

    make_path();
    snprintf(text, sizeof text, "unix:%s", path);
    CU_ASSERT(net_parse(&addr, text, &err));
    one = net_listen(&addr, 1, &err);
    CU_ASSERT(one >= 0);
    CU_ASSERT_EQUAL(net_listen(&addr, 1, &err), -1);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    close(one);
    unlink(path);
}

/* A file that is no socket is never removed. */
static void no_socket(void)
{
    struct net_addr addr;
    struct err err;
    char text[80];

    make_path();
    snprintf(text, sizeof text, "unix:%s", path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    CU_ASSERT(net_parse(&addr, text, &err));
    CU_ASSERT_EQUAL(net_listen(&addr, 1, &err), -1);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    unlink(path);
}

static void refused(void)
{
    struct net_addr addr;
    struct err err;
    int fd;

    CU_ASSERT(net_parse(&addr, "127.0.0.1:0", &err));
    fd = net_listen(&addr, 1, &err);
    CU_ASSERT(net_local(fd, &addr));
    close(fd);
    CU_ASSERT_EQUAL(net_connect(&addr, net_after(unit_patience())), -1);
    CU_ASSERT_EQUAL(errno, ECONNREFUSED);
    CU_ASSERT(net_parse(&addr, "unix:/nowhere/s", &err));
    CU_ASSERT_EQUAL(net_connect(&addr, net_after(unit_patience())), -1);
    CU_ASSERT_EQUAL(errno, ENOENT);
}

/* Each wait ends at its deadline: not before, and not long after. */
static void deadlines(void)
{
    int end[3];
    char byte;
    char *much = calloc(1, 1 << 24);
    int64_t start = net_now();

    connect_pair("127.0.0.1:0", end);
    CU_ASSERT_EQUAL(net_read(end[2], &byte, 1, net_after(50)), -1);
    CU_ASSERT_EQUAL(errno, ETIMEDOUT);
    CU_ASSERT(net_now() - start >= 50);
    CU_ASSERT_EQUAL(net_accept(end[0], NULL, net_after(-1)), -1);
    CU_ASSERT_EQUAL(errno, ETIMEDOUT);
    CU_ASSERT(!net_wait(end[2], POLLIN, net_now()) && errno == ETIMEDOUT);
    CU_ASSERT(!net_write(end[1], much, 1 << 24, 50));
    CU_ASSERT_EQUAL(errno, ETIMEDOUT);
    CU_ASSERT(net_wait(end[2], POLLIN, INT64_MIN / 2)); /* ready is ready */
    CU_ASSERT(net_now() - start < unit_ms(5000));
    CU_ASSERT_EQUAL(net_after(INT64_MAX), NET_FOREVER);
    free(much);
    close_all(end);
}

/* A unix socket whose backlog is full has its own way of saying so. */
static void full_backlog(void)
{
    struct net_addr addr;
    struct err err;
    char text[80];
    int fd[16], n = 0, listener;

    make_path();
    snprintf(text, sizeof text, "unix:%s", path);
    CU_ASSERT(net_parse(&addr, text, &err));
    listener = net_listen(&addr, 0, &err);
    CU_ASSERT_FATAL(listener >= 0);
    while (n < 16 && (fd[n] = net_connect(&addr, net_after(30))) >= 0)
        n++;
    CU_ASSERT(n < 16 && errno == ETIMEDOUT);
    while (n > 0)
        close(fd[--n]);
    close(listener);
    unlink(path);
}

static void *read_slowly(void *arg)
{
    static char waste[65536];
    size_t total = 0;
    ssize_t n;

    while ((n = net_read(*(int *)arg, waste, sizeof waste, NET_FOREVER)) > 0)
        total += (size_t)n;
    return (void *)total;
}

/* More than the kernel buffers, in more pieces than one call may have. */
static void large_writes(void)
{
    enum { PIECES = 3000, PIECE = 1000 };
    static char text[PIECE];
    struct iovec iov[PIECES];
    pthread_t reader;
    void *total;
    int end[3];

    connect_pair("127.0.0.1:0", end);
    pthread_create(&reader, NULL, read_slowly, &end[2]);
    for (int i = 0; i < PIECES; i++)
        iov[i] = (struct iovec){text, PIECE};
    CU_ASSERT(net_writev(end[1], iov, PIECES, unit_patience()));
    shutdown(end[1], SHUT_WR);
    pthread_join(reader, &total);
    CU_ASSERT_EQUAL((size_t)total, (size_t)PIECES * PIECE);
    close_all(end);
}

/* Writing to a peer that is gone is an error and no signal. */
static void broken_pipe(void)
{
    int end[3];

    connect_pair("127.0.0.1:0", end);
    close(end[2]);
    end[2] = -1;
    CU_ASSERT(UNIT_WAIT(!net_write(end[1], "x", 1, unit_patience())));
    CU_ASSERT(errno == EPIPE || errno == ECONNRESET);
    close_all(end);
}

static void on_alarm(int number)
{
    (void)number;
}

static void interrupted(void)
{
    struct sigaction action = {.sa_handler = on_alarm}, before;
    int end[3];
    char byte;

    connect_pair("127.0.0.1:0", end);
    sigaction(SIGALRM, &action, &before);
    ualarm(30000, 30000); /* again and again: one may come before the wait */
    CU_ASSERT_EQUAL(net_read(end[2], &byte, 1, net_after(unit_patience())), -1);
    CU_ASSERT_EQUAL(errno, EINTR);
    CU_ASSERT_EQUAL(net_accept(end[0], NULL, net_after(unit_patience())), -1);
    CU_ASSERT_EQUAL(errno, EINTR);
    ualarm(0, 0);
    sigaction(SIGALRM, &before, NULL);
    close_all(end);
}

/* What the peer still sends does not destroy the last answer. */
static void lingering(void)
{
    int end[3];
    char got[8];
    int64_t start;

    connect_pair("127.0.0.1:0", end);
    CU_ASSERT(net_write(end[1], "unread", 6, unit_patience()));
    CU_ASSERT(net_write(end[2], "bye", 3, unit_patience()));
    start = net_now();
    net_close_lingering(end[2], 60); /* the peer does not close: 60 ms */
    end[2] = -1;
    CU_ASSERT(net_now() - start >= 60);
    CU_ASSERT(net_now() - start < 60 + unit_ms(2000));
    CU_ASSERT_EQUAL(net_read(end[1], got, 8, net_after(unit_patience())), 3);
    CU_ASSERT_EQUAL(net_read(end[1], got, 8, net_after(unit_patience())), 0);
    close_all(end);

    connect_pair("127.0.0.1:0", end);
    close(end[1]);
    end[1] = -1;
    int patience = unit_patience();
    start = net_now();
    net_close_lingering(end[2], patience); /* it has closed: at once */
    end[2] = -1;
    CU_ASSERT(net_now() - start < patience);
    close_all(end);
}

static void writes_now(void)
{
    int end[3], count = 3;
    static char much[1 << 24];
    struct iovec list[] = {{"ab", 2}, {"", 0}, {much, sizeof much}};
    struct iovec *iov = list;
    char got[8];

    connect_pair("127.0.0.1:0", end);
    CU_ASSERT(net_writev_now(end[1], &iov, &count, 0));
    CU_ASSERT_EQUAL(count, 1); /* it did not wait for a reader */
    CU_ASSERT_PTR_EQUAL(iov, &list[2]);
    CU_ASSERT(iov->iov_len > 0 && iov->iov_len < sizeof much);
    CU_ASSERT_PTR_EQUAL(iov->iov_base, much + sizeof much - iov->iov_len);
    CU_ASSERT_EQUAL(net_read(end[2], got, 2, net_after(unit_patience())), 2);
    CU_ASSERT_NSTRING_EQUAL(got, "ab", 2);

    iov = &(struct iovec){"end", 3};
    count = 1;
    CU_ASSERT(net_writev_now(end[2], &iov, &count, MSG_MORE));
    CU_ASSERT_EQUAL(count, 0);
    shutdown(end[2], SHUT_WR); /* takes what waited with it */
    CU_ASSERT_EQUAL(net_read(end[1], got, 8, net_after(unit_patience())), 3);
    CU_ASSERT_EQUAL(net_read(end[1], got, 8, net_after(unit_patience())), 0);
    iov = &(struct iovec){"late", 4};
    count = 1;
    CU_ASSERT(!net_writev_now(end[2], &iov, &count, 0));
    CU_ASSERT_EQUAL(errno, EPIPE);
    close_all(end);
}

static void clean_up(void)
{
    if (path[0])
        CU_ASSERT_EQUAL(rmdir(folder), 0);
}

UNIT_MAIN("net", {"addresses", addresses}, {"bad addresses", bad_addresses},
          {"long path", long_path}, {"parts", parts}, {"tcp", tcp},
          {"tcp6", tcp6}, {"unix socket", unix_socket}, {"in use", in_use},
          {"no socket", no_socket}, {"refused", refused},
          {"deadlines", deadlines}, {"full backlog", full_backlog},
          {"large writes", large_writes}, {"broken pipe", broken_pipe},
          {"interrupted", interrupted}, {"lingering", lingering},
          {"writes now", writes_now}, {"nothing left behind", clean_up})
