/* location: locations by URI, with nginx's rules; and the messages about what
 * cannot stand in a block. */

#include "unit.h"

#include "conf_file.h"
#include "conversation.h"
#include "listen.h"
#include "location.h"
#include "server_name.h"
#include "site.h"

/* What a site is made of, and nothing above. */
static const struct module *const modules[] = {
    &conversation_module, &site_module, &listen_module, &server_name_module,
    &location_module, NULL};

/* The name of the location that serves this URI in the only server. */
static const char *location_for(const struct conf_file_test *t, const char *uri)
{
    struct span captures[10];
    struct regex *regex = NULL;
    struct location *l;
    struct err err;

    if (!location_find(listen_all(t->cf.scopes)->servers[0], span_of(uri),
                       captures, &regex, &l, &err))
        return "gave up";
    return l != NULL ? l->name.ptr : "none";
}

static void test_locations(void)
{
    static const char conf[] =
        "http { server {\n"
        "location = /exact { }\n"
        "location / { }\n"
        "location /images/ { }\n"
        "location ^~ /static/ { }\n"
        "location ~ \\.php$ { }\n"
        "location ~* \\.(gif|jpg)$ { }\n"
        "location /outer/ { location /outer/inner/ { } \n"
        "   location ~ \\.txt$ { }\n"
        "   location ^~ /outer/only/ { } }\n"
        "location ~ ^/regex { location ~ x$ { location ~ xx$ { } } }\n"
        "location @named { }\n"
        "} }\n";
    static const char *const table[][2] = {
        {"/exact", "/exact"},
        {"/exact/", "/"},
        {"/", "/"},
        {"/images/a.png", "/images/"},
        {"/images/a.GIF", "\\.(gif|jpg)$"},
        {"/static/a.gif", "/static/"},
        {"/static/a.php", "/static/"},
        {"/a.php", "\\.php$"},
        {"/a.PHP", "/"},
        {"/outer/x", "/outer/"},
        {"/outer/inner/x", "/outer/inner/"},
        {"/outer/x.txt", "\\.txt$"},
        {"/outer/x.php", "\\.php$"},
        {"/outer/only/x.txt", "/outer/only/"},
        {"/outer/only/x.php", "\\.php$"}, /* ^~ speaks for its own list */
        {"/regex/", "^/regex"},
        {"/regex/x", "x$"},
        {"/regex/xx", "xx$"},
        {"/named", "/"},
    };
    struct conf_file_test t;

    CU_ASSERT_PTR_NOT_NULL_FATAL(conf_file_read(&t, modules, conf));
    for (size_t i = 0; i < COUNT(table); i++)
        CU_ASSERT_STRING_EQUAL(location_for(&t, table[i][0]),
                               table[i][1]);
    conf_file_free(&t);
}

/* A rule that could not be asked has not said no, wherever it stands. */
static void test_gives_up(void)
{
    static const char conf[] =
        "http { server {\n"
        "location / { } location ~ (*LIMIT_MATCH=99)^/r/(\\w+)*$ { }\n"
        "location /in/ { location ~ (*LIMIT_MATCH=99)^/in/(\\w+)*$ { } }\n"
        "location ~ ^/out/ {"
        "    location ~ (*LIMIT_MATCH=99)^/out/(\\w+)*$ { } }\n"
        "location ^~ /r/no/ { } } }";
    struct conf_file_test t;

    CU_ASSERT_PTR_NOT_NULL_FATAL(conf_file_read(&t, modules, conf));
    CU_ASSERT_STRING_EQUAL(location_for(&t, "/r/aaaaaaaaaaaaaaaaaaaa."),
                           "gave up");
    CU_ASSERT_STRING_EQUAL(location_for(&t, "/in/aaaaaaaaaaaaaaaaaaaa."),
                           "gave up");
    CU_ASSERT_STRING_EQUAL(location_for(&t, "/out/aaaaaaaaaaaaaaaaaaaa."),
                           "gave up");
    CU_ASSERT_STRING_EQUAL(location_for(&t, "/r/no/aaaaaaaaaaaaaaaaaa."),
                           "/r/no/");
    CU_ASSERT_STRING_EQUAL(location_for(&t, "/x"), "/");
    conf_file_free(&t);
}

/* As nginx 1.22.1 words them. */
static void test_refused(void)
{
    static const char *const table[][2] = {
        {"location / {} location / {}", "duplicate location \"/\""},
        {"location /a { location /b {} }",
         "location \"/b\" is outside location \"/a\""},
        {"location = /a { location /a/b {} }",
         "location \"/a/b\" cannot be inside the exact location \"/a\""},
        {"location /a { location @n {} }",
         "named location \"@n\" can be on the server level only"},
        {"location ? / {}", "invalid location modifier \"?\""},
        {"listen 1.2.3.4:99999;",
         "invalid port in \"1.2.3.4:99999\" of the \"listen\" directive"},
        {"listen 9999 nonsense;", "invalid parameter \"nonsense\""},
        {"listen 9999; listen 9999;", "a duplicate listen 0.0.0.0:9999"},
        {"server_name a*b;",
         "invalid server name or wildcard \"a*b\" on server_name"},
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        struct conf_file_test t;
        char conf[512];

        snprintf(conf, sizeof conf, "http { server { %s } }",
                 table[i][0]);
        CU_ASSERT_PTR_NULL(conf_file_read(&t, modules, conf));
        CU_ASSERT_STRING_EQUAL(conf_file_error(&t), table[i][1]);
        if (strcmp(t.err.text, table[i][1]) != 0)
            printf("\n  %s\n    %s\n", table[i][0], t.err.text);
        conf_file_free(&t);
    }
}

UNIT_MAIN("location", {"locations", test_locations},
          {"gives up", test_gives_up}, {"refused", test_refused})
