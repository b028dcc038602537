/* daemon: who may be a user or a group.  Nothing is changed here: each of these
 * is refused before the first system call that would. */

#include "daemon.h"
#include "unit.h"

#include <unistd.h>

static void refused(const char *user, const char *group, const char *message)
{
    uid_t uid = getuid();
    gid_t gid = getgid();
    struct err err;

    CU_ASSERT_FALSE(daemon_become(user, group, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, message));
    CU_ASSERT_EQUAL(getuid(), uid);
    CU_ASSERT_EQUAL(getgid(), gid);
}

/* 2^32 is 0, root, for who looks at 32 bits alone. */
static void numbers(void)
{
    static const char *const beyond[] = {"4294967295", "4294967296",
                                         "18446744073709551616", "-1", "0x0"};

    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        refused(beyond[i], NULL, "no such user, expected a name or a number "
                                 "from 0 to 4294967294");
        refused(NULL, beyond[i], "no such group, expected a name or a number "
                                 "from 0 to 4294967294");
    }
}

static void names(void)
{
    refused("no-such-user", NULL, "there is no such user");
    refused(NULL, "no-such-group", "there is no such group");
}

UNIT_MAIN("daemon", {"numbers", numbers}, {"names", names})
