/* conf_values: numbers, sizes and times at and beyond their ends; the answers
 * are nginx 1.22.1's (nginx -t). */

#include "unit.h"

#include "conf.h"

typedef bool parse(struct conf *, struct span, const struct conf_range *,
                   int64_t *);

static struct err err;
static struct conf cf = {.err = &err};

static const struct conf_range any = {INT64_MIN, INT64_MAX, ""};
static const struct conf_range natural = {0, INT64_MAX, ""};

static void good(parse *f, struct span text, int64_t expected)
{
    int64_t n = -7;

    if (!f(&cf, text, &natural, &n) || n != expected)
        printf("\n\"%.*s\" gave %lld\n", SPAN_ARG(text), (long long)n);
    CU_ASSERT_EQUAL(n, expected);
}

static void bad(parse *f, struct span text)
{
    int64_t n = -7;
    bool taken = f(&cf, text, &natural, &n);

    if (taken)
        printf("\n\"%.*s\" was taken\n", SPAN_ARG(text));
    CU_ASSERT_FALSE(taken);
    CU_ASSERT_EQUAL(n, -7);
    CU_ASSERT_STRING_EQUAL(err.text, ""); /* the caller knows what to say */
}

static void numbers(void)
{
    good(conf_parse_number, SPAN("0"), 0);
    good(conf_parse_number, SPAN("007"), 7);
    good(conf_parse_number, SPAN("9223372036854775807"), INT64_MAX);
    bad(conf_parse_number, SPAN("9223372036854775808"));
    bad(conf_parse_number, SPAN("99999999999999999999999"));
    bad(conf_parse_number, SPAN(""));
    bad(conf_parse_number, SPAN("-1"));
    bad(conf_parse_number, SPAN("+1"));
    bad(conf_parse_number, SPAN("1 "));
    bad(conf_parse_number, SPAN("1k"));
    bad(conf_parse_number, SPAN("a"));
    bad(conf_parse_number, SPAN("1\0"));
}

static void sizes(void)
{
    good(conf_parse_size, SPAN("5"), 5);
    good(conf_parse_size, SPAN("5k"), 5 << 10);
    good(conf_parse_size, SPAN("5K"), 5 << 10);
    good(conf_parse_size, SPAN("5m"), 5 << 20);
    good(conf_parse_size, SPAN("5M"), 5 << 20);
    good(conf_parse_size, SPAN("5g"), 5LL << 30);
    good(conf_parse_size, SPAN("5G"), 5LL << 30);
    good(conf_parse_size, SPAN("0k"), 0);
    good(conf_parse_size, SPAN("9223372036854775807"), INT64_MAX);
    good(conf_parse_size, SPAN("9007199254740991k"), 9007199254740991 << 10);
    bad(conf_parse_size, SPAN("9007199254740992k"));
    bad(conf_parse_size, SPAN("9007199254740993k"));
    bad(conf_parse_size, SPAN("9223372036854775808"));
    bad(conf_parse_size, SPAN("5t"));
    bad(conf_parse_size, SPAN("5kb"));
    bad(conf_parse_size, SPAN("k"));
    bad(conf_parse_size, SPAN(""));
    bad(conf_parse_size, SPAN("1\0"));
}

static void milliseconds(void)
{
    good(conf_parse_msec, SPAN("5"), 5000);
    good(conf_parse_msec, SPAN("0"), 0);
    good(conf_parse_msec, SPAN("5ms"), 5);
    good(conf_parse_msec, SPAN("5s"), 5000);
    good(conf_parse_msec, SPAN("2m"), 120000);
    good(conf_parse_msec, SPAN("1h30m"), 5400000);
    good(conf_parse_msec, SPAN("1h 30m"), 5400000);
    good(conf_parse_msec, SPAN("1m30"), 90000);
    good(conf_parse_msec, SPAN("5h5"), 18005000);
    good(conf_parse_msec, SPAN("1m1ms"), 60001);
    good(conf_parse_msec, SPAN("1w1d1h1m1s1ms"), 694861001);
    good(conf_parse_msec, SPAN("1  "), 1000);
    good(conf_parse_msec, SPAN("9223372036854775"), 9223372036854775000);
    bad(conf_parse_msec, SPAN("9223372036854776"));
    bad(conf_parse_msec, SPAN("1y"));
    bad(conf_parse_msec, SPAN("1M"));
    bad(conf_parse_msec, SPAN("1m1h"));
    bad(conf_parse_msec, SPAN("5ms1s"));
    bad(conf_parse_msec, SPAN("1h h"));
    bad(conf_parse_msec, SPAN("1h5 m"));
    bad(conf_parse_msec, SPAN("1mss"));
    bad(conf_parse_msec, SPAN("1.5s"));
    bad(conf_parse_msec, SPAN("1S"));
    bad(conf_parse_msec, SPAN("s"));
    bad(conf_parse_msec, SPAN("-1"));
    bad(conf_parse_msec, SPAN(""));
    bad(conf_parse_msec, SPAN(" "));
}

