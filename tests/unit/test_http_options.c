/* http_options: the command line of stages 1 to 3. */

#include "http_options.h"
#include "unit.h"

static struct http_options options;
static struct err err;

static int take(const char *one, const char *two)
{
    char *argv[] = {(char *)one, (char *)two, NULL};

    err.text[0] = '\0';
    return http_read_options(argv, &options, &err);
}

static void values(void)
{
    CU_ASSERT_EQUAL(take("--idle-timeout", "75"), 2);
    CU_ASSERT_EQUAL(options.timeouts.idle, 75000);
    CU_ASSERT_EQUAL(take("--head-timeout=0.25", NULL), 1);
    CU_ASSERT_EQUAL(options.timeouts.head, 250);
    CU_ASSERT_EQUAL(take("--body-timeout", "1.5"), 2);
    CU_ASSERT_EQUAL(options.timeouts.body, 1500);
    CU_ASSERT_EQUAL(take("--send-timeout", "0.001"), 2);
    CU_ASSERT_EQUAL(options.timeouts.send, 1);
    CU_ASSERT_EQUAL(take("--max-line", "1"), 2);
    CU_ASSERT_EQUAL(options.limits.line, 1);
    CU_ASSERT_EQUAL(take("--max-field", "2"), 2);
    CU_ASSERT_EQUAL(options.limits.field, 2);
    CU_ASSERT_EQUAL(take("--max-head", "1073741824"), 2);
    CU_ASSERT_EQUAL(options.limits.head, 1 << 30);
    CU_ASSERT_EQUAL(take("--max-body", "9223372036854775807"), 2);
    CU_ASSERT_EQUAL(options.max_body, INT64_MAX);
}

static void others(void)
{
    CU_ASSERT_EQUAL(take("127.0.0.1:80", NULL), 0);
    CU_ASSERT_EQUAL(take("--root", "/"), 0);
    CU_ASSERT_EQUAL(take("--max-bodyguard", "1"), 0);
    CU_ASSERT_EQUAL(take("--max", "1"), 0);
    CU_ASSERT_EQUAL(take("", NULL), 0);
}

static void bad(void)
{
    static const char *const rows[][2] = {
        {"--max-line", "0"},
        {"--max-line", "-1"},
        {"--max-line", ""},
        {"--max-line", "1k"},
        {"--max-head", "1073741825"},
        {"--max-head", "4294967297"},
        {"--max-head", "18446744073709551617"},
        {"--max-body", "0"},
        {"--max-body", "9223372036854775808"},
        {"--head-timeout", "0"},
        {"--head-timeout", "0.000"},
        {"--head-timeout", "1."},
        {"--head-timeout", ".5"},
        {"--head-timeout", "1.0001"},
        {"--head-timeout", "1s"},
        {"--head-timeout", "inf"},
        {"--head-timeout", "99999999999"},
        {"--head-timeout", "2147483647.001"},
        {"--head-timeout=", NULL},
        {"--head-timeout", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (take(rows[i][0], rows[i][1]) != -1)
            CU_FAIL(rows[i][1]);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--"));
    }
}

/* The ends of each range are taken, and the message names both. */
static void bounds(void)
{
    static const char *const rows[][3] = {
        {"--head-timeout", "0.001", "2147483647"},
        {"--max-head", "1", "1073741824"},
        {"--max-body", "1", "9223372036854775807"},
    };
    char both[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL(take(rows[i][0], rows[i][1]), 2);
        CU_ASSERT_EQUAL(take(rows[i][0], rows[i][2]), 2);
        CU_ASSERT_EQUAL(take(rows[i][0], "0"), -1);
        snprintf(both, sizeof both, "from %s to %s", rows[i][1], rows[i][2]);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, both));
    }
}

UNIT_MAIN("http_options", {"values", values}, {"others", others}, {"bad", bad},
          {"bounds", bounds})
