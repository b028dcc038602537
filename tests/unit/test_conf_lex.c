/* conf_lex: every token, every end, every truncation.  What nginx 1.22.1 does
 * with each text was asked of it (nginx -t). */

#include "unit.h"

#include "conf_lex.h"

#include <stdlib.h>

/* The tokens of a text, as one line: words as <word>, quoted ones as "word",
 * the rest as ; { }, and at last the line number and how it ended: . at the
 * end, ! cut, ? and the byte for a stray one. */
static const char *tokens(struct span text)
{
    static char out[4096];
    struct conf_lex lex;
    struct span raw;
    bool quoted;
    size_t n = 0;

    conf_lex_init(&lex, text);
    for (;;)
        switch (conf_lex_next(&lex, &raw, &quoted)) {
        case CONF_TOKEN_WORD:
            n += (size_t)sprintf(out + n, quoted ? "\"%.*s\"" : "<%.*s>",
                                 SPAN_ARG(raw));
            break;
        case CONF_TOKEN_SEMICOLON:
            out[n++] = ';';
            break;
        case CONF_TOKEN_OPEN:
            out[n++] = '{';
            break;
        case CONF_TOKEN_CLOSE:
            out[n++] = '}';
            break;
        case CONF_TOKEN_END:
            sprintf(out + n, "%u.", lex.line);
            return out;
        case CONF_TOKEN_CUT:
            sprintf(out + n, "%u!", lex.line);
            return out;
        case CONF_TOKEN_STRAY:
            sprintf(out + n, "%u?%c", lex.line, lex.stray);
            return out;
        }
}

