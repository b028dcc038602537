/* The grader's patience: what counts as time, and what as rest. */

#include "pace.h"
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_a_wait_ends(void)
{
    struct patience p;
    int asked = 0;

    patience_begin(&p, 60);
    while (patience_left(&p)) {
        asked++;
        unit_dawdle(5000);
    }
    CU_ASSERT(asked > 0 && p.last && !p.starved);
    CU_ASSERT(world_now() - p.from >= 60);
}

/* With the time over there is one more look. */
static void test_the_last_look(void)
{
    struct patience p;

    patience_begin(&p, 0);
    unit_dawdle(2000);
    CU_ASSERT_TRUE(patience_left(&p));
    CU_ASSERT_FALSE(patience_left(&p));
}

/* Whoever wakes late each time must not wait for ever. */
static void test_waking_late_ends(void)
{
    struct patience p;
    int looks = 0;

    patience_begin(&p, 50);
    while (patience_left(&p) && looks < 50) {
        unit_dawdle(60000);
        looks++;
    }
    CU_ASSERT(looks <= 5);
}

static void test_rest(void)
{
    pid_t child = fork();

    if (child == 0)
        for (;;)
            ;
    CU_ASSERT_FALSE(pace_at_rest());
    kill(child, SIGSTOP);
    waitpid(child, NULL, WUNTRACED);
    CU_ASSERT_TRUE(pace_at_rest());
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CU_ASSERT_TRUE(pace_at_rest());
}

static void test_the_work_can_be_done(void)
{
    CU_ASSERT(pace_measure() >= 1);
}

UNIT_MAIN("grade_pace", {"a wait ends", test_a_wait_ends},
          {"the last look", test_the_last_look},
          {"waking late ends", test_waking_late_ends},
          {"rest", test_rest},
          {"the work can be done", test_the_work_can_be_done})
