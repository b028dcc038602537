/* listen_sockets: opened, kept across a change, closed, handed over. */

#include "unit.h"

#include "listen_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static struct err err;
static char dir[64], unix_path[96];

static void begin(void)
{
    arena_init(&arena, 1024);
    strcpy(dir, "/tmp/strata-listen-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(unix_path, sizeof unix_path, "unix:%s/s", dir);
}

static void end(void)
{
    arena_free(&arena);
    CU_ASSERT_EQUAL(rmdir(dir), 0); /* so no socket was left in it */
}

static void address(struct listen *l, const char *text)
{
    *l = (struct listen){.backlog = 5, .ipv6only = true};
    CU_ASSERT_TRUE_FATAL(net_parse(&l->addr, text, &err));
    net_print(&l->addr, l->text);
}

/* An address whose port nobody uses, on a loopback address of our own: a port
 * of 127.0.0.1 that we have closed may be another's at once. */
static void free_address(struct listen *l)
{
    struct net_addr here;
    struct net_addr any;
    char text[NET_ADDR_TEXT];
    unsigned pid = (unsigned)getpid();
    int fd;

    snprintf(text, sizeof text, "127.%u.%u.%u:0", 2 + pid / 65536 % 250,
             pid / 256 % 256, pid % 256);
    CU_ASSERT_TRUE_FATAL(net_parse(&any, text, &err));
    fd = net_listen(&any, 1, &err);
    CU_ASSERT_TRUE_FATAL(fd >= 0 && net_local(fd, &here));
    close(fd);
    net_print(&here, text);
    address(l, text);
}

static bool open_for(struct listen *l, unsigned workers,
                     const struct listen *old)
{
    return listen_sockets_open(l, &arena, workers, old, false, &err);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static bool accepts(const struct listen *l)
{
    int fd = net_connect(&l->addr, net_after(unit_patience()));

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* The same address in another configuration. */
static struct listen again(const struct listen *l)
{
    struct listen copy = *l;

    copy.next = NULL;
    copy.socket_count = 0;
    return copy;
}

static void opens_and_closes(void)
{
    struct listen tcp, local;

    begin();
    free_address(&tcp);
    address(&local, unix_path);
    tcp.next = &local;
    CU_ASSERT_TRUE_FATAL(open_for(&tcp, 4, NULL));
    CU_ASSERT_EQUAL(listen_sockets_count(&tcp), 2);
    CU_ASSERT_EQUAL(tcp.socket_count, 1);
    CU_ASSERT_TRUE(accepts(&tcp) && accepts(&local));
    CU_ASSERT_TRUE(fcntl(tcp.sockets[0], F_GETFD) & FD_CLOEXEC);
    CU_ASSERT_TRUE(fcntl(tcp.sockets[0], F_GETFL) & O_NONBLOCK);
    listen_sockets_close(&tcp, NULL, true);
    CU_ASSERT_EQUAL(listen_sockets_count(&tcp), 0);
    CU_ASSERT_FALSE(accepts(&tcp) || accepts(&local));
    end();
}

/* A reload: what both have goes on, what only one has comes or goes. */
static void keeps(void)
{
    struct listen both, gone, fresh, local, both2, local2;
    int fd;

    begin();
    free_address(&both);
    free_address(&gone);
    free_address(&fresh);
    address(&local, unix_path);
    both.next = &gone;
    gone.next = &local;
    CU_ASSERT_TRUE_FATAL(open_for(&both, 1, NULL));
    fd = both.sockets[0];
    both2 = again(&both);
    local2 = again(&local);
    fresh.next = &both2;
    both2.next = &local2;
    CU_ASSERT_TRUE_FATAL(open_for(&fresh, 1, &both));
    CU_ASSERT_EQUAL(both2.sockets[0], fd);
    listen_sockets_close(&both, &fresh, true);
    CU_ASSERT_TRUE(accepts(&both) && accepts(&fresh) && accepts(&local));
    CU_ASSERT_FALSE(accepts(&gone));
    listen_sockets_close(&fresh, NULL, true);
    end();
}

static bool is_deferred(int fd)
{
    int seconds = -1;
    socklen_t len = sizeof seconds;

    getsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, &len);
    return seconds > 0;
}

/* A reload may give the option to a socket that is kept, and take it away. */
static void defers(void)
{
    struct listen first, second, third;

    begin();
    free_address(&first);
    second = first;
    first.deferred = true;
    third = first;
    CU_ASSERT_TRUE_FATAL(open_for(&first, 1, NULL));
    CU_ASSERT_TRUE(is_deferred(first.sockets[0]));
    CU_ASSERT_TRUE_FATAL(open_for(&second, 1, &first));
    CU_ASSERT_EQUAL(second.sockets[0], first.sockets[0]);
    CU_ASSERT_FALSE(is_deferred(second.sockets[0]));
    CU_ASSERT_TRUE_FATAL(open_for(&third, 1, &second));
    CU_ASSERT_TRUE(is_deferred(third.sockets[0]));
    listen_sockets_close(&third, NULL, true);
    end();
}

/* When one cannot be opened the others are as they were. */
static void fails_whole(void)
{
    struct listen before, after, fresh, other, taken;
    char expected[256];

    begin();
    free_address(&before);
    free_address(&fresh);
    free_address(&other);
    after = before;
    taken = other;
    CU_ASSERT_TRUE_FATAL(open_for(&other, 1, NULL));
    CU_ASSERT_TRUE_FATAL(open_for(&before, 1, NULL));
    after.next = &fresh;
    fresh.next = &taken;
    CU_ASSERT_FALSE(open_for(&after, 1, &before));
    snprintf(expected, sizeof expected,
             "bind() to %s failed (98: Address already in use)", taken.text);
    CU_ASSERT_STRING_EQUAL(err.text, expected);
    CU_ASSERT_TRUE(accepts(&before));
    CU_ASSERT_FALSE(accepts(&fresh));
    listen_sockets_close(&before, NULL, true);
    listen_sockets_close(&other, NULL, true);
    end();
}

static bool test_for(struct listen *l)
{
    return listen_sockets_open(l, &arena, 1, NULL, true, &err);
}

static void tests_only(void)
{
    struct listen other, taken, local;

    begin();
    free_address(&other);
    taken = other;
    CU_ASSERT_TRUE_FATAL(open_for(&other, 1, NULL));
    address(&local, unix_path);
    taken.next = &local;
    CU_ASSERT_TRUE(test_for(&taken));
    listen_sockets_close(&taken, NULL, true);
    CU_ASSERT_TRUE(accepts(&taken));
    listen_sockets_close(&other, NULL, true);
    CU_ASSERT_TRUE(test_for(&taken));
    CU_ASSERT_FALSE(accepts(&taken)); /* it was closed again */
    address(&taken, "192.0.2.1:9");
    CU_ASSERT_FALSE(test_for(&taken));
    CU_ASSERT_STRING_EQUAL(err.text, "bind() to 192.0.2.1:9 failed (99: "
                                     "Cannot assign requested address)");
    end();
}

/* reuseport: one a worker; the number may change. */
static void one_a_worker(void)
{
    struct listen one, three, two;
    int fds[3];

    begin();
    free_address(&one);
    three = one;
    three.reuseport = true;
    two = three;
    CU_ASSERT_TRUE_FATAL(open_for(&one, 3, NULL));
    CU_ASSERT_EQUAL(one.socket_count, 1);
    CU_ASSERT_TRUE_FATAL(open_for(&three, 3, &one));
    CU_ASSERT_EQUAL(three.socket_count, 3);
    CU_ASSERT_EQUAL(three.sockets[0], one.sockets[0]);
    memcpy(fds, three.sockets, sizeof fds);
    CU_ASSERT_TRUE_FATAL(open_for(&two, 2, &three));
    listen_sockets_close(&three, &two, true);
    CU_ASSERT_TRUE(is_open(fds[0]) && is_open(fds[1]) && !is_open(fds[2]));
    CU_ASSERT_EQUAL(listen_sockets_take(&two, 2), fds[1]);
    CU_ASSERT_TRUE(!is_open(fds[0]) && is_open(fds[1]));
    close(fds[1]);
    end();
}

/* A specific address whose wildcard is there too is not opened. */
static void wildcards(void)
{
    struct listen any, specific;
    char text[NET_ADDR_TEXT];
    bool open = false;

    begin();
    /* A port that is free on our address may be another's elsewhere. */
    for (int tries = 50; !open && tries > 0; tries--) {
        free_address(&specific);
        snprintf(text, sizeof text, "*:%u", net_port(&specific.addr));
        address(&any, text);
        specific.next = &any;
        specific.wildcard = &any;
        open = open_for(&specific, 1, NULL);
    }
    CU_ASSERT_TRUE_FATAL(open);
    CU_ASSERT_EQUAL(listen_sockets_count(&specific), 1);
    CU_ASSERT_EQUAL(listen_sockets_take(&specific, 1), -1);
    CU_ASSERT_TRUE(listen_sockets_take(&any, 1) >= 0);
    listen_sockets_close(&specific, NULL, true);
    end();
}

static void nothing_to_listen_on(void)
{
    begin();
    CU_ASSERT_TRUE(open_for(NULL, 1, NULL));
    CU_ASSERT_EQUAL(listen_sockets_count(NULL), 0);
    listen_sockets_close(NULL, NULL, true);
    end();
}

/* From one program to the next, in a line of text. */
static void handed_over(void)
{
    struct listen a, b, a2, b2, *left;
    struct buf text;

    begin();
    free_address(&a);
    address(&b, unix_path);
    a.reuseport = true;
    a2 = a;
    b2 = b;
    a.next = &b;
    a2.next = &b2;
    CU_ASSERT_TRUE_FATAL(open_for(&a, 2, NULL));
    buf_init(&text, 100);
    CU_ASSERT_TRUE(listen_sockets_print(&a, &text));
    CU_ASSERT_TRUE_FATAL(
        listen_sockets_inherit(&left, &arena, buf_span(&text)));
    CU_ASSERT_EQUAL(listen_sockets_count(left), 2);
    CU_ASSERT_TRUE_FATAL(open_for(&a2, 2, left));
    CU_ASSERT_EQUAL(a2.sockets[0], a.sockets[0]);
    CU_ASSERT_EQUAL(a2.sockets[1], a.sockets[1]);
    CU_ASSERT_EQUAL(b2.sockets[0], b.sockets[0]);
    listen_sockets_close(&a2, NULL, true);
    buf_free(&text);
    end();
}

static void not_inherited(void)
{
    static const struct span bad[] = {
        SPAN_INIT("x;"), SPAN_INIT("99999;"), SPAN_INIT("-1;"),
        SPAN_INIT("4294967299;"), SPAN_INIT(";"), SPAN_INIT("1 ;")};
    struct listen *left;

    begin();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(listen_sockets_inherit(&left, &arena, bad[i]));
    CU_ASSERT_TRUE(listen_sockets_inherit(&left, &arena, SPAN("")));
    CU_ASSERT_PTR_NULL(left);
    end();
}

UNIT_MAIN("listen_sockets", {"opens_and_closes", opens_and_closes},
          {"defers", defers}, {"keeps", keeps}, {"fails_whole", fails_whole},
          {"tests_only", tests_only}, {"one_a_worker", one_a_worker},
          {"wildcards", wildcards},
          {"nothing_to_listen_on", nothing_to_listen_on},
          {"handed_over", handed_over}, {"not_inherited", not_inherited})
