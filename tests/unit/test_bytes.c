/* bytes: spans, numbers, bounded buffers, the error sentence. */

#include "bytes.h"
#include "guard.h"
#include "unit.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct span guarded(const char *text)
{
    return (struct span){guard_put(text, strlen(text)), strlen(text)};
}

static void compare(void)
{
    struct span null = {NULL, 0};

    CU_ASSERT(span_eq(SPAN("ab"), guarded("ab")));
    CU_ASSERT(!span_eq(SPAN("ab"), guarded("aB")));
    CU_ASSERT(!span_eq(SPAN("ab"), guarded("a")));
    CU_ASSERT(span_eq(null, SPAN("")));
    CU_ASSERT(span_eq(SPAN("a\0b"), SPAN("a\0b")));
    CU_ASSERT(!span_eq(SPAN("a\0b"), SPAN("a\0c")));
    CU_ASSERT(span_eq_nocase(SPAN("AZaz09-"), guarded("azAZ09-")));
    CU_ASSERT(!span_eq_nocase(SPAN("["), SPAN("{"))); /* 0x20 apart */
    CU_ASSERT(!span_eq_nocase(SPAN("@"), SPAN("`")));
    CU_ASSERT(!span_eq_nocase(SPAN("a"), SPAN("ab")));
    CU_ASSERT(span_eq_nocase(null, null));
    CU_ASSERT(span_starts(SPAN("abc"), SPAN("ab")));
    CU_ASSERT(span_starts(SPAN("abc"), SPAN("")));
    CU_ASSERT(!span_starts(guarded("ab"), SPAN("abc")));
    CU_ASSERT(span_ends(SPAN("abc"), SPAN("bc")));
    CU_ASSERT(!span_ends(SPAN("bc"), SPAN("abc")));
    CU_ASSERT(span_ends(null, null));
    CU_ASSERT(span_of(NULL).len == 0 && span_of("ab").len == 2);
}

static void find(void)
{
    struct span s = guarded("a=b=");

    CU_ASSERT_PTR_EQUAL(span_chr(s, '='), s.ptr + 1);
    CU_ASSERT_PTR_NULL(span_chr(s, 'x'));
    CU_ASSERT_PTR_NULL(span_chr((struct span){NULL, 0}, 'x'));
    CU_ASSERT_PTR_NOT_NULL(span_chr(SPAN("a\0b"), '\0'));
}

/* A cut at every place, and NULL, to which nothing may be added. */
static void cut(void)
{
    struct span s = guarded("a=b="), null = {NULL, 0};

    CU_ASSERT(span_eq(span_until(s, '='), SPAN("a")));
    CU_ASSERT(span_eq(span_until(s, 'x'), s));
    CU_ASSERT(span_eq(span_until(null, 'x'), null));
    CU_ASSERT(span_eq(span_after(s, s.ptr + 1), SPAN("b=")));
    CU_ASSERT_EQUAL(span_after(s, s.ptr + 3).len, 0);
    CU_ASSERT(!span_skip_prefix(&s, SPAN("=")) && s.len == 4);
    CU_ASSERT(span_skip_prefix(&s, SPAN("a=")) && span_eq(s, SPAN("b=")));
    CU_ASSERT(!span_skip_prefix(&s, SPAN("b=c")));
    span_skip(&s, 2);
    CU_ASSERT_EQUAL(s.len, 0);
    span_skip(&null, 0);
    CU_ASSERT(span_skip_prefix(&null, SPAN("")) && null.ptr == NULL);
    CU_ASSERT(span_starts_nocase(SPAN("BYTES=0-"), SPAN("bytes=")));
    CU_ASSERT(!span_starts_nocase(guarded("BYTES"), SPAN("bytes=")));
}

/* All 256 bytes, by the C library in its own locale. */
static void letters(void)
{
    for (int c = 0; c < 256; c++) {
        char digit[2] = {(char)c, '\0'};

        CU_ASSERT_EQUAL(ascii_lower((unsigned char)c), tolower(c));
        CU_ASSERT_EQUAL(ascii_is_digit((unsigned char)c), isdigit(c) != 0);
        CU_ASSERT_EQUAL(ascii_is_alnum((unsigned char)c), isalnum(c) != 0);
        CU_ASSERT_EQUAL(ascii_is_blank((unsigned char)c), isblank(c) != 0);
        CU_ASSERT_EQUAL(ascii_hex((unsigned char)c),
                        isxdigit(c) ? (int)strtol(digit, NULL, 16) : -1);
    }
}

