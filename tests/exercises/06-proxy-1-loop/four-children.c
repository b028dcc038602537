/* four-children: the children of place p are at 4p - 2 to 4p + 1. */

#include "unit.h"

#include "event.h"

#include <stdlib.h>

enum { COUNT = 500 };

static struct timer t[COUNT];
static int64_t latest;
static int fired;

static void note_fired(struct timer *timer)
{
    CU_ASSERT(timer->queued >= latest);
    latest = timer->queued;
    fired++;
}

/* Each place is taken once, and nobody is due before his parent. */
static void check_heap(size_t timers)
{
    static struct timer *heap[COUNT + 1];

    memset(heap, 0, sizeof heap);
    for (int i = 0; i < COUNT; i++) {
        CU_ASSERT_FATAL(t[i].place <= timers);
        if (t[i].place == 0)
            continue;
        CU_ASSERT_PTR_NULL(heap[t[i].place]);
        heap[t[i].place] = &t[i];
    }
    for (size_t place = 1; place <= timers; place++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(heap[place]);
        if (place > 1)
            CU_ASSERT(heap[(place + 2) / 4]->queued <= heap[place]->queued);
    }
}

static void test_order(void)
{
    struct event_loop *loop = event_loop_new();

    srand(11);
    for (int i = 0; i < COUNT; i++) {
        t[i] = (struct timer){.fire = note_fired};
        timer_set(loop, &t[i], 1000 + rand() % 100000);
    }
    check_heap(COUNT);
    for (int i = 0; i < COUNT; i += 2)
        timer_clear(loop, &t[i]);
    check_heap(COUNT / 2);
    for (int i = 1; i < COUNT; i += 4)
        timer_set(loop, &t[i], 1 + rand() % 1000);
    check_heap(COUNT / 2);
    event_loop_free(loop);
}

static void test_fire(void)
{
    struct event_loop *loop = event_loop_new();
    int64_t end = unit_now() + 1000LL * unit_patience();

    latest = fired = 0;
    for (int i = 0; i < COUNT; i++) {
        t[i] = (struct timer){.fire = note_fired};
        timer_set(loop, &t[i], 1 + rand() % 100);
    }
    check_heap(COUNT);
    while (fired < COUNT && unit_now() < end)
        event_run(loop, 100);
    CU_ASSERT_EQUAL(fired, COUNT);
    event_loop_free(loop);
}

UNIT_MAIN("four-children", {"order", test_order}, {"fire", test_fire})
