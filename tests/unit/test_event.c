/* event: the order of timers, moved and cleared ones, what edge-triggered
 * events remember, and what is done later. */

#include "unit.h"

#include "event.h"
#include "net.h"

#include <stdlib.h>
#include <unistd.h>

static char fired[64];

struct named_timer {
    struct timer timer;
    char name;
};

static void note_fired(struct timer *t)
{
    size_t n = strlen(fired);

    fired[n] = ((struct named_timer *)t->owner)->name;
    fired[n + 1] = '\0';
}

static void name_timer(struct named_timer *t, char name)
{
    *t = (struct named_timer){.timer.fire = note_fired, .name = name};
    t->timer.owner = t;
}

static void run_for(struct event_loop *loop, int64_t ms)
{
    int64_t end = net_after(ms);

    while (net_now() < end)
        event_run(loop, (int)(end - net_now()) + 1);
}

/* Until so many have fired, however long a busy machine takes. */
static void run_until(struct event_loop *loop, size_t count)
{
    int64_t end = net_after(unit_patience());

    while (strlen(fired) < count && net_now() < end)
        event_run(loop, 100);
}

static void test_timers_fire_in_order(void)
{
    struct event_loop *loop = event_loop_new();
    struct named_timer t[5];
    static const int ms[5] = {30, 10, 50, 20, 40};

    fired[0] = '\0';
    for (int i = 0; i < 5; i++) {
        name_timer(&t[i], (char)('0' + ms[i] / 10));
        timer_set(loop, &t[i].timer, ms[i]);
    }
    run_until(loop, 5);
    CU_ASSERT_STRING_EQUAL(fired, "12345");
    run_for(loop, 30);
    CU_ASSERT_STRING_EQUAL(fired, "12345"); /* once each */
    event_loop_free(loop);
}

static void test_timers_move(void)
{
    struct event_loop *loop = event_loop_new();
    struct named_timer a, b, c;

    fired[0] = '\0';
    name_timer(&a, 'a');
    name_timer(&b, 'b');
    name_timer(&c, 'c');
    timer_set(loop, &a.timer, 10);
    timer_set(loop, &b.timer, 1000);
    timer_set(loop, &c.timer, 20);
    /* later: stays where it is until 10 */
    timer_set(loop, &a.timer, unit_ms(200));
    timer_set(loop, &b.timer, 30); /* earlier */
    timer_clear(loop, &c.timer);
    timer_clear(loop, &c.timer); /* and again does no harm */
    run_until(loop, 2);
    run_for(loop, 30);
    CU_ASSERT_STRING_EQUAL(fired, "ba");
    event_loop_free(loop);
}

static void test_timers_many(void)
{
    enum { TIMERS = 500 };
    struct event_loop *loop = event_loop_new();
    static struct named_timer t[TIMERS];
    int64_t last = 0;
    unsigned left = 0;

    srand(7);
    for (int i = 0; i < TIMERS; i++) {
        name_timer(&t[i], 'x');
        timer_set(loop, &t[i].timer, rand() % 100000);
    }
    for (int i = 0; i < TIMERS; i += 2)
        timer_clear(loop, &t[i].timer);
    for (int i = 1; i < TIMERS; i += 4)
        timer_set(loop, &t[i].timer, rand() % 100000);
    /* The heap holds what was not cleared, each at its own place. */
    for (int i = 0; i < TIMERS; i++) {
        CU_ASSERT_EQUAL(t[i].timer.place == 0, i % 2 == 0);
        left += t[i].timer.place != 0;
        if (t[i].timer.place == 1)
            last = t[i].timer.queued;
    }
    CU_ASSERT_EQUAL(left, TIMERS / 2);
    for (int i = 1; i < TIMERS; i += 2)
        CU_ASSERT(t[i].timer.queued >= last);
    event_loop_free(loop);
}

static int calls;
static struct event_loop *greedy_loop;

static void fire_again(struct timer *t)
{
    calls++;
    if (calls < 1000)
        timer_set(greedy_loop, t, 0);
}

