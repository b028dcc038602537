/* The grader's TEXTs and its matcher. */

#include "match.h"
#include "unit.h"

struct fixture {
    struct mem mem;
    struct err err;
};

static struct span look_up(void *context, struct span name)
{
    (void)context;
    return span_eq(name, SPAN("tag")) ? SPAN("\"abc\"")
                                      : (struct span){NULL, 0};
}

static const struct text_env env = {look_up, NULL, "corpus"};

/* What `source` stands for when it is sent. */
static bool sent(struct fixture *f, const char *source, struct span *bytes)
{
    struct text text = {0};
    struct pattern p;

    if (!text_parse(&text, &f->mem, span_of(source), false, &f->err) ||
        !text_resolve(&text, &env, &f->mem, &p, &f->err))
        return false;
    *bytes = pattern_bytes(&p);
    return true;
}

static void match(struct fixture *f, struct match *m, const char *source,
                  struct span subject, enum match_how how, bool lines)
{
    struct text text = {0};
    struct pattern p;

    CU_ASSERT_TRUE_FATAL(
        text_parse(&text, &f->mem, span_of(source), true, &f->err));
    CU_ASSERT_TRUE_FATAL(text_resolve(&text, &env, &f->mem, &p, &f->err));
    match_pattern(m, &p, subject, how, lines, false);
}

static bool matches(const char *source, const char *subject)
{
    struct fixture f = {0};
    struct match m;

    match(&f, &m, source, span_of(subject), MATCH_ALL, false);
    mem_free(&f.mem);
    return m.verdict == MATCH_YES;
}

static void test_escapes(void)
{
    static const struct {
        const char *source;
        struct span bytes;
    } table[] = {
        {"", SPAN_INIT("")},
        {"plain }", SPAN_INIT("plain }")},
        {"\\r\\n\\t\\0\\s\\\\\\{", SPAN_INIT("\r\n\t\0 \\{")},
        {"a\\x00\\xffb", SPAN_INIT("a\0\xff"
                                   "b")},
        {"{repeat 3 ab}c", SPAN_INIT("abababc")},
        {"{repeat 2 \\r\\n}", SPAN_INIT("\r\n\r\n")},
        {"{repeat 0 ab}", SPAN_INIT("")},
        {"{le16 258}{le16 0}", SPAN_INIT("\x02\x01\0\0")},
        {"x{tag}y", SPAN_INIT("x\"abc\"y")},
        {"{file www/a.txt}", SPAN_INIT("A\n")},
        {"{file www/ten.txt 3-5}", SPAN_INIT("345")},
        {"{file www/ten.txt 8-99}", SPAN_INIT("89")},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct fixture f = {0};
        struct span bytes;

        CU_ASSERT_TRUE_FATAL(sent(&f, table[i].source, &bytes));
        CU_ASSERT_TRUE(span_eq(bytes, table[i].bytes));
        mem_free(&f.mem);
    }
}

static void test_mistakes(void)
{
    static const char *const table[] = {
        "\\",
        "\\q",
        "\\x",
        "\\x1",
        "\\xg0",
        "{",
        "{any",
        "{any}",
        "{date}",
        "{x=any}",
        "{no such}",
        "{nobody}",
        "{repeat}",
        "{repeat}",
        "{repeat x ab}",
        "{le16 65536}",
        "{le16}",
        "{file no}",
        "{}",
        "{=any}",
        "{repeat 99999999999 ab}",
        "{file www/a.txt x-y}",
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct fixture f = {0};
        struct span bytes;

        CU_ASSERT_FALSE(sent(&f, table[i], &bytes));
        CU_ASSERT_TRUE(f.err.text[0] != '\0');
        mem_free(&f.mem);
    }
}

static void test_classes(void)
{
    CU_ASSERT_TRUE(matches("HTTP/1.1 200 {any}", "HTTP/1.1 200 OK"));
    CU_ASSERT_TRUE(matches("HTTP/1.1 200 {any}", "HTTP/1.1 200 "));
    CU_ASSERT_FALSE(matches("HTTP/1.1 200 {any}", "HTTP/1.1 404 No"));
    CU_ASSERT_FALSE(matches("{any}", "a\nb"));
    CU_ASSERT_TRUE(matches("{digits}-{digits}", "12-3"));
    CU_ASSERT_FALSE(matches("{digits}-{digits}", "12-"));
    CU_ASSERT_TRUE(matches("\"{hex}-{hex}\"", "\"65920080-2\""));
    CU_ASSERT_FALSE(matches("{hex}", "65g"));
    CU_ASSERT_TRUE(matches("{word} {word}", "a-b c"));
    CU_ASSERT_FALSE(matches("{word}", "a b"));
    CU_ASSERT_TRUE(matches("a{any}b{any}c", "a..b.b.c"));
    CU_ASSERT_FALSE(matches("a{any}b{any}c", "a..b.b."));
    CU_ASSERT_TRUE(matches("{digits}0", "100"));
}

