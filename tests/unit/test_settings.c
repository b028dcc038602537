/* The list of settings: ini, JSON, magic words, placeholders. */

#include "settings.h"
#include "settings_file.h"
#include "unit.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static bool add_to_list(const struct settings_source *source, struct span key,
                        const char *value, unsigned line, struct err *err)
{
    return settings_add(source->to, key, value, source->name, line, err);
}

static struct settings_source source = {"d/wsgi.ini", "/srv/d/wsgi.ini", NULL,
                                        add_to_list, NULL};

/* The two readers, into a list. */
static bool read_ini(struct settings *s, struct span text, struct err *err)
{
    source.to = s;
    return settings_read_ini(&source, text, err);
}

static bool read_json(struct settings *s, struct span text, struct err *err)
{
    source.to = s;
    return settings_read_json(&source, text, err);
}

/* The list as text: key=value, or key alone, joined with "|". */
static const char *shown(const struct settings *s)
{
    static char text[4096];
    size_t n = 0;

    text[0] = 0;
    for (size_t i = 0; i < s->count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s%s%s",
                              i ? "|" : "", s->list[i].key,
                              s->list[i].value ? "=" : "",
                              s->list[i].value ? s->list[i].value : "");
    return text;
}

static void ini_lines(void)
{
    static const struct {
        const char *text, *list; /* list NULL: refused */
        const char *error;
    } table[] = {
        {"[uwsgi]\nmaster = true\n", "master=true", NULL},
        {"[uwsgi]\r\nsocket=127.0.0.1:9090\r\n", "socket=127.0.0.1:9090", NULL},
        {"[uwsgi]\n \t processes \t=\t 4 \t\n", "processes=4", NULL},
        {"[uwsgi]\nneed-app", "need-app", NULL},
        {"[uwsgi]\nenv = A=B=C", "env=A=B=C", NULL},
        {"[uwsgi]\nempty =", "empty=", NULL},
        {"[uwsgi]\n# no\n  ; no\n\na = 1 # yes\nb = \"q\"", "a=1 # yes|b=\"q\"",
         NULL},
        {"x = 1\n[other]\ny = 2\n[uwsgi]\nz = 3\n[other]\ny = 4\n[uwsgi]\nw=5",
         "z=3|w=5", NULL},
        {"\n[uwsgi]\na = %(b) $(c) @(d)", "a=%(b) $(c) @(d)", NULL},
        {"[uwsgi]\nchdir = %d\nlog = %n.%e %s %p %c 100%%",
         "chdir=/srv/d/|log=wsgi.ini wsgi.ini /srv/d/wsgi.ini d 100%", NULL},
        {"[uwsgi]\nx = 50%zz %", "x=50%zz %", NULL},
        {"[uwsgi\na = 1", NULL,
         "d/wsgi.ini:1: found \"[uwsgi\", expected a "
         "\"]\" after the section's name"},
        {"[uwsgi]\n\n = 1", NULL,
         "d/wsgi.ini:3: found \"= 1\", expected a key before the \"=\""},
        {"[uwsgi]\nsocket :80", NULL,
         "d/wsgi.ini:2: found \"socket :80\", expected key = value"},
        {"[uwsgi]\nsocket\t:80", NULL,
         "d/wsgi.ini:2: found \"socket\t:80\", expected key = value"},
        {"[other]\na = 1", NULL,
         "d/wsgi.ini: there is no section [uwsgi] in it"},
        {"", NULL, "d/wsgi.ini: there is no section [uwsgi] in it"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings s = {0};
        struct err err = {""};
        bool ok = read_ini(&s, span_of(table[i].text), &err);
        CU_ASSERT_EQUAL(ok, table[i].list != NULL);
        if (table[i].list) {
            CU_ASSERT_STRING_EQUAL(shown(&s), table[i].list);
        } else {
            CU_ASSERT_STRING_EQUAL(err.text, table[i].error);
        }
        settings_free(&s);
    }
}

static void ini_sections_and_lines(void)
{
    struct settings s = {0};
    const struct settings_source other = {"w.ini", "/w.ini", "two", add_to_list, &s};
    struct err err;

    CU_ASSERT(settings_read_ini(&other,
                                SPAN("[uwsgi]\na=1\n[two]\nb=%x\nc"), &err));
    CU_ASSERT_STRING_EQUAL(shown(&s), "b=two|c");
    CU_ASSERT_EQUAL(s.list[0].line, 4);
    CU_ASSERT_EQUAL(s.list[1].line, 5);
    CU_ASSERT_STRING_EQUAL(s.list[0].file, "w.ini");
    settings_free(&s);
}

/* Whatever is cut off the end, the reader neither fails to end nor reads on. */
static void ini_truncated(void)
{
    static const char text[] = "[uwsgi]\na = %(x) %d\nb=%\n[c]\nd\n[uwsgi]\ne";

    for (size_t n = 0; n < sizeof text; n++) {
        struct settings s = {0};
        struct err err;
        char *exact = malloc(n ? n : 1);
        memcpy(exact, text, n);
        read_ini(&s, (struct span){exact, n}, &err);
        settings_free(&s);
        free(exact);
    }
}

static void json_values(void)
{
    static const struct {
        const char *text, *list, *error;
    } table[] = {
        {"{\"uwsgi\": {\"master\": true, \"processes\": 2, \"lazy\": false,"
         " \"x\": null, \"env\": [\"A=1\", \"B=2\"], \"o\": {\"p\": 1}}}",
         "master=true|processes=2|lazy=false|x=false|env=A=1|env=B=2", NULL},
        {"{\"uwsgi\": {\"harakiri\": 0.5, \"chdir\": \"%d\"}}",
         "harakiri=0.5|chdir=/srv/d/", NULL},
        {"{\"uwsgi\": {}}", "", NULL},
        {"{\"uwsgi\": {\"a\": [[1], 2]}}", "a=2", NULL},
        {"{\"uwsgi\":\n {\"a\": }}", NULL, "d/wsgi.ini:2:"},
        {"{\"uwsgi\": {\"a\": 1, \"a\": 2}}", NULL, "duplicate"},
        {"{\"other\": {}}", NULL, "expected {\"uwsgi\": {...}}"},
        {"{\"uwsgi\": []}", NULL, "expected {\"uwsgi\": {...}}"},
        {"[]", NULL, "expected {\"uwsgi\": {...}}"},
        {"", NULL, "d/wsgi.ini:1:"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings s = {0};
        struct err err = {""};
        bool ok = read_json(&s, span_of(table[i].text), &err);
        CU_ASSERT_EQUAL(ok, table[i].list != NULL);
        if (table[i].list) {
            CU_ASSERT_STRING_EQUAL(shown(&s), table[i].list);
        } else {
            CU_ASSERT_PTR_NOT_NULL(strstr(err.text, table[i].error));
        }
        settings_free(&s);
    }
}

static void json_lines(void)
{
    struct settings s = {0};
    struct err err;

    CU_ASSERT(read_json(
        &s,
        SPAN("{\"uwsgi\": {\n \"a\": \"b\",\n\"b\" \n : 1,\n\"\\u0063\": 2}}"),
        &err));
    CU_ASSERT_EQUAL(s.list[0].line, 2);
    CU_ASSERT_EQUAL(s.list[1].line, 3);
    CU_ASSERT_EQUAL(s.list[2].line, 0); /* written with an escape */
    settings_free(&s);
}

static void json_truncated(void)
{
    static const char text[] =
        "{\"uwsgi\": {\"a\": [1, true, null], \"b\": \"%d\", \"c\": 1.5}}";

    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct settings s = {0};
        struct err err;
        char *exact = malloc(n ? n : 1);
        memcpy(exact, text, n);
        CU_ASSERT_FALSE(
            read_json(&s, (struct span){exact, n}, &err));
        settings_free(&s);
        free(exact);
    }
}

static void magic_of_paths(void)
{
    static const struct {
        const char *path, *text, *expected;
    } table[] = {
        {"/a/b/c.d.ini", "%n|%e|%s|%d|%c", "c.d|ini|c.d.ini|/a/b/|b"},
        {"/x", "%n|%e|%s|%d|%c", "x||x|/|"},
        {"/.ini", "%n|%e", "|ini"},
        {"/a", "%%d %%%d", "%d %/"},
        {"/a", "%(k) % %", "%(k) % %"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings_source at = {"n", table[i].path, NULL, NULL, NULL};
        struct buf out;
        buf_init(&out, 1000);
        CU_ASSERT(settings_magic(&out, &at, span_of(table[i].text)));
        CU_ASSERT(span_eq(buf_span(&out), span_of(table[i].expected)));
        buf_free(&out);
    }
}

static void magic_of_the_machine(void)
{
    char expected[600], dir[500];
    struct buf out;

    buf_init(&out, 1000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(dir, sizeof dir));
    snprintf(expected, sizeof expected, "%s %u %u", dir, getuid(), getgid());
    CU_ASSERT(settings_magic(&out, &source, SPAN("%v %u %g")));
    CU_ASSERT(span_eq(buf_span(&out), span_of(expected)));
    buf_consume(&out, out.len);
    CU_ASSERT(settings_magic(&out, &source, SPAN("%h%U%G%k%t")));
    CU_ASSERT(out.len > 0 && !span_chr(buf_span(&out), '%'));
    buf_free(&out);
    buf_init(&out, 4); /* the bound holds */
    CU_ASSERT_FALSE(settings_magic(&out, &source, SPAN("%p")));
    buf_free(&out);
}

static void add(struct settings *s, const char *key, const char *value)
{
    struct err err;
    CU_ASSERT(settings_add(s, span_of(key), value, NULL, 0, &err));
}

/* Expectations asked of uWSGI 2.0.21, except for the sums that it refuses. */
static void placeholders(void)
{
    static const struct {
        const char *value, *expected;
    } table[] = {
        {"%(x) %(y) %(z)", "1 a1 a1b"},
        {"%(undefined) $(NO_SUCH_VARIABLE) @(/no/such/file)",
         "%(undefined) $(NO_SUCH_VARIABLE) @(/no/such/file)"},
        {"$(SETTINGS_TEST)", "from outside"},
        {"%(x + 1)%(x+41) %(n-1) %(n * 3) %(n/2)", "242 7 24 4"},
        {"%(n/0) %(y + 1) %(x + y) %(+1)", "%(n/0) %(y + 1) %(x + y) %(+1)"},
        {"%(big + 1)", "%(big + 1)"},
        {"[%(flag)]", "[]"},
        {"%(x", "%(x"},
        {"%() $() %", "%() $() %"},
        {"", ""},
    };
    struct err err;

    setenv("SETTINGS_TEST", "from outside", 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct settings s = {0};
        char *value;
        add(&s, "v", table[i].value);
        add(&s, "x", "1");
        add(&s, "y", "a%(x)");
        add(&s, "x", "2"); /* the first one counts */
        add(&s, "z", "%(y)b");
        add(&s, "n", "8");
        add(&s, "big", "9223372036854775807");
        add(&s, "flag", NULL);
        CU_ASSERT(settings_expand(&s, 0, &value, &err));
        CU_ASSERT_STRING_EQUAL(value, table[i].expected);
        free(value);
        settings_free(&s);
    }
}

static void placeholders_that_do_not_end(void)
{
    struct settings s = {0};
    struct err err = {""};
    char *value, text[11];

    add(&s, "a", "%(b)");
    add(&s, "b", "%(a)");
    CU_ASSERT_FALSE(settings_expand(&s, 0, &value, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "names itself"));
    CU_ASSERT_PTR_NULL(value);
    settings_free(&s);

    /* each holds ten times the one before: 10^9 bytes would follow */
    add(&s, "v0", "xxxxxxxxxx");
    for (int i = 1; i < 10; i++) {
        char key[4] = {'v', (char)('0' + i), 0}, ten[60] = "";
        snprintf(text, sizeof text, "%%(v%d)", i - 1);
        for (int k = 0; k < 10; k++)
            strcat(ten, text);
        add(&s, key, ten);
    }
    CU_ASSERT_FALSE(settings_expand(&s, 9, &value, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "longer than"));
    settings_free(&s);
}

/* The processor time that a JSON file of so many lines takes to read. */
static clock_t read_lines(int count)
{
    struct settings s = {0};
    struct err err;
    FILE *f = fopen("long.json", "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fprintf(f, "{\"uwsgi\": {");
    for (int i = 0; i < count; i++)
        fprintf(f, "\n\"k%d\": 1,", i);
    fprintf(f, "\n\"last\": 2}}");
    fclose(f);
    clock_t begin = clock();
    CU_ASSERT(settings_read(&s, "long.json", &err));
    clock_t took = clock() - begin;
    CU_ASSERT_EQUAL(s.list[count].line, (unsigned)count + 2);
    settings_free(&s);
    unlink("long.json");
    return took;
}

/* 30^9 ways to say nothing, in a value, in files, and in a long file. */
static void not_for_ever(void)
{
    struct settings s = {0};
    struct err err = {""};
    char *value, dir[] = "/tmp/strata-unit-XXXXXX", name[16], text[600];

    add(&s, "v0", "");
    for (int i = 1; i < 10; i++) {
        text[0] = 0;
        for (int k = 0; k < 30; k++)
            sprintf(text + strlen(text), "%%(v%d)", i - 1);
        snprintf(name, sizeof name, "v%d", i);
        add(&s, name, text);
    }
    CU_ASSERT_FALSE(settings_expand(&s, 9, &value, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "more than 10000 placeholders"));
    CU_ASSERT(settings_expand(&s, 2, &value, &err)); /* and counts anew */
    free(value);
    settings_free(&s);

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    CU_ASSERT_EQUAL_FATAL(chdir(dir), 0);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "%d.ini", i);
        FILE *f = fopen(name, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        fprintf(f, "[uwsgi]\n");
        for (int k = 0; i < 9 && k < 30; k++)
            fprintf(f, "ini = %d.ini\n", i + 1);
        fclose(f);
    }
    CU_ASSERT_FALSE(settings_read(&s, "0.ini", &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "more than 1000 files"));
    settings_free(&s);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "%d.ini", i);
        unlink(name);
    }

    /* Ten times as long a file takes ten times as long, not a hundred. */
    clock_t some = read_lines(6000), ten_times = read_lines(60000);
    CU_ASSERT(ten_times < 30 * (some + CLOCKS_PER_SEC / 1000));
    CU_ASSERT_EQUAL(chdir("/"), 0);
    rmdir(dir);
}