/* A timer that sets itself to now lets the others have their turn. */
static void test_timers_let_go(void)
{
    struct event_loop *loop = event_loop_new();
    struct timer t = {.fire = fire_again};

    calls = 0;
    greedy_loop = loop;
    timer_set(loop, &t, 0);
    event_run(loop, 1000);
    CU_ASSERT_EQUAL(calls, 1);
    timer_clear(loop, &t);
    event_loop_free(loop);
}

static void count_ready(struct event *e)
{
    (void)e;
    calls++;
}

static void test_events_are_edges(void)
{
    struct event_loop *loop = event_loop_new();
    struct event e = {.ready = count_ready};
    int fd[2];

    CU_ASSERT_EQUAL_FATAL(pipe(fd), 0);
    calls = 0;
    CU_ASSERT_TRUE(event_add(loop, &e, fd[0]));
    event_run(loop, 0);
    CU_ASSERT_FALSE(e.can_read);
    CU_ASSERT_EQUAL(write(fd[1], "x", 1), 1);
    event_run(loop, 100);
    CU_ASSERT_TRUE(e.can_read);
    CU_ASSERT_EQUAL(calls, 1);
    event_run(loop, 0); /* nothing new: nobody is called */
    CU_ASSERT_EQUAL(calls, 1);
    close(fd[1]);
    event_run(loop, 100);
    CU_ASSERT_TRUE(e.hung_up);
    CU_ASSERT_EQUAL(calls, 2);
    event_close(loop, &e);
    CU_ASSERT_EQUAL(e.fd, -1);
    event_close(loop, &e);
    event_loop_free(loop);
}

static struct event *victim;
static struct event_loop *victims_loop;

static void close_victim(struct event *e)
{
    char byte;

    calls++;
    CU_ASSERT_EQUAL(read(e->fd, &byte, 1), 1);
    event_close(victims_loop, victim);
}

/* Two events of one batch: the first handler closes the other's descriptor,
 * and the other is not called. */
static void test_closed_in_the_batch(void)
{
    struct event_loop *loop = event_loop_new();
    struct event a = {.ready = close_victim}, b = {.ready = close_victim};
    int fa[2], fb[2];

    CU_ASSERT_EQUAL_FATAL(pipe(fa) | pipe(fb), 0);
    calls = 0;
    victims_loop = loop;
    CU_ASSERT_TRUE(event_add(loop, &a, fa[0]));
    CU_ASSERT_TRUE(event_add(loop, &b, fb[0]));
    CU_ASSERT_EQUAL(write(fa[1], "x", 1) + write(fb[1], "x", 1), 2);
    victim = &b;
    event_run(loop, 100);
    CU_ASSERT_EQUAL(calls, 1);
    event_close(loop, &a);
    close(fa[1]);
    close(fb[1]);
    event_loop_free(loop);
}

struct later {
    struct event_later later;
    struct event_loop *loop;
    int left;
};

static void run_again(struct event_later *l)
{
    struct later *self = (struct later *)l;

    calls++;
    if (--self->left > 0)
        event_do_later(self->loop, l);
}

static void test_later_waits_a_batch(void)
{
    struct event_loop *loop = event_loop_new();
    struct later l = {.later.run = run_again, .loop = loop, .left = 3};

    calls = 0;
    event_do_later(loop, &l.later);
    event_run(loop, 1000); /* does not sleep: there is something to do */
    CU_ASSERT_EQUAL(calls, 1);
    event_run(loop, 1000);
    CU_ASSERT_EQUAL(calls, 2);
    event_loop_free(loop); /* what is left is done */
    CU_ASSERT_EQUAL(calls, 3);
}

UNIT_MAIN("event", {"timers fire in order", test_timers_fire_in_order},
          {"timers move", test_timers_move}, {"many timers", test_timers_many},
          {"timers let go", test_timers_let_go},
          {"events are edges", test_events_are_edges},
          {"closed in the batch", test_closed_in_the_batch},
          {"later waits a batch", test_later_waits_a_batch})
