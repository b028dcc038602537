/* opened: a missing "}" is told with the line in which its block begins. */

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

static void test_the_innermost(void)
{
    is_refused("events { }\nhttp {\n",
               "unexpected end of file, expecting \"}\" for line 2");
    is_refused("events { }\nhttp {\n server {\n  location / {\n  }\n",
               "unexpected end of file, expecting \"}\" for line 3");
    is_refused("events\n{\n", "unexpected end of file, expecting \"}\" for line 2");
}

/* Blocks that were closed meanwhile are none. */
static void test_behind_others(void)
{
    is_refused("events { }\nhttp {\n server {\n }\n server { }\n",
               "unexpected end of file, expecting \"}\" for line 2");
}

UNIT_MAIN("opened", {"the innermost", test_the_innermost},
          {"behind others", test_behind_others})
