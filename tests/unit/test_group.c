/* test_group: groups, their servers, and addresses right and wrong. */

#include "conf_file.h"
#include "conversation.h"
#include "group.h"
#include "listen.h"
#include "location.h"
#include "pass.h"
#include "server_name.h"
#include "site.h"
#include "unit.h"

/* A site with upstreams, and nothing above. */
static const struct module *const modules[] = {
    &conversation_module, &site_module, &listen_module, &server_name_module,
    &location_module, &upstream_module, &call_module, &proxy_module,
    &uwsgi_module, NULL};

static struct conf_file_test t;

/* Reads `http { text }`; its last named group, or NULL with t.err. */
static struct group *read_http(const char *text)
{
    char conf[1024];
    const struct conf_scope *scope;

    snprintf(conf, sizeof conf, "http { %s }", text);
    scope = conf_file_read(&t, modules, conf);
    if (scope == NULL)
        return NULL;
    return ((struct groups *)conf_main(scope, &upstream_module))->first;
}

static void test_group(void)
{
    struct group *g = read_http(
        "upstream app { server 127.0.0.1:81 weight=3 max_fails=2 "
        "fail_timeout=5s max_conns=7; server 127.0.0.2 backup; "
        "server unix:/tmp/s down; }");

    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    CU_ASSERT(span_eq(g->name, SPAN("app")));
    CU_ASSERT_EQUAL_FATAL(g->count, 3);
    CU_ASSERT_EQUAL(g->peers[0].weight, 3);
    CU_ASSERT_EQUAL(g->peers[0].effective, 3);
    CU_ASSERT_EQUAL(g->peers[0].max_fails, 2);
    CU_ASSERT_EQUAL(g->peers[0].fail_timeout, 5000);
    CU_ASSERT_EQUAL(g->peers[0].max_conns, 7);
    CU_ASSERT(!g->peers[0].backup && !g->peers[0].down);
    CU_ASSERT(span_eq(g->peers[1].name, SPAN("127.0.0.2:80")));
    CU_ASSERT(g->peers[1].backup);
    CU_ASSERT_EQUAL(g->peers[1].max_fails, 1);
    CU_ASSERT_EQUAL(g->peers[1].fail_timeout, 10000);
    CU_ASSERT(span_eq(g->peers[2].name, SPAN("unix:/tmp/s")));
    CU_ASSERT(g->peers[2].down);
    conf_file_free(&t);
}

/* A group may be used before it is defined, and its name is no address. */
static void test_used_before(void)
{
    struct group *g = read_http(
        "server { location / { proxy_pass http://app; } } "
        "upstream app { server 127.0.0.1:81; }");

    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    CU_ASSERT_EQUAL(g->count, 1);
    CU_ASSERT_PTR_NULL(g->next);
    conf_file_free(&t);
}

static void test_addresses(void)
{
    static const char *const list[][2] = {
        {"proxy_pass http://127.0.0.1", "127.0.0.1:80"},
        {"proxy_pass http://127.0.0.1:8080/x", "127.0.0.1:8080"},
        {"proxy_pass http://[::1]", "[::1]:80"},
        {"proxy_pass http://[::1]:8080", "[::1]:8080"},
        {"proxy_pass http://unix:/tmp/s:/uri", "unix:/tmp/s"},
        {"proxy_pass http://localhost:1", NULL},
        {"uwsgi_pass 127.0.0.1:9090", "127.0.0.1:9090"},
        {"uwsgi_pass uwsgi://127.0.0.1:9090", "127.0.0.1:9090"},
        {"uwsgi_pass unix:/tmp/s", "unix:/tmp/s"},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        char text[256];
        struct group *g;

        snprintf(text, sizeof text, "server { location / { %s; } }",
                 list[i][0]);
        g = read_http(text);
        CU_ASSERT_PTR_NOT_NULL_FATAL(g);
        CU_ASSERT(g->count >= 1);
        if (list[i][1] != NULL)
            CU_ASSERT(span_eq(g->peers[0].name, span_of(list[i][1])));
        conf_file_free(&t);
    }
}

static void test_refused(void)
{
    static const char *const list[][2] = {
        {"server { location / { uwsgi_pass 127.0.0.1; } }",
         "no port in upstream \"127.0.0.1\""},
        {"server { location / { uwsgi_pass nohost.invalid:1; } }",
         "host not found in upstream \"nohost.invalid\""},
        {"server { location / { proxy_pass http://127.0.0.1:0; } }",
         "invalid port in upstream \"127.0.0.1:0\""},
        {"server { location / { proxy_pass http://127.0.0.1:65536; } }",
         "invalid port in upstream \"127.0.0.1:65536\""},
        {"server { location / { proxy_pass http://127.0.0.1:; } }",
         "invalid port in upstream \"127.0.0.1:\""},
        {"server { location / { proxy_pass http://:80; } }",
         "no host in upstream \":80\""},
        {"server { location / { proxy_pass http://[::1; } }",
         "invalid host in upstream \"[::1\""},
        {"server { location / { proxy_pass http://[::1]x; } }",
         "invalid host in upstream \"[::1]x\""},
        {"server { location / { proxy_pass http://unix:; } }",
         "no path in the unix domain socket in upstream \"unix:\""},
        {"upstream a { }", "no servers are inside upstream"},
        {"upstream a { server 127.0.0.1; } upstream a { server 127.0.0.1; }",
         "duplicate upstream \"a\""},
        {"upstream a { server 127.0.0.1 weight=0; }",
         "invalid parameter \"weight=0\", value must be between 1 and "
         "2147483647"},
        {"upstream a { server 127.0.0.1 fast; }",
         "invalid parameter \"fast\""},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        CU_ASSERT_PTR_NULL(read_http(list[i][0]));
        CU_ASSERT_STRING_EQUAL(conf_file_error(&t), list[i][1]);
        conf_file_free(&t);
    }
}

UNIT_MAIN("group", {"group", test_group},
          {"used before it is defined", test_used_before},
          {"addresses", test_addresses}, {"refused", test_refused})