static void trim(void)
{
    CU_ASSERT(span_eq(span_trim(guarded(" \t a b\t ")), SPAN("a b")));
    CU_ASSERT(span_eq(span_trim(guarded(" \t ")), SPAN("")));
    CU_ASSERT(span_eq(span_trim(guarded("")), SPAN("")));
    CU_ASSERT(span_eq(span_trim(SPAN("\va\xa0")), SPAN("\va\xa0")));
}

/* The items of `text` between commas, joined with "|". */
static const char *items(const char *text)
{
    static char out[64];
    struct span rest = guarded(text), item;
    size_t at = 0;

    out[0] = '\0';
    while (span_next(&rest, ',', &item))
        at += (size_t)snprintf(out + at, sizeof out - at, "%.*s|",
                               SPAN_ARG(item));
    CU_ASSERT_EQUAL(rest.len, 0);
    return out;
}

static void next(void)
{
    struct span null = {NULL, 0}, item;

    CU_ASSERT_STRING_EQUAL(items(""), "");
    CU_ASSERT_STRING_EQUAL(items("a"), "a|");
    CU_ASSERT_STRING_EQUAL(items("a,,b"), "a||b|");
    CU_ASSERT_STRING_EQUAL(items("a,"), "a|");
    CU_ASSERT_STRING_EQUAL(items(",a"), "|a|");
    CU_ASSERT_STRING_EQUAL(items(","), "|");
    CU_ASSERT(!span_next(&null, ',', &item));
}

static void decimal(void)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } rows[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"18446744073709551615", true, UINT64_MAX},
        {"00000000000000000000000000000042", true, 42},
        {"18446744073709551616", false, UINT64_MAX},
        {"99999999999999999999999999999", false, UINT64_MAX},
        {"99999999999999999999999999999x", false, 1},
        {"", false, 1},
        {"+1", false, 1},
        {"-1", false, 1},
        {" 1", false, 1},
        {"1 ", false, 1},
        {"1_0", false, 1},
        {"0x1", false, 1},
        {"a", false, 1},
        {"/", false, 1},
        {":", false, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value = 1;

        CU_ASSERT_EQUAL(span_decimal(guarded(rows[i].text), &value),
                        rows[i].good);
        CU_ASSERT_EQUAL(value, rows[i].value);
    }
}

static void hex(void)
{
    uint64_t value = 1;

    CU_ASSERT(span_hex(guarded("fF"), &value) && value == 255);
    CU_ASSERT(span_hex(SPAN("ffffffffffffffff"), &value) &&
              value == UINT64_MAX);
    CU_ASSERT(!span_hex(SPAN("10000000000000000"), &value) &&
              value == UINT64_MAX);
    CU_ASSERT(!span_hex(SPAN("0x1"), &value));
    CU_ASSERT(!span_hex(SPAN("g"), &value));
    CU_ASSERT(!span_hex(SPAN("@"), &value));
    CU_ASSERT(!span_hex(SPAN("`"), &value));
    CU_ASSERT(!span_hex(SPAN(""), &value));
}

/* A buffer takes exactly what its bound says, at every bound. */
static void bound(void)
{
    for (size_t max = 0; max < 1500; max += 1 + max / 7) {
        struct buf b;
        size_t n = 0;

        buf_init(&b, max);
        while (buf_add_char(&b, (char)('a' + n % 26)))
            n++;
        CU_ASSERT_EQUAL(errno, ENOBUFS);
        CU_ASSERT_EQUAL(n, max);
        CU_ASSERT_EQUAL(b.len, max);
        CU_ASSERT(b.cap <= max);
        for (size_t i = 0; i < n; i++)
            if (b.ptr[i] != (char)('a' + i % 26))
                CU_FAIL("a byte was lost when the buffer grew");
        CU_ASSERT(buf_add(&b, NULL, 0));
        buf_free(&b);
        CU_ASSERT(b.ptr == NULL && b.len == 0 && b.max == max);
    }
}

