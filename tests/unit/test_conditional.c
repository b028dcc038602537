/* Preconditions and ranges: the rows are what real nginx 1.22.1 answered for a
 * file of ten bytes from Sun, 06 Nov 1994 08:49:37 GMT. */

#include "conditional.h"
#include "unit.h"

#define MTIME 784111777
#define TAG   "\"2ebc98a1-a\""
#define DATE  "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"
#define SOON  "Sun, 06 Nov 1994 08:49:36 GMT"

static struct http_field list[64];
static char head[4096];

static void parse(struct http_request *r, const char *fields)
{
    int n = snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n",
                     fields);

    http_request_init(r, list, 64, NULL);
    CU_ASSERT_EQUAL_FATAL(http_parse_request(r, head, (size_t)n), HTTP_DONE);
    http_settle(&r->fields, head);
}

static void test_etag(void)
{
    char out[ETAG_MAX];

    CU_ASSERT_EQUAL(etag_format(out, MTIME, 10), strlen(TAG));
    CU_ASSERT_STRING_EQUAL(out, TAG);
    etag_format(out, 0, 0);
    CU_ASSERT_STRING_EQUAL(out, "\"0-0\"");
    CU_ASSERT_EQUAL(etag_format(out, -1, UINT64_MAX), 35);
    CU_ASSERT_STRING_EQUAL(out, "\"ffffffffffffffff-ffffffffffffffff\"");
}

static void test_check(void)
{
    static const struct {
        const char *fields;
        int status;
    } rows[] = {
        {"", 0},
        {"If-None-Match: " TAG "\r\n", 304},
        {"if-none-match: " TAG "\r\n", 304},
        {"If-None-Match: W/" TAG "\r\n", 304},
        {"If-None-Match: *\r\n", 304},
        {"If-None-Match: \"x\"\r\n", 0},
        {"If-None-Match: \"x\", " TAG "\r\n", 304},
        {"If-None-Match: \"x\"," TAG ",\"y\"\r\n", 304},
        {"If-None-Match: ,, " TAG "\r\n", 304},
        {"If-None-Match: x," TAG "\r\n", 304},
        {"If-None-Match: \"x\" " TAG "\r\n", 0},
        {"If-None-Match: \"x\"; " TAG "\r\n", 0},
        {"If-None-Match: 2ebc98a1-a\r\n", 0},
        {"If-None-Match: " TAG "x\r\n", 0},
        {"If-None-Match: \"x\", *\r\n", 0},
        {"If-None-Match:\r\n", 0},
        {"If-Match: " TAG "\r\n", 0},
        {"If-Match: *\r\n", 0},
        {"If-Match: \"x\", " TAG "\r\n", 0},
        {"If-Match: W/" TAG "\r\n", 412},
        {"If-Match: \"x\"\r\n", 412},
        {"If-Match: \"x\",W/" TAG "\r\n", 412},
        {"If-Match:\r\n", 412},
        {"If-Modified-Since: " DATE "\r\n", 304},
        {"If-Modified-Since: " LATER "\r\n", 0},
        {"If-Modified-Since: " SOON "\r\n", 0},
        {"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304},
        {"If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n", 304},
        {"If-Modified-Since: junk\r\n", 0},
        {"If-Modified-Since:\r\n", 0},
        {"If-Unmodified-Since: " DATE "\r\n", 0},
        {"If-Unmodified-Since: " LATER "\r\n", 0},
        {"If-Unmodified-Since: " SOON "\r\n", 412},
        {"If-Unmodified-Since: junk\r\n", 412},
        {"If-None-Match: \"x\"\r\nIf-Modified-Since: " DATE "\r\n", 0},
        {"If-None-Match: " TAG "\r\nIf-Modified-Since: " SOON "\r\n", 0},
        {"If-None-Match: " TAG "\r\nIf-Modified-Since: " DATE "\r\n", 304},
        {"If-Match: " TAG "\r\nIf-Unmodified-Since: " SOON "\r\n", 412},
        {"If-Match: \"x\"\r\nIf-Unmodified-Since: " DATE "\r\n", 412},
        {"If-Match: \"x\"\r\nIf-None-Match: *\r\n", 412},
        {"If-Match: *\r\nIf-None-Match: *\r\n", 304},
    };
    struct http_request r;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int status;

        parse(&r, rows[i].fields);
        status = conditional_check(&r, SPAN(TAG), MTIME, true);
        if (status != rows[i].status)
            printf("%s: want %d, got %d\n", rows[i].fields, rows[i].status,
                   status);
        CU_ASSERT_EQUAL(status, rows[i].status);
    }
}

