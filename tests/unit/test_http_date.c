/* Dates, both ways. */

#include "guard.h"
#include "http_date.h"
#include "unit.h"

static void test_format(void)
{
    static const struct {
        time_t t;
        const char *want;
    } rows[] = {
        {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
        {951868799, "Tue, 29 Feb 2000 23:59:59 GMT"},
        {1704067200, "Mon, 01 Jan 2024 00:00:00 GMT"},
        {4107542400, "Mon, 01 Mar 2100 00:00:00 GMT"},
        {253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {253402300800, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT"},
        {-1, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT"},
    };
    char out[HTTP_DATE_LEN + 1];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(out, '!', sizeof out);
        http_date_format(out, rows[i].t);
        CU_ASSERT(memcmp(out, rows[i].want, HTTP_DATE_LEN) == 0);
        CU_ASSERT_EQUAL(out[HTTP_DATE_LEN], '!');
    }
}

static void test_good(void)
{
    static const struct {
        const char *text;
        time_t t;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Mon, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sun, 06 Nov 1994 08:49:37", 784111777},
        {"Sun, 06 Nov 1994 08:49:37 GMT; length=3", 784111777},
        {"Wed Nov 16 08:49:37 1994", 784975777},
        {"Thursday, 01-Jan-70 00:00:00 GMT", 0},
        {"Tuesday, 31-Dec-69 23:59:59 GMT", 3155759999},
        {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].text);
        struct span text = {guard_put(rows[i].text, len), len};
        time_t t = -7;

        CU_ASSERT(http_date_parse(text, &t));
        CU_ASSERT_EQUAL(t, rows[i].t);
    }
}

static void test_bad(void)
{
    static const char *const rows[] = {
        "", " ", ",", "0", "junk", "Sun", "Sun,", "Sun, ", "Sun,06 Nov",
        "784111777",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 006 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Sun, 06 Nov-1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 29 Feb 2023 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08.49.37 GMT",
        "Sun, 06 Nov 199a 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37",
        "Sun Nov  6 08:49:37 94",
        "Sun  Nov  6 08:49:37 1994",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i]);
        time_t t = -7;

        if (http_date_parse((struct span){guard_put(rows[i], len), len}, &t))
            printf("taken for a date: %s\n", rows[i]);
        CU_ASSERT_EQUAL(t, -7);
    }
}

static void test_truncated(void)
{
    static const struct {
        const char *text;
        size_t enough;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 25},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 26},
        {"Sun Nov  6 08:49:37 1994", 24},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t n = 0; n <= strlen(rows[i].text); n++) {
            struct span text = {guard_put(rows[i].text, n), n};
            time_t t;

            CU_ASSERT_EQUAL(http_date_parse(text, &t), n >= rows[i].enough);
        }
}

/* Every day of 130 years survives the way there and back. */
static void test_round_trip(void)
{
    char text[HTTP_DATE_LEN];

    for (time_t t = 0; t < 4102444800; t += 86400 + 61) {
        time_t back = -1;

        http_date_format(text, t);
        if (!http_date_parse((struct span){text, sizeof text}, &back) ||
            back != t)
            CU_FAIL_FATAL("a date was lost");
    }
}

static void test_clock(void)
{
    struct http_clock clock = {0};
    time_t before = time(NULL);
    struct span now = http_clock_now(&clock);
    time_t after = time(NULL);
    time_t t = 0;

    CU_ASSERT_EQUAL(now.len, HTTP_DATE_LEN);
    CU_ASSERT(http_date_parse(now, &t));
    CU_ASSERT(t == clock.second && before <= t && t <= after);
    CU_ASSERT_PTR_EQUAL(http_clock_now(&clock).ptr, now.ptr);
}

UNIT_MAIN("http_date", {"format", test_format}, {"good", test_good},
          {"bad", test_bad}, {"truncated", test_truncated},
          {"round trip", test_round_trip}, {"clock", test_clock})
