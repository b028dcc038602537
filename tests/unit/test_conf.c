/* conf: rows, places, blocks, includes, scopes and every message, with a
 * module that exists only here.  The messages were recorded from nginx 1.22.1
 * (nginx -t), whose directives stand in the comments where ours are others. */

#include "unit.h"

#include "module.h"

#include <stdlib.h>

struct settings {
    int64_t flag, number, size, ms, choice, mask;
    const struct span *text;
    int64_t seen; /* CONF_OTHER */
    int64_t finished;
};

static char log_text[4096]; /* what the setters saw */

static void note(const char *text)
{
    strncat(log_text, text, sizeof log_text - strlen(log_text) - 1);
}

static bool set_block(struct conf *cf, const struct conf_row *row, void *s)
{
    static char subject[] = "subject";
    struct conf_scope *scope = conf_open_scope(cf);
    struct span name = cf->words[0];
    unsigned count = cf->count, where = cf->where;
    bool good;

    (void)s;
    good = conf_block(cf, (unsigned)row->fallback, scope, subject);
    if (good) { /* all as before */
        CU_ASSERT_TRUE(span_eq(cf->words[0], name));
        CU_ASSERT_EQUAL(cf->count, count);
        CU_ASSERT_EQUAL(cf->where, where);
        CU_ASSERT_PTR_NOT_EQUAL(cf->scope, scope);
    }
    return good;
}

static bool set_same_scope(struct conf *cf, const struct conf_row *row,
                           void *s)
{
    (void)s;
    return conf_block(cf, (unsigned)row->fallback, cf->scope, NULL);
}

static bool set_words(struct conf *cf, const struct conf_row *row, void *s)
{
    char line[256];

    (void)row;
    ((struct settings *)s)->seen++;
    snprintf(line, sizeof line, "%u:", cf->line);
    note(line);
    for (unsigned i = 0; i < cf->count; i++) {
        snprintf(line, sizeof line, cf->quoted[i] ? "\"%s\"" : "<%s>",
                 cf->words[i].ptr);
        note(line);
        CU_ASSERT_EQUAL(cf->words[i].ptr[cf->words[i].len], '\0');
    }
    return true;
}

static bool set_nothing(struct conf *cf, const struct conf_row *row, void *s)
{
    (void)cf, (void)row, (void)s;
    return false; /* without a message: the memory is out */
}

static bool set_warned(struct conf *cf, const struct conf_row *row, void *s)
{
    (void)row, (void)s;
    conf_warn(cf, "careful with \"%s\"", cf->words[1].ptr);
    return true;
}

static bool finish(struct conf *cf, void *settings, const void *parent)
{
    struct settings *s = settings;

    CU_ASSERT_NOT_EQUAL(s->number, CONF_UNSET);
    if (parent != NULL)
        CU_ASSERT_EQUAL(((const struct settings *)parent)->finished, 1);
    s->finished = 1;
    return s->number != 13 || conf_error(cf, "13 brings bad luck");
}

static const struct conf_choice choices[] = {
    {"all", 1}, {"any", 2}, {"some", 4}, {NULL, 0}};

#define AT(member) offsetof(struct settings, member)
#define HTTP (CONF_MAIN | CONF_HTTP | CONF_SERVER)

