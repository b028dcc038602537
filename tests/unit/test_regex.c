/* test_regex: matching, captures by number and name, patterns refused. */

#include "regex.h"
#include "unit.h"

static struct arena arena = {.block_size = 4096};
static char names[64];

static struct regex *compile(const char *pattern, bool nocase)
{
    struct err err;

    return regex_compile(&arena, span_of(pattern), nocase, &err);
}

static bool matches(struct regex *re, const char *subject)
{
    struct span list[10];
    struct err err;

    return regex_match(re, span_of(subject), list, 10, &err).is == REGEX_YES;
}

static void test_match(void)
{
    CU_ASSERT(matches(compile("b+", false), "abbc"));
    CU_ASSERT(!matches(compile("^b", false), "ab"));
    CU_ASSERT(!matches(compile("A", false), "a"));
    CU_ASSERT(matches(compile("A", true), "a"));
    CU_ASSERT(matches(compile("^$", false), ""));
    CU_ASSERT(matches(compile("", false), "x"));
}

static void test_captures(void)
{
    struct regex *re = compile("^/(a)?(?<rest>.*)$", false);
    struct span list[10];
    struct err err;

    CU_ASSERT(regex_match(re, SPAN("/bc"), list, 10, &err).is == REGEX_YES);
    CU_ASSERT(span_eq(list[0], SPAN("/bc")));
    CU_ASSERT_PTR_NULL(list[1].ptr); /* it took no part */
    CU_ASSERT(span_eq(list[2], SPAN("bc")));
    CU_ASSERT_PTR_NULL(list[9].ptr);
    CU_ASSERT_EQUAL(regex_named(re, SPAN("rest")), 2);
    CU_ASSERT_EQUAL(regex_named(re, SPAN("res")), -1);
}

static void test_more_captures_than_room(void)
{
    struct regex *re = compile("(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)", false);
    struct span list[2];
    struct err err;

    CU_ASSERT(regex_match(re, SPAN("abcdefghijkl"), list, 2, &err).is ==
              REGEX_YES);
    CU_ASSERT(span_eq(list[1], SPAN("a")));
}

static void note(void *context, struct span name)
{
    (void)context;
    snprintf(names + strlen(names), sizeof names - strlen(names), "%.*s ",
             SPAN_ARG(name));
}

static void test_names(void)
{
    names[0] = '\0';
    regex_names(compile("(?<b>x)(y)(?<a>z)", false), note, NULL);
    CU_ASSERT(strcmp(names, "a b ") == 0 || strcmp(names, "b a ") == 0);
}

static void test_refused(void)
{
    struct err err;

    CU_ASSERT_PTR_NULL(regex_compile(&arena, SPAN("a("), false, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "a("));
    CU_ASSERT_PTR_NULL(compile("[", false));
    CU_ASSERT_PTR_NULL(compile("*", false));
}

/* A pattern that would try without end gives up, which is not a no. */
static void test_endless_pattern(void)
{
    char subject[64];
    struct span list[10];
    struct err err;

    memset(subject, 'a', sizeof subject);
    subject[sizeof subject - 1] = '\0';
    CU_ASSERT(!matches(compile("^(a+)+$", false), "aaaaaaaaaaaaaaaaaaaaaaaab"));
    CU_ASSERT(!matches(compile("^(a|a|a)+b$", false), subject));
    CU_ASSERT(regex_match(compile("^(a|a|a)+[bc]$", false), span_of(subject),
                          list, 10, &err)
                  .is == REGEX_GAVE_UP);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "using \"^(a|a|a)+[bc]$\""));
    CU_ASSERT(regex_match(compile("b", false), span_of(subject), list, 10, &err)
                  .is == REGEX_NO);
}

UNIT_MAIN("regex", {"match", test_match}, {"captures", test_captures},
          {"more captures than room", test_more_captures_than_room},
          {"names", test_names}, {"refused", test_refused},
          {"endless pattern", test_endless_pattern})
