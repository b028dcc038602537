/* unit: what every unit test program shares.
 *
 * A test file lists its tests in UNIT_MAIN("module", {"name", function}, ...);
 * the program runs them under CUnit, prints CUnit's report, and exits 0 when
 * every assertion held.  `program NAME` runs the one test of that name. */

#ifndef STRATA_UNIT_H
#define STRATA_UNIT_H

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

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
