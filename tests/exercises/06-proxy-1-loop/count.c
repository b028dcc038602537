/* count: how often a timer was put into the heap. */

#include "unit.h"

#include "event.h"

static int fired;

static void note_fired(struct timer *t)
{
    fired++;
}

static void test_settings(void)
{
    struct event_loop *loop = event_loop_new();
    struct timer t = {.fire = note_fired};

    CU_ASSERT_EQUAL(event_heap_work(loop), 0);
    for (int i = 0; i < 3600; i++)
        timer_set(loop, &t, 60000 + i);
    CU_ASSERT_EQUAL(event_heap_work(loop), 1);
    timer_set(loop, &t, 1000); /* nearer */
    CU_ASSERT_EQUAL(event_heap_work(loop), 2);
    timer_clear(loop, &t);
    CU_ASSERT_EQUAL(event_heap_work(loop), 2);
    timer_set(loop, &t, 1000);
    CU_ASSERT_EQUAL(event_heap_work(loop), 3);
    event_loop_free(loop);
}

/* One that was moved is put back once, when its old time comes. */
static void test_put_back(void)
{
    struct event_loop *loop = event_loop_new();
    struct timer t = {.fire = note_fired};
    int64_t end = unit_now() + 1000LL * unit_patience();

    fired = 0;
    timer_set(loop, &t, 10);
    timer_set(loop, &t, unit_ms(400));
    while (fired == 0 && unit_now() < end)
        event_run(loop, 100);
    CU_ASSERT_EQUAL(fired, 1);
    CU_ASSERT_EQUAL(event_heap_work(loop), 2);
    event_loop_free(loop);
}

UNIT_MAIN("count", {"settings", test_settings}, {"put back", test_put_back})