#define IS(text, expected)                                                     \
    do {                                                                       \
        const char *got = tokens(SPAN(text));                                  \
        if (strcmp(got, expected) != 0)                                        \
            printf("\n%s: got %s, expected %s\n", #text, got, expected);       \
        CU_ASSERT_STRING_EQUAL(got, expected);                                 \
    } while (0)

static void words(void)
{
    IS("", "1.");
    IS("  \t\r\n\n", "3.");
    IS("daemon off;", "<daemon><off>;1.");
    IS("daemon\toff\r\n;\r\n", "<daemon><off>;3.");
    IS("a b{c d;}", "<a><b>{<c><d>;}1.");
    IS("a{}b{}", "<a>{}<b>{}1.");
    IS("gzip_types text/css\n  text/xml;", "<gzip_types><text/css><text/xml>;2.");
    IS("a\xc3\xa9 \xe5\x89\x8d;", "<a\xc3\xa9><\xe5\x89\x8d>;1.");
    IS(";", ";1.");
    IS("a;;", "<a>;;1.");
}

/* A `}` inside a word is part of it, and so are quotes and `#`. */
static void inside_words(void)
{
    IS("daemon on}; x;", "<daemon><on}>;<x>;1.");
    IS("a on#b\n;", "<a><on#b>;2.");
    IS("a b\"c d\";", "<a><b\"c><d\">;1.");
    IS("if ($a = b) {", "<if><($a><=><b)>{1.");
}

static void comments(void)
{
    IS("# all\n#of it", "2.");
    IS("a # b ; { \" '\n c;", "<a><c>;2.");
    IS("a;#x\n}#y", "<a>;}2.");
    IS("#\xe5\x89\x8d\xe7\xab\xaf\na;", "<a>;2.");
    IS("# \\\na;", "<a>;2."); /* a comment has no escapes */
}

static void quotes(void)
{
    IS("a \"b c\";", "<a>\"b c\";1.");
    IS("a 'b;{}#\"';", "<a>\"b;{}#\"\";1.");
    IS("a \"\" '';", "<a>\"\"\"\";1.");
    IS("a \"b\\\"c\";", "<a>\"b\\\"c\";1.");
    IS("a \"b\\\\\";", "<a>\"b\\\\\";1.");
    IS("a \"b\nc\"\n;", "<a>\"b\nc\";3.");
    IS("if ($a = \"b\") {", "<if><($a><=>\"b\"<)>{1.");
    IS("a \"b\"{", "<a>\"b\"{1.");
    IS("a \"b\"x;", "<a>\"b\"1?x");
    IS("a \"b\"#x\n;", "<a>\"b\"1?#");
    IS("a \"b\"};", "<a>\"b\"1?}");
    IS("a \"b\"\"c\";", "<a>\"b\"1?\"");
}

static void variables(void)
{
    IS("a ${b};", "<a><${b}>;1.");
    IS("a x${b}y$c;", "<a><x${b}y$c>;1.");
    IS("a ${b;", "<a><${b>;1.");
    IS("a $ {", "<a><$>{1.");
    IS("a $b{", "<a><$b>{1.");
    IS("a ${{b}};", "<a><${{b}}>;1.");
    IS("a \"${b} {\";", "<a>\"${b} {\";1.");
}

static void escapes(void)
{
    IS("a b\\ c;", "<a><b\\ c>;1.");
    IS("a b\\;c;", "<a><b\\;c>;1.");
    IS("a \\#b \\{;", "<a><\\#b><\\{>;1.");
    IS("a \\\"b;", "<a><\\\"b>;1.");
    IS("a ~\\.php$;", "<a><~\\.php$>;1.");
}

static void cut_off(void)
{
    IS("daemon", "1!");
    IS("daemon off", "<daemon>1!");
    IS("daemon off\n", "<daemon><off>2.");
    IS("a \"b", "<a>1!");
    IS("a \"b\\", "<a>1!");
    IS("a \"b\\\"", "<a>1!");
    IS("a \"b\"", "<a>\"b\"1.");
    IS("a b\\", "<a>1!");
    IS("a $", "<a>1!");
    IS("\"", "1!");
    IS("a '\n\n", "<a>3!");
}

static void byte_order_mark(void)
{
    IS("\xEF\xBB\xBF" "a;", "<a>;1.");
    IS("a \xEF\xBB\xBF;", "<a><\xEF\xBB\xBF>;1.");
    IS("\xEF\xBB", "1!");
}

/* A text cut after any byte gives the same tokens up to the cut, and never
 * looks at the byte behind it. */
static void every_truncation(void)
{
    static const char text[] =
        "\xEF\xBB\xBF" "http { # c\n log_format x '$a \"${b}\" \\'c' \"d\\\\\";"
        " if ($e = \"f\") { return 200 g\\ h; } }\r\n";
    char whole[4096];

    strcpy(whole, tokens((struct span){text, sizeof text - 1}));
    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = malloc(n ? n : 1); /* the sanitizer watches its end */
        const char *got;
        size_t same = 0;

        memcpy(copy, text, n);
        got = tokens((struct span){copy, n});
        while (got[same] == whole[same] && got[same] != '\0')
            same++;
        CU_ASSERT_TRUE(strcspn(got + same, ".!?") <= 2);
        free(copy);
    }
}

static void unescaped(struct span raw, const char *expected)
{
    char to[64];
    size_t len = conf_lex_unescape(to, raw);

    CU_ASSERT_EQUAL(len, strlen(expected));
    CU_ASSERT_EQUAL(memcmp(to, expected, len), 0);
}

static void unescape(void)
{
    unescaped(SPAN(""), "");
    unescaped(SPAN("plain"), "plain");
    unescaped(SPAN("a\\\"b\\'c\\\\d"), "a\"b'c\\d");
    unescaped(SPAN("\\t\\r\\n"), "\t\r\n");
    unescaped(SPAN("\\.php\\d\\$\\;"), "\\.php\\d\\$\\;");
    unescaped(SPAN("\\\\\\\\"), "\\\\");
    unescaped(SPAN("x\\"), "x\\");
    unescaped(SPAN("\\"), "\\");
    CU_ASSERT_EQUAL(conf_lex_unescape((char[4]){0}, SPAN("\\\0a")), 3);
}

UNIT_MAIN("conf_lex", {"words", words}, {"inside_words", inside_words},
          {"comments", comments}, {"quotes", quotes},
          {"variables", variables}, {"escapes", escapes},
          {"cut_off", cut_off}, {"byte_order_mark", byte_order_mark},
          {"every_truncation", every_truncation}, {"unescape", unescape})
