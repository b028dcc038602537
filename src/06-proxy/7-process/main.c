/* strata-proxy: serves what an nginx.conf says, with nginx's command line.
 *
 *     strata-proxy [-?hvVtTq] [-s signal] [-p prefix] [-e file] [-c file]
 *                  [-g directives]
 *
 * Everything that main learns it passes on: below it nothing knows of options,
 * and nothing but the worker and the master that own them keeps any state. */

#include "command_line.h"
#include "master.h"
#include "net.h"
#include "successor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int complain(const char *level, const char *text)
{
    fprintf(stderr, "strata-proxy: [%s] %s\n", level, text);
    return 1;
}

static void warn(struct conf *cf, const char *text)
{
    complain("warn", text);
}

/* --- -t and -T --------------------------------------------------------- */

static void dump(const struct cycle *c)
{
    for (const struct conf_file *f = c->files; f != NULL; f = f->next) {
        printf("# configuration file %s:\n", f->path.ptr);
        fwrite(f->text.ptr, 1, f->text.len, stdout);
        printf("\n");
    }
}

static bool test_cycle(struct cycle *c, const struct command_line *line,
                       const struct cycle_options *o, struct err *err)
{
    if (!line->quiet)
        fprintf(stderr,
                "strata-proxy: the configuration file %s syntax is ok\n",
                o->conf);
    return cycle_open(c, NULL, true, err) && master_may_begin(c, err);
}

static int test(const struct command_line *line, const struct cycle_options *o)
{
    struct err err;
    struct cycle *c = cycle_read(o, &err);
    bool ok = c != NULL && test_cycle(c, line, o, &err);

    if (!ok) {
        complain("emerg", err.text);
        fprintf(stderr, "strata-proxy: configuration file %s test failed\n",
                o->conf);
    } else if (!line->quiet) {
        fprintf(stderr,
                "strata-proxy: configuration file %s test is successful\n",
                o->conf);
    }
    if (ok && line->dump)
        dump(c);
    if (c != NULL)
        cycle_free(c, NULL);
    return ok ? 0 : 1;
}

/* --- -s ---------------------------------------------------------------- */

/* nginx's words, and what they mean. */
static int nobody_runs(const char *level, const struct err *err)
{
    complain(level, err->text);
    fputs("strata-proxy: the server of this configuration does not run\n",
          stderr);
    return 1;
}

static int send_to(const char *path, int signo)
{
    char text[PIDFILE_TEXT];
    pid_t pid = pidfile_read(path, text);
    struct err err;

    if (pid == 0 && errno == 0) {
        err_set(&err, "invalid PID number \"%s\" in \"%s\"", text, path);
        return complain("error", err.text);
    }
    if (pid == 0) {
        err_set(&err, "open() \"%s\" failed (%d: %s)", path, errno,
                strerror(errno));
        return errno == ENOENT ? nobody_runs("error", &err)
                               : complain("error", err.text);
    }
    if (kill(pid, signo) == 0)
        return 0;
    err_set(&err, "kill(%d, %d) failed (%d: %s)", (int)pid, signo, errno,
            strerror(errno));
    return errno == ESRCH ? nobody_runs("alert", &err)
                          : complain("alert", err.text);
}

static int send_signal(int signo, const struct cycle_options *o)
{
    struct err err;
    struct cycle *c = cycle_read(o, &err);
    int status;

    if (c == NULL)
        return complain("emerg", err.text);
    status = send_to(c->core->pid->ptr, signo);
    cycle_free(c, NULL);
    return status;
}

/* --- The server -------------------------------------------------------- */

static int serve(const struct cycle_options *o, struct arena *arena,
                 char **argv)
{
    struct listen *left = NULL; /* by the program whose successor this is */
    struct master_config config = {.options = o, .argv = argv};
    struct cycle *c;
    struct err err;
    int status;

    master_block_signals();
    config.inherited = successor_inherit(&left, arena);
    c = cycle_read(o, &err);
    if (c == NULL)
        return complain("emerg", err.text);
    if (!cycle_open(c, left, false, &err)) {
        cycle_free(c, left);
        return complain("emerg", err.text);
    }
    listen_sockets_close(left, c->listens, false);
    status = master_run(c, &config, &err);
    return status < 0 ? complain("emerg", err.text) : status;
}

int main(int argc, char **argv)
{
    struct command_line line;
    struct arena arena;
    struct err err;
    int status;

    net_keep_standard();
    net_ignore_signals();
    tzset();
    if (!command_line_read(&line, argv, &err)) {
        fprintf(stderr,
                "strata-proxy: %s\nstrata-proxy: -h lists the options\n",
                err.text);
        return 1;
    }
    if (line.version)
        command_line_answer(&line);
    if (line.version && !line.test)
        return 0;
    arena_init(&arena, 1024);
    line.options.warn = warn;
    if (!command_line_places(&line, &arena))
        status = complain("emerg", "out of memory");
    else if (line.signo != 0)
        status = send_signal(line.signo, &line.options);
    else if (line.test)
        status = test(&line, &line.options);
    else
        status = serve(&line.options, &arena, argv);
    arena_free(&arena);
    return status;
}
