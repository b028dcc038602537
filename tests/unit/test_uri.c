/* Paths: what real nginx 1.22.1 makes of each was asked; the rows are its
 * answers. */

#include "guard.h"
#include "uri.h"
#include "unit.h"

static void check_path(struct span raw, bool merge, const char *want)
{
    char out[512];
    long n = uri_normalise(out, raw, merge);

    if (!want) {
        CU_ASSERT_EQUAL(n, -1);
        return;
    }
    if (n != (long)strlen(want) || memcmp(out, want, (size_t)n) != 0)
        printf("%.*s: want %s, got %.*s\n", SPAN_ARG(raw), want, (int)n, out);
    CU_ASSERT_EQUAL(n, (long)strlen(want));
    CU_ASSERT(n == (long)strlen(want) && memcmp(out, want, strlen(want)) == 0);
}

static void test_paths(void)
{
    static const struct {
        const char *raw, *merged, *kept; /* kept NULL: the same */
    } rows[] = {
        {"/", "/", NULL},
        {"/a", "/a", NULL},
        {"/a/", "/a/", NULL},
        {"/a/b.txt", "/a/b.txt", NULL},
        {"/.", "/", NULL},
        {"/./", "/", NULL},
        {"/./a", "/a", NULL},
        {"/a/.", "/a/", NULL},
        {"/a/./", "/a/", NULL},
        {"/a/./b", "/a/b", NULL},
        {"/a/..", "/", NULL},
        {"/a/../", "/", NULL},
        {"/a/../b", "/b", NULL},
        {"/a/b/..", "/a/", NULL},
        {"/a/b/../..", "/", NULL},
        {"/a/b/../../c", "/c", NULL},
        {"/a/b/.././../c/./d/..", "/c/", NULL},
        {"/...", "/...", NULL},
        {"/..a", "/..a", NULL},
        {"/a..", "/a..", NULL},
        {"/a../b", "/a../b", NULL},
        {"/.a", "/.a", NULL},
        {"/a/.../b", "/a/.../b", NULL},
        {"//", "/", "//"},
        {"///", "/", "///"},
        {"//a", "/a", "//a"},
        {"/a//b", "/a/b", "/a//b"},
        {"/a//", "/a/", "/a//"},
        {"/a//../b", "/b", "/a/b"},
        {"//a/../b", "/b", "//b"},
        {"//..", NULL, "/"},
        {"/./../a", NULL, NULL},
        {"/%2e", "/", NULL},
        {"/a/%2e%2E/b", "/b", NULL},
        {"/a/.%2e/b", "/b", NULL},
        {"/a/%2e./b", "/b", NULL},
        {"/a%2fb", "/a/b", NULL},
        {"/a%2F..%2Fb", "/b", NULL},
        {"/a/..%2fb", "/b", NULL},
        {"/%2fa", "/a", "//a"},
        {"/%41%7a%2D", "/Az-", NULL},
        {"/%2541", "/%41", NULL},
        {"/%252e%252e", "/%2e%2e", NULL},
        {"/%25%32%65", "/%2e", NULL},
        {"/a%20b", "/a b", NULL},
        {"/a+b", "/a+b", NULL},
        {"/%0d%0a", "/\r\n", NULL},
        {"/%ff%C3", "/\xff\xc3", NULL},
        {"/\xc3\xa9", "/\xc3\xa9", NULL},
        {"/a#b", "/a", NULL},
        {"/a/..#/../..", "/", NULL},
        {"/#", "/", NULL},
        {"/a%23b", "/a#b", NULL},
        {"/a%3fb", "/a?b", NULL},
        {"/..%5ca", "/..\\a", NULL},
        {"/a;b", "/a;b", NULL},
        {"/a/..;/b", "/a/..;/b", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct span raw = span_of(rows[i].raw);

        check_path(raw, true, rows[i].merged);
        check_path(raw, false, rows[i].kept ? rows[i].kept : rows[i].merged);
    }
}

static void test_refused(void)
{
    static const char *const rows[] = {
        "", "a", "*", "%2f",
        "/..", "/../", "/../a", "/a/../..", "/a/../../b", "/./..",
        "/%2e%2e", "/%2e%2e/", "/..%2f", "/..%2f..%2fetc/passwd", "/a%2f..%2f..",
        "/%", "/%4", "/%zz", "/%4z", "/%z4", "/a%", "/a%2", "/%%41", "/% 41",
        "/%00", "/a%00.txt", "/a/%00/..",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_path(span_of(rows[i]), true, NULL);
        check_path(span_of(rows[i]), false, NULL);
    }
    check_path(SPAN("/a\0b"), true, NULL);
}

/* No prefix of a path reads past its end, writes more than it was given, or
 * ends anywhere but in a path. */
static void test_truncated(void)
{
    static const char path[] = "/a%20b//%2e%2e/./c%2f..%2fd%c3%a9/e/..#x";
    char out[sizeof path];

    for (size_t n = 0; n < sizeof path; n++) {
        long len;

        memset(out, '!', sizeof out);
        len = uri_normalise(out, (struct span){guard_put(path, n), n}, true);
        CU_ASSERT(len <= (long)n);
        CU_ASSERT(len == -1 || out[0] == '/');
        CU_ASSERT_EQUAL(out[n], '!');
        for (long i = 2; i < len; i++)
            CU_ASSERT(!(out[i] == '.' && out[i - 1] == '.' && out[i - 2] == '/'));
    }
}

static void test_query(void)
{
    static const struct {
        const char *raw, *query, *want;
    } rows[] = {
        {"/a", "", ""},     {"/a", "x=1", "x=1"}, {"/a", "x#y", "x"},
        {"/a", "#y", ""},   {"/a#b", "x", ""},    {"/a", "a?b", "a?b"},
        {"/a", "a%23", "a%23"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT(span_eq(uri_query(span_of(rows[i].raw), span_of(rows[i].query)),
                          span_of(rows[i].want)));
}

static void test_escape(void)
{
    static const char path[] =
        "%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17"
        "%18%19%1A%1B%1C%1D%1E%1F%20!%22%23$%25&'()*+,-./0123456789:;%3C=%3E%3F"
        "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[%5C]%5E_%60abcdefghijklmnopqrstuvwxyz"
        "%7B%7C%7D~%7F%80";
    static const char arg[] =
        "%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17"
        "%18%19%1A%1B%1C%1D%1E%1F%20!%22%23$%25%26'()*%2B,-./0123456789:%3B%3C="
        "%3E%3F@ABCDEFGHIJKLMNOPQRSTUVWXYZ[%5C]%5E_%60"
        "abcdefghijklmnopqrstuvwxyz%7B%7C%7D~%7F%80";
    char all[128];
    struct buf out;

    for (int i = 0; i < 128; i++)
        all[i] = (char)(i + 1);
    buf_init(&out, 1024);
    CU_ASSERT(uri_escape(&out, (struct span){all, 128}, URI_ESCAPE_PATH));
    CU_ASSERT(span_eq(buf_span(&out), span_of(path)));
    out.len = 0;
    CU_ASSERT(uri_escape(&out, (struct span){all, 128}, URI_ESCAPE_ARG));
    CU_ASSERT(span_eq(buf_span(&out), span_of(arg)));
    out.len = 0;
    CU_ASSERT(uri_escape(&out, SPAN("\0\xff"), URI_ESCAPE_PATH));
    CU_ASSERT(span_eq(buf_span(&out), SPAN("%00%FF")));
    CU_ASSERT(uri_escape(&out, SPAN(""), URI_ESCAPE_PATH));
    CU_ASSERT_EQUAL(out.len, 6);
    out.len = 0;
    CU_ASSERT(uri_escape(&out, SPAN("/a b%\r\n\0\x7f\xff"),
                         URI_ESCAPE_CONTROLS));
    CU_ASSERT(span_eq(buf_span(&out), SPAN("/a%20b%%0D%0A%00%7F\xff")));
    buf_free(&out);

    buf_init(&out, 5);
    CU_ASSERT(uri_escape(&out, SPAN("a b"), URI_ESCAPE_PATH));
    out.len = 0;
    CU_ASSERT_FALSE(uri_escape(&out, SPAN("ab c "), URI_ESCAPE_PATH));
    CU_ASSERT_EQUAL(out.len, 0);
    buf_free(&out);
}

UNIT_MAIN("uri", {"paths", test_paths}, {"refused", test_refused},
          {"truncated", test_truncated}, {"query", test_query},
          {"escape", test_escape})
