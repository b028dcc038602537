/* daemon: what a server does to live in the background: leave the terminal,
 * keep its log in a file, become another user.
 *
 * It knows neither Python nor HTTP; the proxy uses it too. */

#ifndef STRATA_DAEMON_H
#define STRATA_DAEMON_H

#include "bytes.h"

#include <sys/types.h>

/* Opens a log for appending (mode 0640 when it is new), or -1 with *err. */
int daemon_open_log(const char *path, struct err *err);

/* Makes the open file fd standard output and standard error, and closes it.  A
 * signal handler may call this and the next one. */
void daemon_use_log(int fd);

/* Opens the log at `path` again, for after a rotation, and uses it; false with
 * *err, and then the old one is still in use. */
bool daemon_reopen_log(const char *path, struct err *err);

/* Goes into the background: this call returns in a child with a session of its
 * own and /dev/null as standard input.  The parent waits until the child says
 * how its start went, and exits with that status; when the child ends without
 * a word the parent exits with 1, and says on its standard error that it did,
 * with `log` as the place to look (NULL: the child has the terminal still).
 * Returns the descriptor for daemon_report, or -1 with *err. */
int daemon_begin(const char *program, const char *log, struct err *err);

/* Says how the start went, once, and closes fd; nothing when fd is -1. */
void daemon_report(int fd, int status);

/* Becomes the user and the group with these names or numbers (NULL: as is);
 * the supplementary groups become the user's. */
bool daemon_become(const char *user, const char *group, struct err *err);

/* The same for who knows the numbers: `name` is the user's, whose supplementary
 * groups are taken on, and `member` too; NULL: none are.  Returns NULL, or the
 * name of the call that failed, and errno says why. */
const char *daemon_drop(const char *name, gid_t member, uid_t uid, gid_t gid);

#endif