static const struct conf_row rows[] = {
    {"events", CONF_MAIN, 0, 0, true, set_same_scope, CONF_OTHER, 0,
     CONF_EVENTS, NULL},
    {"http", CONF_MAIN, 0, 0, true, set_block, CONF_OTHER, 0, CONF_HTTP, NULL},
    {"server", CONF_HTTP, 0, 0, true, set_block, CONF_OTHER, 0, CONF_SERVER,
     NULL},
    CONF_SETTER("server", CONF_UPSTREAM, 1, CONF_MANY, set_words),
    {"upstream", CONF_HTTP, 1, 1, true, set_same_scope, CONF_OTHER, 0,
     CONF_UPSTREAM, NULL},
    {"types", HTTP, 0, 0, true, set_same_scope, CONF_OTHER, 0, CONF_TYPES,
     NULL},
    CONF_SETTER(CONF_ANY_NAME, CONF_TYPES, 0, CONF_MANY, set_words),
    CONF_FLAG("flag", HTTP, AT(flag), 1),
    CONF_COUNT("number", HTTP | CONF_EVENTS, AT(number), 42, &conf_any_count),
    CONF_SIZE("size", HTTP, AT(size), 0, &conf_any_size),
    CONF_MSEC("time", HTTP, AT(ms), 0),
    CONF_CHOICE("choice", HTTP, AT(choice), 1, choices),
    CONF_MASK("mask", HTTP, AT(mask), 0, choices),
    CONF_TEXT("text", HTTP, AT(text)),
    CONF_SETTER("words", HTTP, 0, CONF_MANY, set_words),
    CONF_SETTER("nothing", HTTP, 0, 0, set_nothing),
    CONF_SETTER("warned", HTTP, 1, 1, set_warned),
    {0},
};

static const struct module module = {
    .name = "test",
    .index = MODULE_INDEX,
    .rows = rows,
    .settings = sizeof(struct settings),
    .finish = finish,
};

static const struct module *const modules[] = {&module, NULL};

/* One that needs another, and one that needs that one. */
static const struct conf_row upper_rows[] = {
    CONF_SETTER("upper", CONF_MAIN, 0, 0, set_words),
    {0},
};
static const struct module lower = {.name = "lower", .index = MODULE_INDEX};
static const struct module middle = {
    .name = "middle", .index = MODULE_INDEX, .needs = &lower};
static const struct module upper = {.name = "upper", .index = MODULE_INDEX,
                                    .needs = &middle, .rows = upper_rows,
                                    .settings = sizeof(struct settings)};
static const struct module *const all[] = {&lower, &middle, &upper, &module,
                                           NULL};
static const struct module *const some[] = {&middle, &upper, &module, NULL};

static const struct module *const *list = modules;

/* --- A directory with files -------------------------------------------- */

static char dir[64], path[128];

static void make_dir(void)
{
    strcpy(dir, "/tmp/strata-conf-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/main.conf", dir);
}

