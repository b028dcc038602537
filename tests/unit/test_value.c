/* test_value: texts with variables, compiled and evaluated, with a module that
 * exists only here.  Nobody but its functions knows what an exchange is. */

#include "unit.h"

#include "value.h"

struct exchange {
    const char *word; /* what $word says; NULL: it has no value */
    int asked;        /* how often */
};

static struct span get_word(struct exchange *x, struct span rest)
{
    CU_ASSERT(span_eq(rest, SPAN("word")));
    x->asked++;
    return x->word != NULL ? span_of(x->word) : (struct span){NULL, 0};
}

static struct span get_echo(struct exchange *x, struct span rest)
{
    x->asked++;
    return rest;
}

static struct span get_whole(struct exchange *x, struct span rest)
{
    return SPAN("whole");
}

static struct span get_capture(struct exchange *x, struct span name)
{
    return span_eq(name, SPAN("year")) ? SPAN("2026") : SPAN("?");
}

static const struct variable words[] = {
    {"echo_", get_echo}, /* a prefix, before a whole name that begins so */
    {"word", get_word},
    {0},
};

static const struct variable more[] = {
    {"echo_whole", get_whole},
    {0},
};

static const struct module words_module = {
    .name = "words", .index = MODULE_INDEX, .variables = words};
static const struct module more_module = {
    .name = "more", .index = MODULE_INDEX, .variables = more};
static const struct module *const list[] = {&words_module, &more_module, NULL};

static struct arena arena;
static struct exchange x;
static struct err err;
static struct conf cf;

static void begin(void)
{
    arena_init(&arena, 512);
    err.text[0] = '\0';
    x = (struct exchange){.word = "w"};
    cf = (struct conf){.modules = list,
                       .arena = &arena,
                       .err = &err,
                       .file = SPAN("t.conf"),
                       .line = 7};
}

static void expect(const char *text, const char *wanted)
{
    struct value *v = value_compile(&cf, span_of(text));
    struct span found;

    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT(value_check_names(&cf));
    found = value_eval(&arena, &x, v);
    CU_ASSERT(span_eq(found, span_of(wanted)));
    if (!span_eq(found, span_of(wanted)))
        printf("\n  %s: %.*s, not %s\n", text, SPAN_ARG(found), wanted);
}

static void test_texts(void)
{
    begin();
    expect("", "");
    expect("plain", "plain");
    expect("$word", "w");
    expect("<$word>", "<w>");
    expect("${word}x", "wx");
    expect("$word$word", "ww");
    expect("$word-$word.}", "w-w.}");
    CU_ASSERT_EQUAL(x.asked, 7);
    arena_free(&arena);
}

/* A name that ends in _ covers many; a whole one goes before it, wherever it
 * stands in the list. */
static void test_prefixes(void)
{
    begin();
    expect("$echo_a", "a");
    expect("$echo_", "");
    expect("[$echo_a_b|${echo_c}d]", "[a_b|cd]");
    expect("$echo_whole", "whole");
    expect("$echo_whole_x", "whole_x");
    arena_free(&arena);
}

/* No value is not the empty one, as long as nothing stands beside it. */
static void test_nothing_and_empty(void)
{
    begin();
    x.word = NULL;
    CU_ASSERT_PTR_NULL(
        value_eval(&arena, &x, value_compile(&cf, SPAN("$word"))).ptr);
    expect("[$word]", "[]");
    x.word = "";
    CU_ASSERT_PTR_NOT_NULL(
        value_eval(&arena, &x, value_compile(&cf, SPAN("$word"))).ptr);
    CU_ASSERT_PTR_NOT_NULL(
        value_eval(&arena, &x, value_compile(&cf, SPAN(""))).ptr);
    arena_free(&arena);
}

static void is_refused(const char *text, const char *message)
{
    begin();
    CU_ASSERT_PTR_NULL(value_compile(&cf, span_of(text)));
    CU_ASSERT_STRING_EQUAL(err.text, message);
    arena_free(&arena);
}

static void test_refused(void)
{
    is_refused("a$", "invalid variable name in \"$\" in t.conf:7");
    is_refused("$-", "invalid variable name in \"$-\" in t.conf:7");
    is_refused("${}", "invalid variable name in \"${}\" in t.conf:7");
    is_refused("${word", "the closing bracket in \"word\" variable is missing "
                         "in t.conf:7");
}

/* It may be defined further down: it is looked for when all has been read, and
 * told with the place where it was used. */
static void test_defined_later(void)
{
    struct value *v;
    struct regex *re;

    begin();
    v = value_compile(&cf, SPAN("in $year"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    cf.line = 8;
    re = regex_compile(&arena, SPAN("^(?<year>\\d+)"), false, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(re);
    CU_ASSERT(value_define_captures(&cf, re, get_capture));
    CU_ASSERT(value_check_names(&cf));
    CU_ASSERT(span_eq(value_eval(&arena, &x, v), SPAN("in 2026")));
    CU_ASSERT_PTR_NOT_NULL(value_compile(&cf, SPAN("$nobody")));
    cf.line = 9;
    CU_ASSERT(!value_check_names(&cf));
    CU_ASSERT_STRING_EQUAL(err.text, "unknown \"nobody\" variable in t.conf:8");
    arena_free(&arena);
}

UNIT_MAIN("value", {"texts", test_texts}, {"prefixes", test_prefixes},
          {"nothing and empty", test_nothing_and_empty},
          {"refused", test_refused}, {"defined later", test_defined_later})