static void explicit_placeholders(void)
{
    struct settings s = {0};
    struct err err = {""};

    CU_ASSERT(settings_add(&s, SPAN("set-ph"), "k=v=w", "f", 2, &err));
    CU_ASSERT_STRING_EQUAL(shown(&s), "k=v=w");
    CU_ASSERT_STRING_EQUAL(s.list[0].value, "v=w");
    CU_ASSERT_TRUE(s.list[0].used);
    CU_ASSERT_FALSE(
        settings_add(&s, SPAN("set-placeholder"), "k", "f", 2, &err));
    CU_ASSERT_FALSE(settings_add(&s, SPAN("set-ph"), NULL, "f", 2, &err));
    settings_free(&s);
}

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static void files_in_files(void)
{
    char dir[] = "/tmp/test_settings.XXXXXX";
    struct settings s = {0};
    struct err err = {""};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    CU_ASSERT_EQUAL_FATAL(chdir(dir), 0);
    put_file("a.ini", "[uwsgi]\na = 1\nini = :more\nb = @(text)\n"
                      "name = b\ninclude = %(name).json:x\nc = 4\n"
                      "[more]\nm = %x\n");
    put_file("b.json", "{\"x\": {\"j\": 3}}");
    put_file("text", "two\n");
    put_file("self.ini", "[uwsgi]\nini = self.ini\n");
    put_file("bad.ini", "[uwsgi]\n\nini = missing.ini\n");
    put_file("empty.ini", "[uwsgi]\nini =\n");
    CU_ASSERT(settings_read(&s, "a.ini", &err));
    CU_ASSERT_STRING_EQUAL(shown(&s), "a=1|m=more|b=@(text)|name=b|j=3|c=4");
    char *value;
    CU_ASSERT(settings_expand(&s, 2, &value, &err));
    CU_ASSERT_STRING_EQUAL(value, "two");
    free(value);
    settings_free(&s);

    CU_ASSERT_FALSE(settings_read(&s, "self.ini", &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "more than 16 deep"));
    settings_free(&s);
    CU_ASSERT_FALSE(settings_read(&s, "bad.ini", &err));
    CU_ASSERT_STRING_EQUAL(err.text, "bad.ini:3: cannot open missing.ini: No "
                                     "such file or directory");
    settings_free(&s);
    CU_ASSERT_FALSE(settings_read(&s, "empty.ini", &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "empty.ini:2: \"ini\" wants"));
    settings_free(&s);
    CU_ASSERT_FALSE(settings_read(&s, dir, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot read"));
    settings_free(&s);
    CU_ASSERT_FALSE(settings_read(&s, "/dev/zero", &err));
    settings_free(&s);
    static const char *const made[] = {"a.ini",    "b.json",  "text",
                                       "self.ini", "bad.ini", "empty.ini"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(made[i]);
    CU_ASSERT_EQUAL(chdir("/"), 0);
    rmdir(dir);
}

UNIT_MAIN("settings", {"ini lines", ini_lines},
          {"ini sections and lines", ini_sections_and_lines},
          {"ini truncated", ini_truncated}, {"json values", json_values},
          {"json lines", json_lines}, {"json truncated", json_truncated},
          {"magic of paths", magic_of_paths},
          {"magic of the machine", magic_of_the_machine},
          {"placeholders", placeholders},
          {"placeholders that do not end", placeholders_that_do_not_end},
          {"not for ever", not_for_ever},
          {"explicit placeholders", explicit_placeholders},
          {"files in files", files_in_files})
