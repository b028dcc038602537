/* unit: what every unit test program shares.
 *
 * A test file lists its tests in UNIT_MAIN("module", {"name", function}, ...);
 * the program runs them under CUnit, prints CUnit's report, and exits 0 when
 * every assertion held.  `program NAME` runs the one test of that name.
 *
 * No test goes by the wall clock: under Valgrind, or beside other work, all
 * takes forty times as long.  UNIT_WAIT(condition) waits for what is to happen;
 * a call that wants a bound for that gets unit_patience(); unit_ms() is time of
 * a quiet machine in time of this one.  Too early is always wrong, and is asked
 * for as it stands. */

#ifndef STRATA_UNIT_H
#define STRATA_UNIT_H

#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { UNIT_PATIENCE = 20000 }; /* ms: many times what any event needs */

static inline int64_t unit_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* `quiet` ms of a quiet machine, as ms of this one now: a known piece of work
 * is timed, again when a second has passed.  Never less than `quiet`. */
static inline int unit_ms(int quiet)
{
    enum { STEPS = 4000000, QUIET_US = 10000, MOST_US = 1000000 };
    static int64_t took, measured;
    int64_t begin = unit_now();

    if (took == 0 || begin - measured > 1000000) {
        for (volatile int i = 0; i < STEPS; i++)
            ;
        measured = unit_now();
        took = measured - begin;
        if (took < QUIET_US)
            took = QUIET_US;
        if (took > MOST_US)
            took = MOST_US;
    }
    return (int)(quiet * took / QUIET_US);
}

/* The bound of a wait for what is to happen. */
static inline int unit_patience(void)
{
    return unit_ms(UNIT_PATIENCE);
}

/* What a slow peer does, where its slowness is the test: whoever is slower yet
 * does the same. */
static inline void unit_dawdle(unsigned us)
{
    usleep(us);
}

/* Sleeps for a moment; false when it is the last one, `*until` being 0 at the
 * first. */
static inline bool unit_moment(int64_t *until)
{
    if (*until == 0)
        *until = unit_now() + 1000LL * unit_patience();
    usleep(1000);
    return unit_now() < *until;
}

/* Waits until the condition holds; false when it does not come to. */
#define UNIT_WAIT(condition)                                                   \
    ({                                                                         \
        int64_t unit_until = 0;                                                \
        while (!(condition) && unit_moment(&unit_until))                       \
            ;                                                                  \
        (condition);                                                           \
    })

#define UNIT_MAIN(suite_name, ...)                                             \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        static const struct {                                                  \
            const char *name;                                                  \
            void (*run)(void);                                                 \
        } tests[] = {__VA_ARGS__};                                             \
        CU_pSuite suite;                                                       \
        if (CU_initialize_registry() != CUE_SUCCESS)                           \
            return 2;                                                          \
        suite = CU_add_suite(suite_name, NULL, NULL);                          \
        for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)            \
            if (argc < 2 || strcmp(argv[1], tests[i].name) == 0)               \
                CU_add_test(suite, tests[i].name, tests[i].run);               \
        CU_basic_set_mode(CU_BRM_NORMAL);                                      \
        CU_basic_run_tests();                                                  \
        unsigned failed = CU_get_number_of_tests_failed();                     \
        unsigned run = CU_get_number_of_tests_run();                           \
        printf("%s: %u passed, %u failed\n", suite_name, run - failed, failed);\
        CU_cleanup_registry();                                                 \
        return failed != 0 || run == 0;                                        \
    }

#endif