static void test_dates(void)
{
    char now[64];
    time_t t = time(NULL);

    CU_ASSERT_TRUE(matches("{date}", "Mon, 01 Jan 2024 00:00:00 GMT"));
    CU_ASSERT_FALSE(matches("{date}", "Tue, 01 Jan 2024 00:00:00 GMT"));
    CU_ASSERT_FALSE(matches("{date}", "Mon, 1 Jan 2024 00:00:00 GMT"));
    CU_ASSERT_FALSE(matches("{date}", "Mon, 01 Jan 2024 00:00:00 UTC"));
    CU_ASSERT_FALSE(matches("{date}", "Thu, 30 Feb 2023 00:00:00 GMT"));
    CU_ASSERT_FALSE(matches("{now}", "Mon, 01 Jan 2024 00:00:00 GMT"));
    strftime(now, sizeof now, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&t));
    CU_ASSERT_TRUE(matches("{now}", now));
}

static void test_difference(void)
{
    struct fixture f = {0};
    struct match m;
    struct buf out;

    match(&f, &m, "HTTP/1.1 200 OK", SPAN("HTTP/1.1 404 No"), MATCH_ALL, false);
    CU_ASSERT_EQUAL(m.verdict, MATCH_NO);
    CU_ASSERT_EQUAL(m.at, 9);
    match(&f, &m, "ab", SPAN("abc"), MATCH_ALL, false);
    CU_ASSERT_EQUAL(m.at, 2);
    match(&f, &m, "abc", SPAN("ab"), MATCH_ALL, false);
    CU_ASSERT_EQUAL(m.at, 2);
    match(&f, &m, "a{digits}b", SPAN("ax"), MATCH_ALL, false);
    CU_ASSERT_EQUAL(m.at, 1);
    CU_ASSERT_EQUAL(m.piece, 1);
    buf_init(&out, 100);
    text_escape(&out, SPAN("a\r\n\0\x80{\\ "));
    CU_ASSERT_TRUE(span_eq(buf_span(&out), SPAN("a\\r\\n\\x00\\x80\\{\\\\ ")));
    buf_free(&out);
    mem_free(&f.mem);
}

static void test_prefix(void)
{
    struct fixture f = {0};
    struct match m;

    match(&f, &m, "abc", SPAN("ab"), MATCH_PREFIX, true);
    CU_ASSERT_EQUAL(m.verdict, MATCH_SHORT);
    match(&f, &m, "abc", SPAN("abcd"), MATCH_PREFIX, true);
    CU_ASSERT_EQUAL(m.verdict, MATCH_YES);
    CU_ASSERT_EQUAL(m.len, 3);
    match(&f, &m, "abc", SPAN("ax"), MATCH_PREFIX, true);
    CU_ASSERT_EQUAL(m.verdict, MATCH_NO);
    match(&f, &m, "a{digits}", SPAN("a12"), MATCH_PREFIX, true);
    CU_ASSERT_EQUAL(m.verdict, MATCH_SHORT);
    match(&f, &m, "a{digits}", SPAN("a12x"), MATCH_PREFIX, true);
    CU_ASSERT_EQUAL(m.verdict, MATCH_YES);
    CU_ASSERT_EQUAL(m.len, 3);
    match(&f, &m, "a{any}\\r\\n\\r\\n", SPAN("a: b\r\nc: d\r\n\r\nbody"),
          MATCH_PREFIX, true);
    CU_ASSERT_EQUAL(m.verdict, MATCH_YES);
    CU_ASSERT_EQUAL(m.len, 14);
    match(&f, &m, "{date}", SPAN("Mon, 01 Jan"), MATCH_PREFIX, true);
    CU_ASSERT_EQUAL(m.verdict, MATCH_SHORT);
    mem_free(&f.mem);
}

static void test_inside(void)
{
    struct fixture f = {0};
    struct match m;

    match(&f, &m, "b{digits}", SPAN("abb1c"), MATCH_INSIDE, false);
    CU_ASSERT_EQUAL(m.verdict, MATCH_YES);
    match(&f, &m, "bd", SPAN("abb1c"), MATCH_INSIDE, false);
    CU_ASSERT_EQUAL(m.verdict, MATCH_NO);
    mem_free(&f.mem);
}

static void test_captures(void)
{
    struct fixture f = {0};
    struct match m;

    match(&f, &m, "{a=word} {b=any}", SPAN("one two three"), MATCH_ALL, false);
    CU_ASSERT_EQUAL(m.verdict, MATCH_YES);
    CU_ASSERT_EQUAL_FATAL(m.captured, 2);
    CU_ASSERT_TRUE(span_eq(m.captures[0].name, SPAN("a")));
    CU_ASSERT_TRUE(span_eq(m.captures[0].value, SPAN("one")));
    CU_ASSERT_TRUE(span_eq(m.captures[1].value, SPAN("two three")));
    mem_free(&f.mem);
}

/* A pattern that would try for ever must come to an end. */
static void test_bounded(void)
{
    struct fixture f = {0};
    char subject[5001];
    struct match m;

    memset(subject, 'a', 5000);
    subject[5000] = '\0';
    match(&f, &m, "{any}a{any}a{any}a{any}a{any}a{any}a{any}b",
          span_of(subject), MATCH_ALL, true);
    CU_ASSERT_EQUAL(m.verdict, MATCH_NO);
    mem_free(&f.mem);
}

UNIT_MAIN("grade_text", {"escapes", test_escapes}, {"mistakes", test_mistakes},
          {"classes", test_classes}, {"dates", test_dates},
          {"difference", test_difference}, {"prefix", test_prefix},
          {"inside", test_inside}, {"captures", test_captures},
          {"bounded", test_bounded})
