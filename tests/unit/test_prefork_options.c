/* The command line and the files of strata-prefork, as a configuration. */

#include "plan.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

/* The plan of these words, or NULL. */
#define PLAN(err, ...)                                                         \
    plan_of(err, (char *[]){"strata-prefork", __VA_ARGS__, NULL})

static struct plan *plan_of(struct err *err, char **argv)
{
    err->text[0] = 0;
    return plan_read(argv, err);
}

static void forms_of_an_option(void)
{
    char *forms[][5] = {
        {"x", "--processes", "3", "-M", NULL},
        {"x", "--processes=3", "-M"},
        {"x", "-p", "3", "-M", NULL},
        {"x", "-p3", "--master"},
        {"x", "-Mp3", NULL},
        {"x", "-Mp", "3", NULL},
        {"x", "--workers=3", "--master=yes"},
        {"x", "--proce=3", "--mast"},
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct err err = {""};
        struct plan *p = plan_of(&err, forms[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL(p->config.processes, 3);
        CU_ASSERT_TRUE(p->config.master);
        CU_ASSERT_TRUE(p->config.wsgi.multiprocess);
        CU_ASSERT_EQUAL(p->config.wsgi.processes, 3);
        plan_free(p);
    }
}

static void flags(void)
{
    static const struct {
        char *word;
        bool on;
    } table[] = {
        {"--master", true},        {"--master=true", true},
        {"--master=1", true},      {"--master=anything", true},
        {"--master=false", false}, {"--master=0", false},
        {"--master=Off", false},   {"--master=no", false},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct err err;
        struct plan *p = PLAN(&err, table[i].word);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL(p->config.master, table[i].on);
        plan_free(p);
    }
}

static void refused(void)
{
    char *table[][3] = {
        {"--processes", "two",
         "option --processes: \"two\": expected a whole number from 1 to 512"},
        {"--processes", "0", "expected a whole number from 1 to 512"},
        {"--processes", "513", "expected a whole number from 1 to 512"},
        {"--processes", "-1", "expected a whole number"},
        {"--processes", "2 ", "expected a whole number"},
        {"--processes", NULL, "option --processes wants a value: N"},
        {"-p", NULL, "option --processes wants a value: N"},
        {"-px", NULL, "expected a whole number"},
        {"--threads", "257", "expected a whole number from 1 to 256"},
        {"--harakiri", "soon", "expected a number of seconds"},
        {"--harakiri", "-1", "expected a number of seconds"},
        {"--pidfile", "", "found nothing, expected FILE"},
        {"--proce", NULL, "option --processes wants a value: N"},
        {"--touch", NULL, "option --touch-reload wants a value"},
        {"--re", "x", "option --re could be --reload-mercy or --reload"},
        {"--nonsense", NULL, "there is no option --nonsense"},
        {"--nonsense=1", NULL, "there is no option --nonsense;"},
        {"-Z", NULL, "there is no option -Z"},
        {"word", NULL, "found \"word\", expected an option or a config"},
        {"--", NULL, "found \"--\""},
        {"-", NULL, "found \"-\""},
        {"missing.ini", NULL, "cannot open missing.ini: No such file"},
        {"--json", "missing.json", "cannot open missing.json: No such file"},
        {"--set-ph", "x", "expected KEY=VALUE"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct err err;
        struct plan *p = PLAN(&err, table[i][0], table[i][1]);
        CU_ASSERT_PTR_NULL(p);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, table[i][2]));
        if (p)
            plan_free(p);
    }
}

static void numbers(void)
{
    struct err err;
    struct plan *p =
        PLAN(&err, "--processes=512", "--threads=256", "-t", "0.5",
             "--py-autoreload=1", "--max-requests=0", "--reload-mercy", "0");

    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL(p->config.processes, 512);
    CU_ASSERT_EQUAL(p->config.threads, 256);
    CU_ASSERT_EQUAL(p->config.harakiri, 500);
    CU_ASSERT_EQUAL(p->config.autoreload, 1000);
    CU_ASSERT_EQUAL(p->config.max_requests, 0);
    CU_ASSERT_EQUAL(p->config.mercy, 0);
    CU_ASSERT_TRUE(p->config.wsgi.multithread);
    plan_free(p);
}

/* Every number has two ends; what is beyond them is told both. */
static void ends_of_numbers(void)
{
    static char *table[][5] = {
        /* option, smallest, largest, below, above */
        {"--processes", "1", "512", "0", "513"},
        {"--threads", "1", "256", "0", "257"},
        {"--max-requests", "0", "4294967295", "-1", "4294967296"},
        {"--listen", "1", "65535", "0", "65536"},
        {"--buffer-size", "512", "1048576", "511", "1048577"},
        {"--limit-post", "0", "18446744073709551615", "-1",
         "18446744073709551616"},
        {"--harakiri", "0.001", "2147483647", "0.0001", "2147483648"},
        {"--reload-mercy", "0.001", "2147483647", "-1", "1e300"},
        {"--py-autoreload", "0.001", "2147483647", "nan", "inf"},
        {"--socket-timeout", "0.001", "2147483647", "0", "2147483648"},
        {"--http-keepalive-timeout", "0.001", "2147483647", "0", "1e300"},
        {"--chmod-socket", "0", "7777", "", "17777"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int k = 1; k < 5; k++) {
            char both[128];
            struct err err;
            struct plan *p = PLAN(&err, table[i][0], table[i][k]);

            snprintf(both, sizeof both, "from %s to %s", table[i][1],
                     table[i][2]);
            CU_ASSERT_EQUAL(p != NULL, k < 3);
            if (k >= 3 && strstr(err.text, both) == NULL)
                CU_FAIL(err.text);
            if (p)
                plan_free(p);
        }
}

static void what_needs_a_master(void)
{
    char *table[][2] = {{"--processes", "2"},
                        {"--py-autoreload", "1"},
                        {"--touch-reload", "f"},
                        {"--harakiri", "9"},
                        {"--max-requests", "9"}};
    struct err err;
    struct plan *p;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        p = PLAN(&err, table[i][0], table[i][1]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_TRUE(p->config.master);
        CU_ASSERT_EQUAL(p->config.remarks.count, 1);
        plan_free(p);
    }
    p = PLAN(&err, "--processes=1");
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_FALSE(p->config.master);
    CU_ASSERT_EQUAL(p->config.remarks.count, 0);
    plan_free(p);
}

static char dir[] = "/tmp/test_prefork.XXXXXX";

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

/* The later of two counts, wherever it stands; lists add up. */
static void order(void)
{
    struct err err;
    struct plan *p;

    put_file("f.ini", "[uwsgi]\ncallable = of_file\nenv = B=2\nprocesses=2\n");
    p = PLAN(&err, "--callable", "of_line", "--env", "A=1", "--ini", "f.ini",
             "--env", "C=3");
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_STRING_EQUAL(p->config.wsgi.callable, "of_file");
    CU_ASSERT_EQUAL_FATAL(p->config.wsgi.env.count, 3);
    CU_ASSERT_STRING_EQUAL(p->config.wsgi.env.list[1], "B=2");
    plan_free(p);
    p = PLAN(&err, "f.ini", "--callable", "of_line", "-p", "4");
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_STRING_EQUAL(p->config.wsgi.callable, "of_line");
    CU_ASSERT_EQUAL(p->config.processes, 4);
    plan_free(p);
}

static void errors_in_files(void)
{
    struct err err;

    put_file("e.ini", "[uwsgi]\n# one\nprocesses = two\n");
    CU_ASSERT_PTR_NULL(PLAN(&err, "e.ini"));
    CU_ASSERT_STRING_EQUAL(err.text,
                           "e.ini:3: option --processes: \"two\": expected a "
                           "whole number from 1 to 512");
    put_file("e.json", "{\"uwsgi\":\n{\"processes\": 1.5}}");
    CU_ASSERT_PTR_NULL(PLAN(&err, "e.json"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(err.text, "e.json:2: option --processes: \"1.5\""));
    put_file("e.ini", "[uwsgi]\nharakiri\n");
    CU_ASSERT_PTR_NULL(PLAN(&err, "e.ini"));
    CU_ASSERT_STRING_EQUAL(err.text,
                           "e.ini:2: option --harakiri wants a value: SECONDS");
    put_file("e.ini", "[uwsgi]\na = %(b)\nb = %(a)\nchdir = %(a)\n");
    CU_ASSERT_PTR_NULL(PLAN(&err, "e.ini"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "e.ini:4: "));
}

static void unknown_keys(void)
{
    struct err err;
    struct plan *p;

    put_file("u.ini", "[uwsgi]\nbase = /srv\nset-ph = k=1\nchdir = %(base)/x\n"
                      "proceses = 4\n");
    p = PLAN(&err, "u.ini");
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_STRING_EQUAL(p->config.wsgi.chdir, "/srv/x");
    CU_ASSERT_EQUAL_FATAL(p->config.remarks.count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->config.remarks.list[0],
                                  "u.ini:5: \"proceses\" is no option"));
    plan_free(p);
    CU_ASSERT_PTR_NULL(PLAN(&err, "u.ini", "--strict"));
    CU_ASSERT_STRING_EQUAL(
        err.text, "u.ini:5: [strict-mode] unknown config directive: proceses");
    p = PLAN(&err, "u.ini", "--set-ph", "base=/first");
    CU_ASSERT_PTR_NOT_NULL_FATAL(p); /* the first definition counts: the file */
    CU_ASSERT_STRING_EQUAL(p->config.wsgi.chdir, "/srv/x");
    plan_free(p);
    p = PLAN(&err, "--set-ph", "base=/first", "u.ini");
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_STRING_EQUAL(p->config.wsgi.chdir, "/first/x");
    plan_free(p);
}

/* Every row can be applied, and has words for --help. */
static void the_table(void)
{
    for (const struct wsgi_option *o = prefork_options; o->name; o++) {
        CU_ASSERT(o == prefork_options || o->help || o[-1].name);
        CU_ASSERT(o->arg == WSGI_FLAG || !o->help || o->value_name);
        CU_ASSERT(o->at < sizeof(struct prefork_config));
        for (const struct wsgi_option *w = wsgi_options; w->name; w++) {
            CU_ASSERT_STRING_NOT_EQUAL(o->name, w->name);
            CU_ASSERT(!o->letter || o->letter != w->letter);
        }
    }
}

static void clean_up(void)
{
    unlink("f.ini");
    unlink("e.ini");
    unlink("e.json");
    unlink("u.ini");
    CU_ASSERT_EQUAL(chdir("/"), 0);
    CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void set_up(void)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    CU_ASSERT_EQUAL_FATAL(chdir(dir), 0);
}

UNIT_MAIN("prefork_options", {"set up", set_up},
          {"forms of an option", forms_of_an_option}, {"flags", flags},
          {"refused", refused}, {"numbers", numbers},
          {"ends of numbers", ends_of_numbers},
          {"what needs a master", what_needs_a_master}, {"order", order},
          {"errors in files", errors_in_files}, {"unknown keys", unknown_keys},
          {"the table", the_table}, {"clean up", clean_up})
