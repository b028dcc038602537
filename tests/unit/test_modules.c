/* test_modules: the configuration with all modules in it, and what they say of
 * directives that cannot be. */

#include "modules.h"

#include "conf_file.h"
#include "unit.h"

static void test_refused(void)
{
    static const char *const table[][2] = {
        {"location / { return 200 $nobody; }", "unknown \"nobody\" variable"},
        {"location / { return 200 ${uri; }",
         "the closing bracket in \"uri\" variable is missing"},
        {"location / { return nonsense; }",
         "invalid return code \"nonsense\", value must be between 0 and 999"},
        {"location / { uwsgi_pass 127.0.0.1; uwsgi_pass 127.0.0.1; }",
         "\"uwsgi_pass\" directive is duplicate"},
        {"location / { proxy_pass 127.0.0.1; }", "invalid URL prefix"},
        {"location / { root /a; alias /b; }",
         "\"alias\" directive is duplicate, \"root\" directive was specified "
         "earlier"},
        {"location / { gzip_comp_level 10; }",
         "value must be between 1 and 9, not \"10\""},
        {"access_log /dev/null nothing;", "unknown log format \"nothing\""},
    };

    for (size_t i = 0; i < COUNT(table); i++) {
        struct conf_file_test t;
        char conf[512];

        snprintf(conf, sizeof conf, "events {} http { server { %s } }",
                 table[i][0]);
        CU_ASSERT_PTR_NULL(conf_file_read(&t, modules, conf));
        CU_ASSERT_STRING_EQUAL(conf_file_error(&t), table[i][1]);
        if (strcmp(t.err.text, table[i][1]) != 0)
            printf("\n  %s\n    %s\n", table[i][0], t.err.text);
        conf_file_free(&t);
    }
}

UNIT_MAIN("modules", {"refused", test_refused})
