/* http_fields: what a field line may be, and how fields are found. */

#include "guard.h"
#include "http_fields.h"
#include "unit.h"

#define MAX 8

static struct http_field list[MAX];
static struct http_fields fields;

/* Parses one line; the reason, or NULL. */
static const char *parse(const char *line, size_t len)
{
    fields = (struct http_fields){guard_put(line, len), list, 0, MAX};
    return http_field_line(&fields, 0, (uint32_t)len);
}

#define PARSE(literal) parse(literal, sizeof(literal) - 1)

static void good(void)
{
    static const struct {
        struct span line, name, value;
    } rows[] = {
        {SPAN_INIT("A: b\r\n"), SPAN_INIT("A"), SPAN_INIT("b")},
        {SPAN_INIT("A: b\n"), SPAN_INIT("A"), SPAN_INIT("b")},
        {SPAN_INIT("A:b\r\n"), SPAN_INIT("A"), SPAN_INIT("b")},
        {SPAN_INIT("A:\r\n"), SPAN_INIT("A"), SPAN_INIT("")},
        {SPAN_INIT("A:\n"), SPAN_INIT("A"), SPAN_INIT("")},
        {SPAN_INIT("A: \t \r\n"), SPAN_INIT("A"), SPAN_INIT("")},
        {SPAN_INIT("A:\t b c \t\r\n"), SPAN_INIT("A"), SPAN_INIT("b c")},
        {SPAN_INIT("A: b\tc: d\r\n"), SPAN_INIT("A"), SPAN_INIT("b\tc: d")},
        {SPAN_INIT("!#$%&'*+-.^_`|~09azAZ: 1\r\n"),
         SPAN_INIT("!#$%&'*+-.^_`|~09azAZ"), SPAN_INIT("1")},
        {SPAN_INIT("A: \xa0"
                   "b\x85\r\n"),
         SPAN_INIT("A"),
         SPAN_INIT("\xa0"
                   "b\x85")}, /* obs-text is no white space */
        {SPAN_INIT("A: 12345678\t9012345678\xff~ !\r\n"), SPAN_INIT("A"),
         SPAN_INIT("12345678\t9012345678\xff~ !")},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_PTR_NULL(parse(rows[i].line.ptr, rows[i].line.len));
        CU_ASSERT_EQUAL_FATAL(fields.count, 1);
        CU_ASSERT(span_eq(http_name(&fields, 0), rows[i].name));
        CU_ASSERT(span_eq(http_value(&fields, 0), rows[i].value));
    }
}

