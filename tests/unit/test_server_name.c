/* server_name: servers by name, with nginx's rules. */

#include "unit.h"

#include "conf_file.h"
#include "conversation.h"
#include "server_name.h"
#include "listen.h"
#include "location.h"
#include "site.h"

/* What a site is made of, and nothing above. */
static const struct module *const modules[] = {
    &conversation_module, &site_module, &listen_module, &server_name_module,
    &location_module, NULL};

/* The first name of the server that serves this host at the first address. */
static const char *server_for(const struct conf_file_test *t, const char *host)
{
    struct span captures[10];
    struct regex *regex = NULL;
    struct err err;
    const struct conf_scope *s = server_name_find(
        listen_all(t->cf.scopes), span_of(host), captures, &regex, &err);

    return s != NULL ? server_name_of(s).ptr : "gave up";
}

static void test_server_names(void)
{
    static const char conf[] =
        "http {\n"
        "server { listen 9999; server_name default; }\n"
        "server { listen 9999; server_name Example.COM; }\n"
        "server { listen 9999; server_name *.example.com; }\n"
        "server { listen 9999; server_name *.b.example.com; }\n"
        "server { listen 9999; server_name www.example.*; }\n"
        "server { listen 9999; server_name .dots.org; }\n"
        "server { listen 9999; server_name ~^r(?<n>\\d+)\\.x$; }\n"
        "}\n";
    static const char *const table[][2] = {
        {"example.com", "example.com"},
        {"a.example.com", "*.example.com"},
        {"a.b.example.com", "*.b.example.com"},
        {"www.example.com", "*.example.com"}, /* a leading star comes first */
        {"www.example.net", "www.example.*"},
        {"www.example.", "default"},
        {"dots.org", "dots.org"},
        {"a.dots.org", "dots.org"},
        {"xdots.org", "default"},
        {"r12.x", "~^r(?<n>\\d+)\\.x$"},
        {"rx.x", "default"},
        {"", "default"},
        {"unknown", "default"},
    };
    struct conf_file_test t;

    CU_ASSERT_PTR_NOT_NULL_FATAL(conf_file_read(&t, modules, conf));
    for (size_t i = 0; i < COUNT(table); i++)
        CU_ASSERT_STRING_EQUAL(server_for(&t, table[i][0]),
                               table[i][1]);
    conf_file_free(&t);
}

static void test_default_server(void)
{
    struct conf_file_test t;

    CU_ASSERT_PTR_NOT_NULL_FATAL(conf_file_read(&t, modules, "http { server { listen 9999; server_name a; }"
            " server { listen 9999 default_server; server_name b; } }"));
    CU_ASSERT_STRING_EQUAL(server_for(&t, "x"), "b");
    CU_ASSERT_STRING_EQUAL(server_for(&t, "a"), "a");
    conf_file_free(&t);
}

/* A rule that could not be asked has not said no. */
static void test_gives_up(void)
{
    struct conf_file_test t;

    CU_ASSERT_PTR_NOT_NULL_FATAL(conf_file_read(&t, modules, "http { server { server_name d; } server {"
            " server_name ~(*LIMIT_MATCH=99)^(\\w+)*$ ; } }"));
    CU_ASSERT_STRING_EQUAL(server_for(&t, "aaaaaaaaaaaaaaaaaaaa.x"),
                           "gave up");
    CU_ASSERT_STRING_EQUAL(server_for(&t, "d"), "d");
    conf_file_free(&t);
}

UNIT_MAIN("server_name", {"server names", test_server_names},
          {"default server", test_default_server},
          {"gives up", test_gives_up})
