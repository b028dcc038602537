/* nearest: an unknown directive is told with the known one next to it. */

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

static void test_slips(void)
{
    is_refused("worker_proceses 2;", "unknown directive \"worker_proceses\", "
                                     "did you mean \"worker_processes\"?");
    is_refused("http { sendfiles on; }", "unknown directive \"sendfiles\", did "
                                         "you mean \"sendfile\"?");
    is_refused("http { servar { } }",
               "unknown directive \"servar\", did you mean \"server\"?");
    is_refused("http { server { lisetn 80; } }",
               "unknown directive \"lisetn\", did you mean \"listen\"?");
}

/* Three changes are another word, and so is one that stands elsewhere. */
static void test_too_far(void)
{
    is_refused("worker_proc 2;", "unknown directive \"worker_proc\"");
    is_refused("lisetn 80;", "unknown directive \"lisetn\"");
    is_refused("zzzzzzzz;", "unknown directive \"zzzzzzzz\"");
}

UNIT_MAIN("nearest", {"slips", test_slips}, {"too far", test_too_far})