/* if_modified_since before; a representation without validators. */
static void test_choices(void)
{
    struct http_request r;

    parse(&r, "If-Modified-Since: " LATER "\r\n");
    CU_ASSERT_EQUAL(conditional_check(&r, SPAN(TAG), MTIME, false), 304);
    parse(&r, "If-Modified-Since: " DATE "\r\n");
    CU_ASSERT_EQUAL(conditional_check(&r, SPAN(TAG), MTIME, false), 304);
    parse(&r, "If-Modified-Since: " SOON "\r\n");
    CU_ASSERT_EQUAL(conditional_check(&r, SPAN(TAG), MTIME, false), 0);
    parse(&r, "If-None-Match: " TAG ", \"\"\r\n");
    CU_ASSERT_EQUAL(conditional_check(&r, SPAN(""), MTIME, true), 0);
    parse(&r, "If-Match: " TAG "\r\n");
    CU_ASSERT_EQUAL(conditional_check(&r, SPAN(""), MTIME, true), 412);
    CU_ASSERT_EQUAL(conditional_check(&r, SPAN("W/" TAG), MTIME, true), 412);
    parse(&r, "If-Unmodified-Since: " SOON "\r\n");
    CU_ASSERT_EQUAL(conditional_check(&r, SPAN(TAG), -1, true), 0);
}

static void test_repeated(void)
{
    static const char *const single[] = {
        "If-Modified-Since: a", "If-Unmodified-Since: a", "if-range: a",
        "If-Match: *", "If-None-Match: *",
    };
    static const char *const lists[] = {"If-Match: a", "If-None-Match: a"};
    struct http_request r;
    char fields[256];

    parse(&r, "Range: bytes=0-1\r\nRange: bytes=2-3\r\nIf: a\r\nIf: b\r\n"
              "Accept: a\r\nAccept: b\r\nIf-Match: *\r\nIf-Range: *\r\n");
    CU_ASSERT_FALSE(conditional_repeated(&r));
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        snprintf(fields, sizeof fields, "%s\r\nX: y\r\n%s\r\n", single[i],
                 single[i]);
        parse(&r, fields);
        CU_ASSERT(conditional_repeated(&r));
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        snprintf(fields, sizeof fields, "%s\r\n%s\r\n", lists[i], lists[i]);
        parse(&r, fields);
        CU_ASSERT_FALSE(conditional_repeated(&r));
        snprintf(fields, sizeof fields, "%s\r\n%s\r\n", lists[i],
                 single[i + 3]);
        parse(&r, fields);
        CU_ASSERT(conditional_repeated(&r));
    }
}

/* Writes the ranges as "0-1 3-4", "whole" or "416". */
static void show(char *out, const struct http_range *ranges, int n)
{
    strcpy(out, n < 0 ? "416" : n == 0 ? "whole" : "");
    for (int i = 0; i < n; i++)
        out += sprintf(out, "%s%llu-%llu", i > 0 ? " " : "",
                       (unsigned long long)ranges[i].first,
                       (unsigned long long)ranges[i].last);
}

static void check_range(const char *fields, uint64_t size, int max,
                        const char *want)
{
    struct http_range ranges[HTTP_MAX_RANGES];
    struct http_request r;
    char got[1024];

    parse(&r, fields);
    show(got, ranges, range_parse(&r, size, SPAN(TAG), MTIME, ranges, max));
    if (strcmp(got, want) != 0)
        printf("%s: got %s\n", fields, got);
    CU_ASSERT_STRING_EQUAL(got, want);
}

static void test_ranges(void)
{
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"bytes=0-0", "0-0"}, {"bytes=2-4", "2-4"}, {"bytes=-3", "7-9"},
        {"bytes=5-", "5-9"}, {"bytes=0-", "0-9"}, {"bytes=-20", "0-9"},
        {"bytes=-10", "0-9"}, {"bytes=9-9", "9-9"}, {"bytes=9-10", "9-9"},
        {"bytes=8-100", "8-9"}, {"bytes=10-", "416"}, {"bytes=10-10", "416"},
        {"bytes=20-30", "416"}, {"bytes=-0", "416"}, {"bytes=5-2", "416"},
        {"bytes=", "whole"}, {"bytes", "whole"}, {"", "whole"},
        {"items=0-1", "whole"}, {"bytes = 0-1", "whole"},
        {"Bytes=0-1", "0-1"}, {"bytes=0 - 1", "0-1"}, {"bytes= 0-1 ", "0-1"},
        {"bytes= -5", "5-9"}, {"bytes=- 5", "416"}, {"bytes=\t0-1", "416"},
        {"bytes=a-b", "416"}, {"bytes=1", "416"}, {"bytes=0", "416"},
        {"bytes=-", "416"}, {"bytes=--1", "416"}, {"bytes=1--2", "416"},
        {"bytes=+1-2", "416"}, {"bytes=0-0-1", "416"}, {"bytes==1-2", "416"},
        {"bytes=1-2;", "416"}, {"bytes=0x1-2", "416"},
        {"bytes=0-1,3-4", "0-1 3-4"}, {"bytes=0-1, 3-4", "0-1 3-4"},
        {"bytes=1-2 ,4-5", "1-2 4-5"}, {"bytes=4-5,1-2", "4-5 1-2"},
        {"bytes=0-4,5-9", "0-4 5-9"}, {"bytes=0-5,5-9", "whole"},
        {"bytes=0-1,0-9", "whole"}, {"bytes=20-,1-2", "1-2"},
        {"bytes=20-,30-", "416"}, {"bytes=-0,1-1", "1-1"},
        {"bytes=3-2,0-1", "0-1"}, {"bytes=-2,0-1", "8-9 0-1"},
        {"bytes=1-2,", "416"}, {"bytes=,1-2", "416"}, {"bytes=1-2,,3-4", "416"},
        {"bytes=1-2,x", "416"}, {"bytes=1-2, ", "416"}, {"bytes=,", "416"},
        {"bytes=9223372036854775807-", "416"},
        {"bytes=0-9223372036854775807", "0-9"},
        {"bytes=0-9223372036854775808", "416"},
        {"bytes=-9223372036854775807", "0-9"},
        {"bytes=-9223372036854775808", "416"},
        {"bytes=18446744073709551616-", "416"},
        {"bytes=0-99999999999999999999", "416"},
    };
    char fields[256];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(fields, sizeof fields, "Range: %s\r\n", rows[i].value);
        check_range(fields, 10, HTTP_MAX_RANGES, rows[i].want);
        check_range(fields, 10, 0, "whole");
    }
    check_range("", 10, HTTP_MAX_RANGES, "whole");
    check_range("Range: bytes=0-1\r\nRange: bytes=2-3\r\n", 10, 1, "0-1");
}