static void reserve(void)
{
    struct buf b;
    char *before;

    buf_init(&b, 10000);
    CU_ASSERT(buf_reserve(&b, 9000));
    CU_ASSERT(b.len == 0 && b.cap >= 9000);
    before = b.ptr;
    for (int i = 0; i < 9000; i++)
        buf_add_char(&b, 'x');
    CU_ASSERT_EQUAL(b.ptr == before, BYTES_KEPT(1));
    CU_ASSERT(!buf_reserve(&b, 1001));
    CU_ASSERT(!buf_reserve(&b, SIZE_MAX));
    CU_ASSERT_EQUAL(b.len, 9000);
    CU_ASSERT(buf_reserve(&b, 1000));
    buf_free(&b);
}

static void add(void)
{
    struct buf b;

    buf_init(&b, 64);
    CU_ASSERT(buf_add_text(&b, "ab") && buf_add_span(&b, SPAN("c\0")) &&
              buf_add_char(&b, 'd'));
    CU_ASSERT(span_eq(buf_span(&b), SPAN("abc\0d")));
    buf_consume(&b, 2);
    CU_ASSERT(span_eq(buf_span(&b), SPAN("c\0d")));
    buf_consume(&b, 3);
    CU_ASSERT_EQUAL(b.len, 0);
    buf_consume(&b, 0);
    buf_free(&b);
    buf_consume(&b, 0);
}

static void print(void)
{
    struct buf b;
    char long_text[600];

    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    buf_init(&b, 1000);
    CU_ASSERT(buf_printf(&b, "%d-%s", 42, "a"));
    CU_ASSERT(span_eq(buf_span(&b), SPAN("42-a")));
    CU_ASSERT(buf_printf(&b, "%s", long_text));
    CU_ASSERT(b.len == 603 && b.ptr[602] == 'x');
    CU_ASSERT(!buf_printf(&b, "%s", long_text));
    CU_ASSERT_EQUAL(b.len, 603);
    CU_ASSERT(!buf_printf(&b, "%397d", 1)); /* the NUL has no room */
    CU_ASSERT(buf_printf(&b, "%396d", 1));
    CU_ASSERT(buf_printf(&b, "%s", ""));
    CU_ASSERT_EQUAL(b.len, 999);
    buf_free(&b);
}

static void errors(void)
{
    struct err err;
    char long_text[2000];

    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    CU_ASSERT(!err_set(&err, "%s: %d", "a", 7));
    CU_ASSERT_STRING_EQUAL(err.text, "a: 7");
    CU_ASSERT(!err_set(&err, "%s", long_text));
    CU_ASSERT_EQUAL(strlen(err.text), sizeof err.text - 1);
    CU_ASSERT(!err_set(NULL, "nobody reads this"));
}

static void print_decimal(void)
{
    const uint64_t rows[] = {0, 7, 10, 65535, 1000000, UINT64_MAX};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[32], *text = malloc(BYTES_DECIMAL);
        int len = sprintf(expected, "%" PRIu64, rows[i]);
        CU_ASSERT_FATAL(text != NULL);
        CU_ASSERT_EQUAL(bytes_decimal(text, rows[i]), (size_t)len);
        CU_ASSERT_STRING_EQUAL(text, expected);
        free(text);
    }
}

static void from(void)
{
    struct span none = {NULL, 0};

    CU_ASSERT(span_eq(span_from(SPAN("abc"), 1), SPAN("bc")));
    CU_ASSERT(span_eq(span_from(SPAN("abc"), 3), SPAN("")));
    CU_ASSERT_PTR_NULL(span_from(none, 0).ptr);
    CU_ASSERT(span_ends(none, none));
}

UNIT_MAIN("bytes", {"compare", compare}, {"find", find}, {"cut", cut},
          {"letters", letters}, {"trim", trim}, {"from", from},
          {"next", next}, {"decimal", decimal}, {"hex", hex}, {"bound", bound},
          {"reserve", reserve}, {"add", add}, {"print", print},
          {"print decimal", print_decimal}, {"errors", errors})
