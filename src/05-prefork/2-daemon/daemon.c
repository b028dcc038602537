/* daemon: into the background, under another name, with a log behind it. */

#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* O_RDWR, as in uWSGI: a FIFO opens at once, also where nobody reads it yet, or
 * no more; this is done in a signal handler too. */
int daemon_open_log(const char *path, struct err *err)
{
    int fd =
        open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

    if (fd < 0)
        err_set(err, "cannot open the log %s: %s%s", path, strerror(errno),
                errno == ENOENT ? " (make its directory first)" : "");
    return fd;
}

void daemon_use_log(int fd)
{
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

bool daemon_reopen_log(const char *path, struct err *err)
{
    int fd = daemon_open_log(path, err);

    if (fd >= 0)
        daemon_use_log(fd);
    return fd >= 0;
}

/* The parent's part: waits for the child's word, and ends as it says; when
 * that is bad, after the child has ended, who then has nothing left open. */
static _Noreturn void wait_for_child(pid_t pid, int fd, const char *program,
                                     const char *log)
{
    unsigned char status = 0;
    sigset_t none;
    ssize_t n;

    sigemptyset(&none); /* the terminal may end the waiting, not the child */
    sigprocmask(SIG_SETMASK, &none, NULL);
    do
        n = read(fd, &status, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        status = 1;
    if (status != 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        if (log != NULL)
            fprintf(stderr, "%s: the server ended before it served, see %s\n",
                    program, log);
    }
    _exit(status);
}

int daemon_begin(const char *program, const char *log, struct err *err)
{
    int ends[2], null;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        err_set(err, "cannot make a pipe: %s", strerror(errno));
        return -1;
    }
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        err_set(err, "cannot fork: %s", strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    if (pid > 0) {
        close(ends[1]);
        wait_for_child(pid, ends[0], program, log);
    }
    close(ends[0]);
    setsid();
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        if (null != STDIN_FILENO)
            close(null);
    }
    return ends[1];
}

void daemon_report(int fd, int status)
{
    unsigned char byte = (unsigned char)status;

    if (fd < 0)
        return;
    if (write(fd, &byte, 1) < 0)
        fprintf(stderr, "nobody waits for the start any more\n");
    close(fd);
}

/* A number that may be somebody's: the largest means "nobody" to chown and its
 * like. */
static bool is_id(const char *name, uint64_t *number)
{
    return span_decimal(span_of(name), number) && *number < UINT32_MAX;
}

#define ID_EXPECTED "expected a name or a number from 0 to 4294967294"

static bool find_user(const char *name, uid_t *uid, gid_t *gid, char *known,
                      size_t size, struct err *err)
{
    uint64_t number;
    bool numeric = is_id(name, &number);
    const struct passwd *user =
        numeric ? getpwuid((uid_t)number) : getpwnam(name);

    *known = 0;
    if (user != NULL) {
        *uid = user->pw_uid;
        *gid = user->pw_gid;
        snprintf(known, size, "%s", user->pw_name);
        return true;
    }
    if (!numeric)
        return err_set(err, "--uid %s: there is no such user, " ID_EXPECTED,
                       name);
    *uid = (uid_t)number; /* a number without a name is a user too */
    return true;
}

static bool find_group(const char *name, gid_t *gid, struct err *err)
{
    uint64_t number;
    const struct group *group = getgrnam(name);

    if (group == NULL && !is_id(name, &number))
        return err_set(err, "--gid %s: there is no such group, " ID_EXPECTED,
                       name);
    *gid = group != NULL ? group->gr_gid : (gid_t)number;
    return true;
}

/* Groups first: afterwards there is no right to. */
const char *daemon_drop(const char *name, gid_t member, uid_t uid, gid_t gid)
{
    if (geteuid() == 0 &&
        (name != NULL ? initgroups(name, member) : setgroups(0, NULL)) < 0)
        return name != NULL ? "initgroups" : "setgroups";
    if (setgid(gid) < 0)
        return "setgid";
    return setuid(uid) < 0 ? "setuid" : NULL;
}

bool daemon_become(const char *user, const char *group, struct err *err)
{
    uid_t uid = getuid();
    gid_t gid = getgid(), own = gid;
    char name[256] = "";
    const char *call;

    if (user != NULL && !find_user(user, &uid, &own, name, sizeof name, err))
        return false;
    if (group != NULL && !find_group(group, &gid, err))
        return false;
    if (user == NULL && group == NULL)
        return true;
    call =
        daemon_drop(name[0] ? name : NULL, group != NULL ? gid : own, uid, gid);
    if (call == NULL)
        return true;
    if (group != NULL && strcmp(call, "setuid") != 0)
        return err_set(err, "--gid %s: %s: %s", group, call, strerror(errno));
    return err_set(err, "--uid %s: %s: %s", user != NULL ? user : "as is", call,
                   strerror(errno));
}
