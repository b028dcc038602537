/* lingerers-first: whose place is taken. */

#include "unit.h"

#include "connection.h"
#include "front_worker.h"

#include <stdlib.h>
#include <sys/socket.h>

static struct front_worker worker;
static int peers[4];

static struct client *come(int number, int state)
{
    struct client *c = calloc(1, sizeof *c);
    int pair[2];

    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    CU_ASSERT_EQUAL_FATAL(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    c->worker = &worker;
    c->state = state;
    CU_ASSERT_FATAL(event_add(worker.loop, &c->event, pair[0]));
    client_move(c, &worker.idle);
    worker.connections++;
    peers[number] = pair[1];
    return c;
}

static void test_order(void)
{
    struct client *first, *talks, *lingers, *last;

    memset(&worker, 0, sizeof worker);
    worker.loop = event_loop_new();
    first = come(0, CLIENT_WAITS);
    talks = come(1, CLIENT_WAITS);
    lingers = come(2, CLIENT_LINGERS);
    last = come(3, CLIENT_WAITS);
    CU_ASSERT_EQUAL(write(peers[1], "G", 1), 1);
    CU_ASSERT(client_close_oldest(&worker));
    CU_ASSERT_EQUAL(lingers->state, CLIENT_GONE);
    CU_ASSERT_EQUAL(first->state, CLIENT_WAITS);
    CU_ASSERT(client_close_oldest(&worker));
    CU_ASSERT_EQUAL(first->state, CLIENT_GONE);
    CU_ASSERT(client_close_oldest(&worker)); /* one has sent something */
    CU_ASSERT_EQUAL(talks->state, CLIENT_WAITS);
    CU_ASSERT_EQUAL(last->state, CLIENT_GONE);
    CU_ASSERT(!client_close_oldest(&worker));
    client_close(talks);
    CU_ASSERT_EQUAL(worker.connections, 0);
    event_loop_free(worker.loop);
    for (int i = 0; i < 4; i++)
        close(peers[i]);
}

UNIT_MAIN("lingerers-first", {"order", test_order})
