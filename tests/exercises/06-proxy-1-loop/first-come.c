/* first-come: timers of one millisecond fire in the order in which they were
 * set, or moved. */

#include "unit.h"

#include "event.h"

static char fired[64];

struct named_timer {
    struct timer timer; /* first: its address is the whole's */
    char name;
};

static void note_fired(struct timer *t)
{
    size_t n = strlen(fired);

    fired[n] = ((struct named_timer *)t)->name;
    fired[n + 1] = '\0';
}

static void run_until(struct event_loop *loop, size_t count)
{
    int64_t end = unit_now() + 1000LL * unit_patience();

    while (strlen(fired) < count && unit_now() < end)
        event_run(loop, 100);
}

static void test_in_the_order_of_setting(void)
{
    static const char names[] = "abcdefghijklmnopqrstuvwxyz";
    struct named_timer t[26];
    struct event_loop *loop = event_loop_new();

    fired[0] = '\0';
    for (int i = 0; i < 26; i++) {
        t[i] = (struct named_timer){{.fire = note_fired}, names[i]};
        timer_set(loop, &t[i].timer, 20);
    }
    run_until(loop, 26);
    CU_ASSERT_STRING_EQUAL(fired, names);
    event_loop_free(loop);
}

/* A moved one counts from when it was moved, by note or at once, and the note
 * does not disturb the heap in which it stands. */
static void test_moved_ones(void)
{
    struct named_timer t[5];
    struct event_loop *loop = event_loop_new();

    fired[0] = '\0';
    for (int i = 0; i < 5; i++)
        t[i] = (struct named_timer){{.fire = note_fired}, (char)('a' + i)};
    timer_set(loop, &t[2].timer, 10);
    timer_set(loop, &t[4].timer, 500);
    timer_set(loop, &t[0].timer, 50);
    timer_set(loop, &t[1].timer, 50);
    timer_set(loop, &t[2].timer, 50); /* to later */
    timer_set(loop, &t[3].timer, 50);
    timer_set(loop, &t[4].timer, 50); /* to nearer */
    run_until(loop, 5);
    CU_ASSERT_STRING_EQUAL(fired, "abcde");
    event_loop_free(loop);
}

UNIT_MAIN("first-come",
          {"in the order of setting", test_in_the_order_of_setting},
          {"moved ones", test_moved_ones})
