/* upgrade: see the header. */

#include "upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UPGRADE_VARIABLE "STRATA_SOCKETS"

/* 1100 numbers of up to ten digits; nobody listens on more. */
#define UPGRADE_TEXT 12000

/* In the child: all that the new program is not to inherit is close-on-exec
 * already, and the sockets are not to be. */
static _Noreturn void run_program(const struct listen_sockets *sockets,
                                  const char *text, char **argv)
{
    sigset_t none;

    for (unsigned i = 0; i < sockets->count; i++)
        for (unsigned k = 0; k < sockets->list[i].count; k++)
            fcntl(sockets->list[i].fds[k], F_SETFD, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    setenv(UPGRADE_VARIABLE, text, 1);
    execvp(argv[0], argv);
    fprintf(stderr, "strata-proxy: [alert] execvp() \"%s\" failed (%d: %s)\n",
            argv[0], errno, strerror(errno));
    _exit(127);
}

pid_t upgrade_start(const struct listen_sockets *sockets, char **argv,
                    struct err *err)
{
    struct buf text;
    pid_t pid = -1;

    buf_init(&text, UPGRADE_TEXT);
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

/* The variable goes away: a worker's children have no use for it. */
bool upgrade_inherit(struct listen_sockets *sockets, struct arena *arena)
{
    const char *text = getenv(UPGRADE_VARIABLE);

    if (text == NULL || !listen_sockets_inherit(sockets, arena, span_of(text)))
        return false;
    for (unsigned i = 0; i < sockets->count; i++)
        for (unsigned k = 0; k < sockets->list[i].count; k++)
            fcntl(sockets->list[i].fds[k], F_SETFD, FD_CLOEXEC);
    unsetenv(UPGRADE_VARIABLE);
    return true;
}