static void test_empty_file(void)
{
    check_range("Range: bytes=0-0\r\n", 0, 8, "whole");
    check_range("Range: bytes=0-\r\n", 0, 8, "whole");
    check_range("Range: bytes=-1\r\n", 0, 8, "whole");
    check_range("Range: bytes=-0\r\n", 0, 8, "whole");
    check_range("Range: bytes=0-0,5-5\r\n", 0, 8, "whole");
    check_range("Range: bytes=5-\r\n", 0, 8, "416");
    check_range("Range: bytes=5-10\r\n", 0, 8, "416");
    check_range("Range: bytes=x\r\n", 0, 8, "416");
}

/* n ranges of one byte each. */
static int count_ranges(int n, uint64_t size)
{
    struct http_range ranges[HTTP_MAX_RANGES];
    char fields[1024] = "Range: bytes=0-0";
    struct http_request r;

    for (int i = 1; i < n; i++)
        strcat(fields, ",0-0");
    parse(&r, strcat(fields, "\r\n"));
    return range_parse(&r, size, SPAN(TAG), MTIME, ranges, HTTP_MAX_RANGES);
}

static void test_many_ranges(void)
{
    check_range("Range: bytes=0-0,1-1\r\n", 10, 2, "0-0 1-1");
    check_range("Range: bytes=0-0,1-1,2-2\r\n", 10, 2, "whole");
    check_range("Range: bytes=0-0,1-1,99-\r\n", 10, 2, "0-0 1-1");
    CU_ASSERT_EQUAL(count_ranges(10, 10), 10);
    CU_ASSERT_EQUAL(count_ranges(11, 10), 0);
    CU_ASSERT_EQUAL(count_ranges(HTTP_MAX_RANGES, 1000), HTTP_MAX_RANGES);
    CU_ASSERT_EQUAL(count_ranges(HTTP_MAX_RANGES + 1, 1000), 0);
}

static void test_if_range(void)
{
    static const struct {
        const char *value, *want;
    } rows[] = {
        {TAG, "1-2"}, {"W/" TAG, "whole"}, {"\"x\"", "whole"},
        {"\"", "whole"}, {"", "whole"}, {"\"2ebc98a1-a", "whole"},
        {"*", "whole"}, {DATE, "1-2"}, {LATER, "whole"}, {SOON, "whole"},
        {"Sunday, 06-Nov-94 08:49:37 GMT", "1-2"}, {"junk", "whole"},
    };
    struct http_range range;
    struct http_request r;
    char fields[256];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(fields, sizeof fields, "Range: bytes=1-2\r\nIf-Range: %s\r\n",
                 rows[i].value);
        check_range(fields, 10, 8, rows[i].want);
    }
    check_range("If-Range: " TAG "\r\n", 10, 8, "whole");
    check_range("Range: bytes=99-\r\nIf-Range: \"x\"\r\n", 10, 8, "whole");
    check_range("Range: bytes=99-\r\nIf-Range: " TAG "\r\n", 10, 8, "416");
    parse(&r, "Range: bytes=1-2\r\nIf-Range: W/" TAG "\r\n");
    CU_ASSERT_EQUAL(range_parse(&r, 10, SPAN("W/" TAG), MTIME, &range, 1), 0);
    parse(&r, "Range: bytes=1-2\r\nIf-Range: " DATE "\r\n");
    CU_ASSERT_EQUAL(range_parse(&r, 10, SPAN(""), -1, &range, 1), 0);
}

UNIT_MAIN("conditional", {"etag", test_etag}, {"check", test_check},
          {"choices", test_choices}, {"repeated", test_repeated},
          {"ranges", test_ranges}, {"empty file", test_empty_file},
          {"many ranges", test_many_ranges}, {"if-range", test_if_range})