static void write_file(const char *name, struct span text)
{
    char file[256];
    FILE *f;

    snprintf(file, sizeof file, "%s/%s", dir, name);
    f = fopen(file, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fwrite(text.ptr, 1, text.len, f);
    fclose(f);
}

static void remove_dir(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r %s", dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

static struct arena arena;
static struct err err;
static struct conf cf;
static char warning[512];

static void warn(struct conf *c, const char *text)
{
    (void)c;
    snprintf(warning, sizeof warning, "%s", text);
}

static struct conf_scope *read_text(struct span text, const char *globals)
{
    write_file("main.conf", text);
    log_text[0] = warning[0] = '\0';
    arena_free(&arena);
    arena_init(&arena, 512);
    cf = (struct conf){.modules = list, .arena = &arena, .prefix = SPAN("/prefix/"),
                       .error_log = SPAN("stderr"), .pid = SPAN("pid"),
                       .access_log = SPAN("access.log"),
                       .body_temp = SPAN("body"),
                       .warn = warn, .err = &err};
    return conf_read(&cf, path, span_of(globals));
}

/* Fails with this message; " in DIR/FILE:LINE" is cut down to "FILE:LINE". */
static void fails(struct span text, const char *expected)
{
    char *at, *in = err.text;

    CU_ASSERT_PTR_NULL(read_text(text, ""));
    while ((at = strstr(in, dir)) != NULL)
        memmove(at, at + strlen(dir) + 1, strlen(at + strlen(dir) + 1) + 1);
    if (strcmp(err.text, expected) != 0)
        printf("\n%.*s\n  gave     %s\n  expected %s\n", SPAN_ARG(text),
               err.text, expected);
    CU_ASSERT_STRING_EQUAL(err.text, expected);
}

static struct settings *nth(struct conf_scope *root, int n)
{
    struct conf_scope *s = cf.scopes;

    CU_ASSERT_PTR_EQUAL(s, root);
    while (n-- > 0 && s != NULL)
        s = s->next;
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    return CONF_OF(s, &module);
}

/* Runs a test in a directory of its own. */
#define IN_DIR(name)                                                           \
    static void name##_in_dir(void)                                            \
    {                                                                          \
        make_dir();                                                            \
        name();                                                                \
        arena_free(&arena);                                                    \
        remove_dir();                                                          \
    }

/* --- Tests ------------------------------------------------------------- */

static void reads(void)
{
    struct conf_scope *root = read_text(
        SPAN("# a comment\nwords a \"b c\" 'd';\nwords\n  x\n  y\n;\n"
             "events { number 3; }\n"),
        "");

    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_STRING_EQUAL(log_text,
                           "2:<words><a>\"b c\"\"d\"6:<words><x><y>");
    CU_ASSERT_EQUAL(nth(root, 0)->number, 3);
    CU_ASSERT_EQUAL(nth(root, 0)->seen, 2);
    CU_ASSERT_PTR_EQUAL(cf.scope, root);
}

static void many_words(void)
{
    char text[4096] = "words", expected[4096] = "1:<words>";

    for (int i = 0; i < 300; i++) {
        sprintf(text + strlen(text), " w%d", i);
        sprintf(expected + strlen(expected), "<w%d>", i);
    }
    strcat(text, ";");
    CU_ASSERT_PTR_NOT_NULL(read_text(span_of(text), ""));
    CU_ASSERT_STRING_EQUAL(log_text, expected);
}

static void inherits(void)
{
    struct conf_scope *root = read_text(
        SPAN("http { number 5; text abc; flag off;\n"
             " server { flag on; choice any; }\n"
             " server { number 0; text \"\"; mask all; mask some any; }\n"
             " size 2k; time 3ms; }\n"),
        "");

    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_EQUAL(nth(root, 0)->number, 42);
    CU_ASSERT_EQUAL(nth(root, 0)->flag, 1);
    CU_ASSERT_PTR_NULL(nth(root, 0)->text);
    CU_ASSERT_EQUAL(nth(root, 1)->number, 5);
    CU_ASSERT_EQUAL(nth(root, 1)->flag, 0);
    CU_ASSERT_EQUAL(nth(root, 2)->number, 5);
    CU_ASSERT_EQUAL(nth(root, 2)->flag, 1);
    CU_ASSERT_EQUAL(nth(root, 2)->choice, 2);
    CU_ASSERT_EQUAL(nth(root, 2)->size, 2048); /* though it came later */
    CU_ASSERT_STRING_EQUAL(nth(root, 2)->text->ptr, "abc");
    CU_ASSERT_EQUAL(nth(root, 3)->number, 0);
    CU_ASSERT_EQUAL(nth(root, 3)->mask, 7);
    CU_ASSERT_EQUAL(nth(root, 3)->ms, 3);
    CU_ASSERT_EQUAL(nth(root, 3)->text->len, 0);
    CU_ASSERT_EQUAL(nth(root, 3)->finished, 1);
    CU_ASSERT_EQUAL(nth(root, 3)->seen, 0);
}

/* One name, a row a place; and places where any word will do. */
static void places(void)
{
    CU_ASSERT_PTR_NOT_NULL(read_text(
        SPAN("http {\n upstream u { server a b; }\n server { number 1; }\n"
             " types { text/html html htm; server x; number; }\n}"),
        ""));
    CU_ASSERT_STRING_EQUAL(log_text, "2:<server><a><b>4:<text/html><html>"
                                     "<htm>4:<server><x>4:<number>");
}

static void globals(void)
{
    struct conf_scope *root = read_text(SPAN("text x;"), "number 9; words a;");

    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_EQUAL(nth(root, 0)->number, 9);
    CU_ASSERT_PTR_NULL(read_text(SPAN(""), "foo bar"));
    CU_ASSERT_STRING_EQUAL(
        err.text, "unexpected end of parameter, expecting \";\" in command line");
    CU_ASSERT_PTR_NULL(read_text(SPAN(""), "foo bar;"));
    CU_ASSERT_STRING_EQUAL(err.text,
                           "unknown directive \"foo\" in command line");
    CU_ASSERT_PTR_NULL(read_text(SPAN(""), "flag on; }"));
    CU_ASSERT_STRING_EQUAL(err.text, "unexpected \"}\" in command line");
    CU_ASSERT_PTR_NULL(read_text(SPAN(""), "events {"));
    CU_ASSERT_STRING_EQUAL(err.text, "block directives are not supported in "
                                     "-g option in command line");
    CU_ASSERT_PTR_NULL(read_text(SPAN("number 1;"), "number 9;"));
}

/* daemon, events, listen, worker_connections, ... in nginx */
static void messages(void)
{
    fails(SPAN("foo bar;"), "unknown directive \"foo\" in main.conf:1");
    fails(SPAN("\n\nfoo\nbar;"), "unknown directive \"foo\" in main.conf:4");
    fails(SPAN("flag off"),
          "unexpected end of file, expecting \";\" or \"}\" in main.conf:1");
    fails(SPAN("flag \"off"),
          "unexpected end of file, expecting \";\" or \"}\" in main.conf:1");
    fails(SPAN("flag off\n"),
          "unexpected end of file, expecting \";\" or \"}\" in main.conf:2");
    fails(SPAN("http { \"x\" "),
          "unexpected end of file, expecting \";\" or \"}\" in main.conf:1");
    fails(SPAN("http {"),
          "unexpected end of file, expecting \"}\" in main.conf:1");
    fails(SPAN("http {\n#}\n"),
          "unexpected end of file, expecting \"}\" in main.conf:3");
    fails(SPAN("}"), "unexpected \"}\" in main.conf:1");
    fails(SPAN("http { } }"), "unexpected \"}\" in main.conf:1");
    fails(SPAN("flag on }"), "unexpected \"}\" in main.conf:1");
    fails(SPAN(";"), "unexpected \";\" in main.conf:1");
    fails(SPAN("{ }"), "unexpected \"{\" in main.conf:1");
    fails(SPAN("flag \"on\"x;"), "unexpected \"x\" in main.conf:1");
    fails(SPAN("events;"), "directive \"events\" has no opening \"{\" in "
                           "main.conf:1");
    fails(SPAN("flag on {"),
          "directive \"flag\" is not terminated by \";\" in main.conf:1");
    fails(SPAN("flag { }"),
          "directive \"flag\" is not terminated by \";\" in main.conf:1");
    fails(SPAN("flag;"),
          "invalid number of arguments in \"flag\" directive in main.conf:1");
    fails(SPAN("flag on off;"),
          "invalid number of arguments in \"flag\" directive in main.conf:1");
    fails(SPAN("http x { }"),
          "invalid number of arguments in \"http\" directive in main.conf:1");
    fails(SPAN("server { }"),
          "\"server\" directive is not allowed here in main.conf:1");
    fails(SPAN("events { http { } }"),
          "\"http\" directive is not allowed here in main.conf:1");
    fails(SPAN("http { types { a {"), "unexpected \"{\" in main.conf:1");
    fails(SPAN("http { types {\n a b\n} }"), "unexpected \"}\" in main.conf:3");
    fails(SPAN("nothing;"), "out of memory in main.conf:1");
}

static void values(void)
{
    fails(SPAN("flag on; flag on;"),
          "\"flag\" directive is duplicate in main.conf:1");
    fails(SPAN("flag maybe;"), "invalid value \"maybe\" in \"flag\" directive, "
                               "it must be \"on\" or \"off\" in main.conf:1");
    fails(SPAN("flag on\\;;"), "invalid value \"on\\;\" in \"flag\" directive, "
                               "it must be \"on\" or \"off\" in main.conf:1");
    fails(SPAN("number x;"), "\"number\" directive invalid number in main.conf:1");
    fails(SPAN("number 2147483648;"), "value must be between 0 and 2147483647, "
                                      "not \"2147483648\" in main.conf:1");
    fails(SPAN("number 1; http { number 1; number 2; }"),
          "\"number\" directive is duplicate in main.conf:1");
    fails(SPAN("size 1x;"), "\"size\" directive invalid value in main.conf:1");
    fails(SPAN("size 2g;"), "value must be between 1 and 1073741824, not "
                            "\"2g\" in main.conf:1");
    fails(SPAN("time 5215w;"), "value must be between 0ms and 3153600000000ms, "
                               "not \"5215w\" in main.conf:1");
    fails(SPAN("size 1; size 1;"),
          "\"size\" directive is duplicate in main.conf:1");
    fails(SPAN("time 1x;"), "\"time\" directive invalid value in main.conf:1");
    fails(SPAN("choice x;"), "invalid value \"x\" in main.conf:1");
    fails(SPAN("choice any; choice any;"),
          "\"choice\" directive is duplicate in main.conf:1");
    fails(SPAN("mask all x;"), "invalid value \"x\" in main.conf:1");
    fails(SPAN("text a; text b;"),
          "\"text\" directive is duplicate in main.conf:1");
    CU_ASSERT_PTR_NOT_NULL(read_text(SPAN("flag ON; choice ANY;"), ""));
}

/* What is found wrong only at the end is reported where the outermost block
 * ends, and without a place for the main level. */
static void finishing(void)
{
    fails(SPAN("http {\n server {\n number 13;\n }\n\n}\nevents { }\n\n"),
          "13 brings bad luck in main.conf:6");
    fails(SPAN("number 13;\n"), "13 brings bad luck");
}

static void warnings(void)
{
    char expected[256];

    CU_ASSERT_PTR_NOT_NULL(read_text(SPAN("\nwarned x;"), ""));
    snprintf(expected, sizeof expected, "careful with \"x\" in %s:2", path);
    CU_ASSERT_STRING_EQUAL(warning, expected);
    CU_ASSERT_PTR_NOT_NULL(read_text(SPAN("mask some; mask SOME;"), ""));
    snprintf(expected, sizeof expected, "duplicate value \"SOME\" in %s:1",
             path);
    CU_ASSERT_STRING_EQUAL(warning, expected);
}

static void includes(void)
{
    struct conf_file *f;

    write_file("b.inc", SPAN("words b;\ninclude d.inc;"));
    write_file("a.inc", SPAN("words a;"));
    write_file("d.inc", SPAN("words d;"));
    write_file("t.types", SPAN("x y;"));
    CU_ASSERT_PTR_NOT_NULL(
        read_text(SPAN("include [ab].inc;\nwords z;\ninclude no*.inc;\n"
                       "types { include t.types; }"),
                  ""));
    CU_ASSERT_STRING_EQUAL(log_text, "1:<words><a>1:<words><b>1:<words><d>"
                                     "2:<words><z>1:<x><y>");
    f = cf.files;
    CU_ASSERT_TRUE(span_ends(f->path, SPAN("/main.conf")));
    f = f->next;
    CU_ASSERT_TRUE(span_ends(f->path, SPAN("/a.inc")));
    CU_ASSERT_TRUE(span_eq(f->text, SPAN("words a;")));
    f = f->next->next->next;
    CU_ASSERT_TRUE(span_ends(f->path, SPAN("/t.types")));
    CU_ASSERT_PTR_NULL(f->next);
}

static void broken_includes(void)
{
    fails(SPAN("\ninclude none.inc;"),
          "open() \"none.inc\" failed (2: No such file or directory) in "
          "main.conf:2");
    fails(SPAN("include a b;"),
          "invalid number of arguments in \"include\" directive in main.conf:1");
    fails(SPAN("include /tmp;"),
          "read() \"/tmp\" failed (21: Is a directory) in main.conf:1");
    write_file("c.inc", SPAN("flag on;\n}\n"));
    fails(SPAN("include c.inc;"), "unexpected \"}\" in c.inc:2");
    fails(SPAN("http { include c.inc; }"), "unexpected \"}\" in c.inc:2");
    write_file("c.inc", SPAN("flag"));
    fails(SPAN("include c.inc;\n on;"),
          "unexpected end of file, expecting \";\" or \"}\" in c.inc:1");
    write_file("c.inc", SPAN("http {"));
    fails(SPAN("include c.inc;\n }"),
          "unexpected end of file, expecting \"}\" in c.inc:1");
    write_file("c.inc", SPAN("\ninclude c.inc;"));
    fails(SPAN("include c.inc;"),
          "blocks and included files nest deeper than 100; does a file "
          "include itself? in c.inc:1");
}

static void unreadable(void)
{
    struct conf_scope *root;

    arena_free(&arena);
    arena_init(&arena, 512);
    cf = (struct conf){.modules = list, .arena = &arena, .err = &err};
    root = conf_read(&cf, "/nonexistent/x.conf", SPAN(""));
    CU_ASSERT_PTR_NULL(root);
    CU_ASSERT_STRING_EQUAL(err.text, "open() \"/nonexistent/x.conf\" failed "
                                     "(2: No such file or directory)");
}

static void paths(void)
{
    CU_ASSERT_PTR_NOT_NULL(read_text(SPAN(""), ""));
    CU_ASSERT_STRING_EQUAL(conf_path(&cf, SPAN("a/b")).ptr, "/prefix/a/b");
    CU_ASSERT_STRING_EQUAL(conf_path(&cf, SPAN("/a")).ptr, "/a");
    CU_ASSERT_STRING_EQUAL(conf_include_path(&cf, SPAN("/a")).ptr, "/a");
    CU_ASSERT_TRUE(span_starts(conf_include_path(&cf, SPAN("a")),
                               span_of(dir)));
}

/* A name longer than a message holds is cut off, not written past its end. */
static void long_names(void)
{
    char text[2048];

    memset(text, 'x', sizeof text);
    text[sizeof text - 2] = ';';
    text[sizeof text - 1] = '\0';
    CU_ASSERT_PTR_NULL(read_text(span_of(text), ""));
    CU_ASSERT_TRUE(strlen(err.text) < sizeof err.text);
    CU_ASSERT_TRUE(span_starts(span_of(err.text), SPAN("unknown directive")));
}

/* Without what it needs a module is as if it were not there, and so is one that
 * needs it; the others find their settings. */
static void needs(void)
{
    struct conf_scope *root;

    list = all;
    root = read_text(SPAN("http { words a; } upper;"), "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_EQUAL(nth(root, 1)->seen, 1);
    list = some;
    CU_ASSERT_PTR_NOT_NULL(read_text(SPAN("http { words a; }"), ""));
    CU_ASSERT_EQUAL(*module.index, 0);
    fails(SPAN("upper;"), "unknown directive \"upper\" in main.conf:1");
    list = modules;
}

/* Cut anywhere, a text is read or refused with a message. */
static void every_truncation(void)
{
    static const char text[] = "http { number 5; # x\n text \"a b\"; server { "
                               "flag on; types { a b; } } }\nwords \\\" ${x};";

    for (size_t n = 0; n < sizeof text; n++)
        if (read_text((struct span){text, n}, "") == NULL)
            CU_ASSERT_TRUE(err.text[0] != '\0' && n > 0 &&
                           n < sizeof text - 1);
}

IN_DIR(reads)
IN_DIR(many_words)
IN_DIR(inherits)
IN_DIR(places)
IN_DIR(globals)
IN_DIR(messages)
IN_DIR(values)
IN_DIR(finishing)
IN_DIR(warnings)
IN_DIR(includes)
IN_DIR(broken_includes)
IN_DIR(unreadable)
IN_DIR(paths)
IN_DIR(long_names)
IN_DIR(every_truncation)
IN_DIR(needs)

UNIT_MAIN("conf",
          {"reads", reads_in_dir},
          {"many_words", many_words_in_dir},
          {"inherits", inherits_in_dir},
          {"places", places_in_dir},
          {"globals", globals_in_dir},
          {"messages", messages_in_dir},
          {"values", values_in_dir},
          {"finishing", finishing_in_dir},
          {"warnings", warnings_in_dir},
          {"includes", includes_in_dir},
          {"broken_includes", broken_includes_in_dir},
          {"unreadable", unreadable_in_dir},
          {"paths", paths_in_dir},
          {"long_names", long_names_in_dir},
          {"every_truncation", every_truncation_in_dir},
          {"needs", needs_in_dir})
