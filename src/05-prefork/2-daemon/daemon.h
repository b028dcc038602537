/* daemon: what a server does to live in the background: leave the terminal,
 * keep its log in a file, leave its pid where scripts find it, become another
 * user.
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
 * a word the parent says on its standard error that it did, with `log` as the
 * place to look, and exits with 1.
 * Returns the descriptor for daemon_report, or -1 with *err. */
int daemon_begin(const char *program, const char *log, struct err *err);

/* Says how the start went, once, and closes fd; nothing when fd is -1. */
void daemon_report(int fd, int status);

/* Becomes the user and the group with these names or numbers (NULL: as is);
 * the supplementary groups become the user's. */
bool daemon_become(const char *user, const char *group, struct err *err);

/* A pidfile: opened while there may still be the right to, written when the
 * server serves. */
struct pidfile {
    char *path; /* absolute, itself maybe a link; NULL: there is none */
    int fd;
    bool made; /* it was not there before, and no pid is in it yet */
};

bool pidfile_open(struct pidfile *p, const char *path, struct err *err);
bool pidfile_write(struct pidfile *p, pid_t pid, struct err *err);

/* Removes the file (or the link to it) if this process stands in it, and not
 * another that has taken its place.  A signal handler may call it. */
void pidfile_remove(const struct pidfile *p);

/* Closes it; removes it when it was made but not written. */
void pidfile_close(struct pidfile *p);

/* Sends the signal to the process whose pid stands in the file.  *err says why
 * not: no file, no pid in it, no such process. */
bool pidfile_signal(const char *path, int signo, struct err *err);

#endif