static void bad(void)
{
    CU_ASSERT_PTR_NOT_NULL(PARSE(": b\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A b\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A : b\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A\t: b\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE(" A: b\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("\tb\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A\r: b\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A: b\rc\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A: b\r\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A:\r\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A: b\0c\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A\0: b\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("A: \v\r\n"));
    CU_ASSERT_PTR_NOT_NULL(PARSE("\n"));
    CU_ASSERT_EQUAL(fields.count, 0);
}

/* Every byte at every place of a value: the word-at-a-time search must agree
 * with the definition. */
static void every_byte(void)
{
    for (int c = 0; c < 256; c++)
        for (size_t at = 3; at < 30; at++) {
            char line[] = "A: abcdefghijklmnopqrstuvwxyz01\r\n";
            bool control = (c < 0x20 && c != '\t') || c == 0x7f;

            if (c == '\n')
                continue;
            line[at] = (char)c;
            if ((parse(line, sizeof line - 1) != NULL) != control)
                CU_FAIL("a control byte was passed or a good byte refused");
            if (http_is_control((unsigned char)c) != control)
                CU_FAIL("http_is_control");
        }
    CU_PASS("all bytes");
}

/* The same for names, at every place of one that is longer than sixteen. */
static void every_name_byte(void)
{
    for (int c = 0; c < 256; c++)
        for (size_t at = 0; at < 19; at++) {
            char line[] = "abcdefghi-ABCDEFG_z: 0123456789\r\n";
            bool good = c == ':' ? at > 0 : http_is_token_char(c);

            if (c == '\n')
                continue;
            line[at] = (char)c;
            if ((parse(line, sizeof line - 1) == NULL) != good)
                CU_FAIL("a good name was refused or a bad one passed");
            if (good)
                CU_ASSERT_EQUAL(http_name(&fields, 0).len, c == ':' ? at : 19);
        }
}

static void visible(void)
{
    for (int c = 0; c < 256; c++)
        for (size_t len = 1; len < 40; len++)
            for (size_t at = 0; at < len; at++) {
                char text[40];
                bool good = c > ' ' && c != 0x7f;

                memset(text, 'x', len);
                text[at] = (char)c;
                if (http_is_visible((struct span){guard_put(text, len), len}) !=
                    good)
                    CU_FAIL("http_is_visible");
            }
    CU_ASSERT(http_is_visible(SPAN("")));
}

static void name_bytes(void)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    for (int c = 0; c < 256; c++) {
        bool token = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z') || (c != 0 && strchr(marks, c));
        char line[] = "Ab: c\r\n";

        line[1] = (char)c;
        CU_ASSERT_EQUAL(http_is_token_char((unsigned char)c), token);
        if (c != ':')
            CU_ASSERT_EQUAL(parse(line, sizeof line - 1) == NULL, token);
    }
    CU_ASSERT(http_is_token(SPAN("a-1")));
    CU_ASSERT(!http_is_token(SPAN("")));
    CU_ASSERT(!http_is_token(SPAN("a b")));
    CU_ASSERT(!http_is_token(SPAN("a\0")));
}

static void get(void)
{
    static const char head[] = "A: 1\r\nab: 2\r\nAB: 3\r\nC:\r\n";

    fields = (struct http_fields){head, list, 0, MAX};
    CU_ASSERT_PTR_NULL(http_field_line(&fields, 0, 6));
    CU_ASSERT_PTR_NULL(http_field_line(&fields, 6, 7));
    CU_ASSERT_PTR_NULL(http_field_line(&fields, 13, 7));
    CU_ASSERT_PTR_NULL(http_field_line(&fields, 20, 4));
    CU_ASSERT(span_eq(http_get(&fields, SPAN("a")), SPAN("1")));
    CU_ASSERT(span_eq(http_get(&fields, SPAN("aB")), SPAN("2")));
    CU_ASSERT_PTR_NULL(http_get(&fields, SPAN("b")).ptr);
    CU_ASSERT_PTR_NOT_NULL(http_get(&fields, SPAN("c")).ptr);
    CU_ASSERT_EQUAL(http_get(&fields, SPAN("c")).len, 0);
}

static void lists(void)
{
    CU_ASSERT(http_list_has(SPAN("close"), SPAN("close")));
    CU_ASSERT(http_list_has(SPAN("Keep-Alive,\t CLOSE ,x"), SPAN("close")));
    CU_ASSERT(http_list_has(SPAN(",,close,"), SPAN("close")));
    CU_ASSERT(!http_list_has(SPAN("closed, xclose, clo se"), SPAN("close")));
    CU_ASSERT(!http_list_has(SPAN(""), SPAN("close")));
    CU_ASSERT(!http_list_has((struct span){NULL, 0}, SPAN("close")));
}

/* The lines of a list are one list, whatever stands between them. */
static void lines(void)
{
    static const char head[] = "A: 1, 2\r\nB: x\r\na:\r\nA: ,3,,\t4 ,\r\n";
    static const char *const expected[] = {"1", "2", "3", "4"};
    struct http_list walk = {.fields = &fields, .name = SPAN("a")};
    struct span item;

    fields = (struct http_fields){head, list, 0, MAX};
    CU_ASSERT_PTR_NULL(http_field_line(&fields, 0, 9));
    CU_ASSERT_PTR_NULL(http_field_line(&fields, 9, 6));
    CU_ASSERT_PTR_NULL(http_field_line(&fields, 15, 4));
    CU_ASSERT_PTR_NULL(http_field_line(&fields, 19, 13));
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        CU_ASSERT(http_list_next(&walk, &item) &&
                  span_eq(item, span_of(expected[i])));
    CU_ASSERT(!http_list_next(&walk, &item));
    CU_ASSERT(!http_list_next(&walk, &item));
    CU_ASSERT(http_fields_have(&fields, SPAN("A"), SPAN("4")));
    CU_ASSERT(http_fields_have(&fields, SPAN("b"), SPAN("X")));
    CU_ASSERT(!http_fields_have(&fields, SPAN("b"), SPAN("4")));
    CU_ASSERT(!http_fields_have(&fields, SPAN("c"), SPAN("")));
}

UNIT_MAIN("http_fields", {"good", good}, {"bad", bad},
          {"every byte", every_byte}, {"name bytes", name_bytes},
          {"every name byte", every_name_byte}, {"visible", visible},
          {"get", get}, {"lists", lists}, {"lines", lines})