static void signs(void)
{
    int64_t n = 0;

    CU_ASSERT_TRUE(conf_parse_number(&cf, SPAN("-5"), &any, &n));
    CU_ASSERT_EQUAL(n, -5);
    CU_ASSERT_TRUE(conf_parse_number(&cf, SPAN("+5"), &any, &n));
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_FALSE(conf_parse_number(&cf, SPAN("-"), &any, &n));
    CU_ASSERT_FALSE(conf_parse_number(&cf, SPAN("--5"), &any, &n));
    CU_ASSERT_EQUAL(n, 5);
}

/* What is beyond the bounds is named with both of them. */
static void refused(parse *f, struct span text, const struct conf_range *range,
                    const char *message)
{
    int64_t n = -7;

    CU_ASSERT_FALSE(f(&cf, text, range, &n));
    CU_ASSERT_EQUAL(n, -7);
    CU_ASSERT_STRING_EQUAL(err.text, message);
    err.text[0] = '\0';
}

static void bounds(void)
{
    static const struct conf_range few = {2, 3, ""}, cold = {-20, 20, ""},
                                   brief = {10, 3000, "ms"};
    int64_t n = 0;

    CU_ASSERT_TRUE(conf_parse_number(&cf, SPAN("2"), &few, &n));
    CU_ASSERT_TRUE(conf_parse_number(&cf, SPAN("3"), &few, &n));
    refused(conf_parse_number, SPAN("1"), &few,
            "value must be between 2 and 3, not \"1\"");
    refused(conf_parse_size, SPAN("4k"), &few,
            "value must be between 2 and 3, not \"4k\"");
    refused(conf_parse_number, SPAN("-21"), &cold,
            "value must be between -20 and 20, not \"-21\"");
    CU_ASSERT_TRUE(conf_parse_msec(&cf, SPAN("3"), &brief, &n));
    CU_ASSERT_EQUAL(n, 3000);
    refused(conf_parse_msec, SPAN("4"), &brief,
            "value must be between 10ms and 3000ms, not \"4\"");
    CU_ASSERT_STRING_EQUAL(err.text, "");
}

static void named(void)
{
    static const struct conf_range few = {2, 3, ""}, brief = {10, 3000, "ms"};
    int64_t n = 0;

    CU_ASSERT_TRUE(conf_parse_named(&cf, SPAN("a=2"), SPAN("a="), "thing", &few,
                                    &n));
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_TRUE(conf_parse_named(&cf, SPAN("t=1s"), SPAN("t="), "thing",
                                    &brief, &n));
    CU_ASSERT_EQUAL(n, 1000);
    CU_ASSERT_FALSE(conf_parse_named(&cf, SPAN("a"), SPAN("a="), "thing", &few,
                                     &n));
    CU_ASSERT_STRING_EQUAL(err.text, ""); /* it is another word */
    CU_ASSERT_FALSE(conf_parse_named(&cf, SPAN("a=1"), SPAN("a="), "thing",
                                     &few, &n));
    CU_ASSERT_STRING_EQUAL(
        err.text, "invalid thing \"a=1\", value must be between 2 and 3");
    err.text[0] = '\0';
    CU_ASSERT_FALSE(conf_parse_named(&cf, SPAN("t=x"), SPAN("t="), "thing",
                                     &brief, &n));
    CU_ASSERT_STRING_EQUAL(
        err.text,
        "invalid thing \"t=x\", value must be between 10ms and 3000ms");
    err.text[0] = '\0';
    CU_ASSERT_EQUAL(n, 1000);
}

UNIT_MAIN("conf_values", {"numbers", numbers}, {"sizes", sizes},
          {"milliseconds", milliseconds}, {"signs", signs},
          {"bounds", bounds}, {"named", named})
