/* near-enough: a deadline that comes nearer by less than 300 ms stays. */

#include "unit.h"

#include "event.h"

static int64_t fired_at;
static struct event_loop *loop;

static void note_fired(struct timer *t)
{
    fired_at = event_now(loop);
}

static void test_what_moves(void)
{
    struct timer t = {.fire = note_fired};
    int64_t start;

    loop = event_loop_new();
    start = event_now(loop);
    timer_set(loop, &t, 1000);
    timer_set(loop, &t, 701);
    CU_ASSERT_EQUAL(t.queued, start + 1000);
    timer_set(loop, &t, 600);
    CU_ASSERT_EQUAL(t.queued, start + 600);
    timer_set(loop, &t, 800);
    CU_ASSERT_EQUAL(t.queued, start + 600);
    event_loop_free(loop);
}

/* It fires all the same, by the time that it has in the heap. */
static void test_it_fires(void)
{
    struct timer t = {.fire = note_fired};
    int64_t start, end = unit_now() + 1000LL * unit_patience();

    fired_at = 0;
    loop = event_loop_new();
    start = event_now(loop);
    timer_set(loop, &t, 200);
    timer_set(loop, &t, 50);
    while (fired_at == 0 && unit_now() < end)
        event_run(loop, 100);
    CU_ASSERT(fired_at >= start + 200);
    CU_ASSERT_EQUAL(t.place, 0);
    event_loop_free(loop);
}

UNIT_MAIN("near-enough", {"what moves", test_what_moves},
          {"it fires", test_it_fires})
