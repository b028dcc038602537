/* http_options: the command line of stages 1 to 3. */

#include "http_options.h"
#include "unit.h"

static struct http_options options;
static struct http_words words;
static struct err err;

struct own {
    const char *root;
    bool loud;
};

static struct own own;
static const struct http_option own_options[] = {
    {"--root", offsetof(struct own, root), http_read_text, "a directory"},
    {"--loud", offsetof(struct own, loud), http_read_flag, NULL},
    {0},
};

static bool read_line(char **argv)
{
    const struct http_command command = {"test", "help", own_options};

    err.text[0] = '\0';
    words.count = 0;
    own = (struct own){0};
    return http_read_arguments(argv, &command, &own, &options, &words, &err);
}

static bool take(const char *one, const char *two)
{
    return read_line((char *[]){"test", (char *)one, (char *)two, NULL});
}

static void values(void)
{
    CU_ASSERT(take("--idle-timeout", "75"));
    CU_ASSERT_EQUAL(options.timeouts.idle, 75000);
    CU_ASSERT(take("--head-timeout=0.25", NULL));
    CU_ASSERT_EQUAL(options.timeouts.head, 250);
    CU_ASSERT(take("--body-timeout", "1.5"));
    CU_ASSERT_EQUAL(options.timeouts.body, 1500);
    CU_ASSERT(take("--send-timeout", "0.001"));
    CU_ASSERT_EQUAL(options.timeouts.send, 1);
    CU_ASSERT(take("--max-line", "1"));
    CU_ASSERT_EQUAL(options.limits.line, 1);
    CU_ASSERT(take("--max-field", "2"));
    CU_ASSERT_EQUAL(options.limits.field, 2);
    CU_ASSERT(take("--max-head", "1073741824"));
    CU_ASSERT_EQUAL(options.limits.head, 1 << 30);
    CU_ASSERT(take("--max-body", "9223372036854775807"));
    CU_ASSERT_EQUAL(options.max_body, INT64_MAX);
}

static void others(void)
{
    CU_ASSERT(take("127.0.0.1:80", "") && words.count == 2);
    CU_ASSERT_STRING_EQUAL(words.word[0], "127.0.0.1:80");
    CU_ASSERT(take("--root", "/") && words.count == 0);
    CU_ASSERT_STRING_EQUAL(own.root, "/");
    CU_ASSERT(take("--root=", "x") && words.count == 1 && *own.root == '\0');
    CU_ASSERT(take("--loud", "x") && words.count == 1 && own.loud);
    CU_ASSERT(!take("--loud=1", NULL) && !own.loud);
    CU_ASSERT(!take("--loudly", NULL));
    CU_ASSERT(!take("--max-bodyguard", "1"));
    CU_ASSERT(!take("--max", "1"));
    CU_ASSERT(read_line((char *[]){"test", "a", "b", "c", NULL}));
    CU_ASSERT(!read_line((char *[]){"test", "a", "b", "c", "d", NULL}));
}

static void only_address(void)
{
    take("a", NULL);
    CU_ASSERT_STRING_EQUAL(http_only_address(&words, "x", &err), "a");
    take("a", "b");
    CU_ASSERT_PTR_NULL(http_only_address(&words, "x", &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "\"a\" and \"b\""));
    take("--loud", NULL);
    CU_ASSERT_PTR_NULL(http_only_address(&words, "x", &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "such as x"));
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
        if (take(rows[i][0], rows[i][1]))
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
        CU_ASSERT(take(rows[i][0], rows[i][1]));
        CU_ASSERT(take(rows[i][0], rows[i][2]));
        CU_ASSERT(!take(rows[i][0], "0"));
        snprintf(both, sizeof both, "from %s to %s", rows[i][1], rows[i][2]);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, both));
    }
}

UNIT_MAIN("http_options", {"values", values}, {"others", others},
          {"only address", only_address}, {"bad", bad}, {"bounds", bounds})
