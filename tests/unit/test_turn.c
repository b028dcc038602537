/* Turns: with and without somebody in the queue of a listening socket. */

#include "turn.h"
#include "unit.h"

#include <unistd.h>

enum { HOUR = 3600000 }; /* ms */

static struct turn turn;
static struct http_conn conn;
static struct net_addr address;
static int client, other;

static const struct http_timeouts patient = {HOUR, HOUR, HOUR, HOUR};
static const struct http_timeouts hasty = {30, HOUR, HOUR, HOUR};

/* A client that has had an answer, at a server that nobody else waits for. */
static void start(const struct http_timeouts *timeouts)
{
    int pair[2];

    other = -1;
    CU_ASSERT_FATAL(net_parse(&address, "127.0.0.1:0", NULL));
    turn.listener = net_listen(&address, 5, NULL);
    CU_ASSERT_FATAL(turn.listener >= 0);
    CU_ASSERT_FATAL(net_local(turn.listener, &address));
    CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    client = pair[1];
    http_conn_init(&conn, pair[0], timeouts, NULL);
    conn.requests = 1;
}

static void finish(void)
{
    http_conn_close(&conn, false);
    close(turn.listener);
    close(client);
    if (other >= 0)
        close(other);
}

/* The other one comes; a connection is in the queue when connect is done. */
static void come(void)
{
    other = net_connect(&address, net_after(unit_patience()));
    CU_ASSERT_FATAL(other >= 0);
}

static void test_wanted(void)
{
    start(&patient);
    CU_ASSERT_FALSE(turn_wanted(&turn));
    come();
    CU_ASSERT(turn_wanted(&turn));
    CU_ASSERT(turn_wanted(&turn));
    close(net_accept(turn.listener, NULL, net_after(unit_patience())));
    CU_ASSERT_FALSE(turn_wanted(&turn));
    finish();
}

static void test_over(void)
{
    start(&patient);
    turn_start(&turn, HOUR);
    CU_ASSERT_FALSE(turn_over(&turn));
    come();
    CU_ASSERT_FALSE(turn_over(&turn)); /* the turn is not */
    turn_start(&turn, 0);
    CU_ASSERT(turn_over(&turn));
    close(net_accept(turn.listener, NULL, net_after(unit_patience())));
    CU_ASSERT_FALSE(turn_over(&turn)); /* nobody is left */
    finish();
}

/* Who speaks goes on, whoever else may have come. */
static void test_next_speaks(void)
{
    start(&patient);
    CU_ASSERT(write(client, "G", 1) == 1);
    CU_ASSERT(turn_next(&turn, &conn));
    come();
    CU_ASSERT(turn_next(&turn, &conn));
    finish();
}

/* But not at once: it may be about to speak. */
static void test_next_gives_way(void)
{
    int64_t began = net_now();

    start(&patient);
    come();
    CU_ASSERT_FALSE(turn_next(&turn, &conn));
    CU_ASSERT(net_now() - began >= 95);
    finish();
}

static void test_next_is_idle(void)
{
    int64_t began = net_now();

    start(&hasty);
    CU_ASSERT_FALSE(turn_next(&turn, &conn));
    CU_ASSERT(net_now() - began >= 25);
    finish();
}

/* The end is something to read, too. */
static void test_next_has_left(void)
{
    start(&patient);
    shutdown(client, SHUT_WR);
    CU_ASSERT(turn_next(&turn, &conn));
    finish();
}

/* Who has just come has a longer moment, and the head's deadline. */
static void test_first(void)
{
    static const struct http_timeouts slow_head = {30, HOUR, HOUR, HOUR};
    static const struct http_timeouts quick_head = {HOUR, 30, HOUR, HOUR};
    int64_t began = net_now();

    start(&quick_head);
    conn.requests = 0;
    CU_ASSERT_FALSE(turn_next(&turn, &conn));
    CU_ASSERT(net_now() - began >= 25);
    finish();
    start(&slow_head);
    conn.requests = 0;
    come();
    began = net_now();
    CU_ASSERT_FALSE(turn_next(&turn, &conn));
    CU_ASSERT(net_now() - began >= 950);
    CU_ASSERT(write(client, "G", 1) == 1);
    CU_ASSERT(turn_next(&turn, &conn));
    finish();
}

/* What was read with the last request is there already. */
static void test_next_is_here(void)
{
    start(&hasty);
    CU_ASSERT(buf_add_text(&conn.in, "HEAD1HEAD2"));
    conn.used = 5;
    come();
    CU_ASSERT(turn_next(&turn, &conn));
    conn.used = 10;
    CU_ASSERT_FALSE(turn_next(&turn, &conn));
    finish();
}

UNIT_MAIN("turn", {"wanted", test_wanted}, {"over", test_over},
          {"next_speaks", test_next_speaks},
          {"next_gives_way", test_next_gives_way},
          {"next_is_idle", test_next_is_idle},
          {"next_has_left", test_next_has_left}, {"first", test_first},
          {"next_is_here", test_next_is_here})
