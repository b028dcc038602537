/* allowed: a directive in the wrong block is told with the right ones. */

#include "conf_file.h"
#include "modules.h"
#include "unit.h"

static void is_refused(const char *text, const char *message)
{
    struct conf_file_test t;

    CU_ASSERT_PTR_NULL(conf_file_read(&t, modules, text));
    CU_ASSERT_STRING_EQUAL(conf_file_error(&t), message);
    conf_file_free(&t);
}

static void test_one_place(void)
{
    is_refused("listen 80;",
               "\"listen\" directive is not allowed here, but in server");
    is_refused("events { } http { worker_processes 1; }",
               "\"worker_processes\" directive is not allowed here, but in main");
}

static void test_several_places(void)
{
    is_refused("root /srv;", "\"root\" directive is not allowed here, but in "
                             "http, server, location");
    is_refused("events { error_log x; }",
               "\"error_log\" directive is not allowed here, but in "
               "main, http, server, location");
}

/* A block in http and an address in upstream: two rows. */
static void test_several_rows(void)
{
    is_refused("server { }", "\"server\" directive is not allowed here, but in "
                             "http, upstream");
}

UNIT_MAIN("allowed", {"one place", test_one_place},
          {"several places", test_several_places},
          {"several rows", test_several_rows})
