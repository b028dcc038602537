/* successor: forks, opens the sockets to the program that is to come, and runs
 * it; both sides of the environment variable that tells of them. */

#include "successor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OLD ".oldbin"

#define SOCKETS_VARIABLE "STRATA_SOCKETS"

/* 1100 numbers of up to ten digits; nobody listens on more. */
#define SOCKETS_TEXT 12000

static void set_descriptor_flags(const struct listen *list, int flags)
{
    for (; list != NULL; list = list->next)
        for (unsigned k = 0; k < list->socket_count; k++)
            fcntl(list->sockets[k], F_SETFD, flags);
}

/* In the child: all that the new program is not to inherit is close-on-exec
 * already, and the sockets are not to be. */
static _Noreturn void run_program(const struct listen *sockets,
                                  const char *text, char **argv)
{
    sigset_t none;

    set_descriptor_flags(sockets, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    setenv(SOCKETS_VARIABLE, text, 1);
    execvp(argv[0], argv);
    fprintf(stderr, "strata-proxy: [alert] execvp() \"%s\" failed (%d: %s)\n",
            argv[0], errno, strerror(errno));
    _exit(127);
}

static pid_t start(const struct listen *sockets, char **argv, struct err *err)
{
    struct buf text;
    pid_t pid = -1;

    buf_init(&text, SOCKETS_TEXT);
    if (!listen_sockets_print(sockets, &text) || !buf_add_char(&text, '\0')) {
        err_set(err, "too many sockets to hand over");
    } else {
        pid = fork();
        if (pid == 0)
            run_program(sockets, text.ptr, argv);
        if (pid < 0)
            err_set(err, "fork() failed (%d: %s)", errno, strerror(errno));
    }
    buf_free(&text);
    return pid;
}

static bool rename_file(struct pidfile *p, struct span name, const char *end,
                        struct err *err)
{
    char *to;
    bool ok = asprintf(&to, "%.*s%s", SPAN_ARG(name), end) >= 0;

    if (!ok)
        return err_set(err, "out of memory");
    ok = pidfile_rename(p, to) ||
         err_set(err, "rename() \"%s\" to \"%s\" failed (%d: %s)", p->path, to,
                 errno, strerror(errno));
    free(to);
    return ok;
}

bool successor_lost(struct pidfile *p, struct err *err)
{
    struct span name = span_of(p->path);

    name.len -= strlen(OLD);
    return rename_file(p, name, "", err);
}

pid_t successor_start(struct pidfile *p, const struct listen *sockets,
                      char **argv, struct err *err)
{
    struct err why;
    pid_t pid;

    if (!rename_file(p, span_of(p->path), OLD, err))
        return -1;
    pid = start(sockets, argv, err);
    if (pid < 0)
        successor_lost(p, &why);
    return pid;
}

/* The variable goes away: a worker's children have no use for it. */
bool successor_inherit(struct listen **sockets, struct arena *arena)
{
    const char *text = getenv(SOCKETS_VARIABLE);

    if (text == NULL || !listen_sockets_inherit(sockets, arena, span_of(text)))
        return false;
    set_descriptor_flags(*sockets, FD_CLOEXEC);
    unsetenv(SOCKETS_VARIABLE);
    return true;
}
