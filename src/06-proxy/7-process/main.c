/* strata-proxy: serves what an nginx.conf says, with nginx's command line.
 *
 *     strata-proxy [-?hvVtTq] [-s signal] [-p prefix] [-e file] [-c file]
 *                  [-g directives]
 *
 * Everything that main learns it passes on: below it nothing knows of options,
 * and nothing but the worker and the master that own them keeps any state. */

#include "accepted.h"
#include "command_line.h"
#include "master.h"
#include "net.h"
#include "pid_file.h"
#include "server_tokens.h"
#include "upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Where things are unless -p, -c, -e or the configuration say otherwise; a
 * build for another place sets these (-DSTRATA_PREFIX='"/opt/etc/"').  With -p
 * all of it is below the prefix: whoever names a directory wants a server of
 * their own, which must not meet the machine's. */
#ifndef STRATA_PREFIX
#define STRATA_PREFIX "/etc/strata/"
#endif
#ifndef STRATA_CONF
#define STRATA_CONF STRATA_PREFIX "nginx.conf"
#endif
#ifndef STRATA_ERROR_LOG
#define STRATA_ERROR_LOG "/var/log/strata-proxy-error.log"
#endif
#ifndef STRATA_PID
#define STRATA_PID "/run/strata-proxy.pid"
#endif
#ifndef STRATA_ACCESS_LOG
#define STRATA_ACCESS_LOG "/var/log/strata-proxy.log"
#endif
#ifndef STRATA_BODY_TEMP
#define STRATA_BODY_TEMP "/var/lib/strata-proxy"
#endif
#define PID_BELOW_PREFIX "strata-proxy.pid"
#define ACCESS_LOG_BELOW_PREFIX "logs/access.log"
#define ERROR_LOG_BELOW_PREFIX "logs/error.log"
#define BODY_TEMP_BELOW_PREFIX "client_body_temp"

static const char help[] =
    "Usage: strata-proxy [-?hvVtTq] [-s signal] [-p prefix]\n"
    "                    [-e filename] [-c filename] [-g directives]\n"
    "\n"
    "Options:\n"
    "  -?,-h         : this help\n"
    "  -v            : show version and exit\n"
    "  -V            : show version and configure options then exit\n"
    "  -t            : test configuration and exit\n"
    "  -T            : test configuration, dump it and exit\n"
    "  -q            : suppress non-error messages during configuration "
    "testing\n"
    "  -s signal     : send signal to a master process: stop, quit, reopen, "
    "reload\n"
    "  -p prefix     : set prefix path (default: " STRATA_PREFIX ")\n"
    "  -e filename   : set error log file (default: " STRATA_ERROR_LOG ")\n"
    "  -c filename   : set configuration file (default: " STRATA_CONF ")\n"
    "  -g directives : set global directives out of configuration file\n"
    "\n";

static const char configure[] =
    "built by cc " __VERSION__ "\n"
    "configure arguments: --prefix=" STRATA_PREFIX " --conf-path=" STRATA_CONF
    " --error-log-path=" STRATA_ERROR_LOG " --pid-path=" STRATA_PID
    " --http-log-path=" STRATA_ACCESS_LOG
    " --http-client-body-temp-path=" STRATA_BODY_TEMP "\n";

static int complain(const char *level, const char *text)
{
    fprintf(stderr, "strata-proxy: [%s] %s\n", level, text);
    return 1;
}

static void warn(struct conf *cf, const char *text)
{
    complain("warn", text);
}

static void show_version(const struct command_line *line)
{
    fprintf(stderr, "strata-proxy version: %s\n", server_signature(true).ptr);
    if (line->help)
        fputs(help, stderr);
    if (!line->configure)
        return;
    fputs(configure, stderr);
    fputs("accepted without effect:\n", stderr);
    for (const struct accepted *a = accepted_directives; a->name != NULL; a++)
        fprintf(stderr, "  %s: %s\n", a->name, a->reason);
}

/* What the options mean for paths.  False when the memory is out. */
static bool make_options(struct cycle_options *o, struct arena *arena,
                         const struct command_line *line)
{
    const char *prefix = line->prefix ? line->prefix : STRATA_PREFIX;
    const char *conf = line->conf ? line->conf : STRATA_CONF;
    const char *slash = prefix[strlen(prefix) - 1] == '/' ? "" : "/";

    *o = (struct cycle_options){
        .prefix = arena_printf(arena, "%s%s", prefix, slash).ptr,
        .error_log = line->error_log ? line->error_log
                     : line->prefix  ? ERROR_LOG_BELOW_PREFIX
                                     : STRATA_ERROR_LOG,
        .pid = line->prefix ? PID_BELOW_PREFIX : STRATA_PID,
        .access_log =
            line->prefix ? ACCESS_LOG_BELOW_PREFIX : STRATA_ACCESS_LOG,
        .body_temp = line->prefix ? BODY_TEMP_BELOW_PREFIX : STRATA_BODY_TEMP,
        .globals = line->globals ? line->globals : "",
        .warn = warn,
    };
    if (o->prefix == NULL)
        return false;
    o->conf = conf[0] == '/'
                  ? conf
                  : arena_printf(arena, "%s%s", o->prefix, conf).ptr;
    return o->conf != NULL;
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
    return cycle_open(c, NULL, true, err) &&
           pid_file_test(c->core->pid->ptr, err);
}

static int test(const struct command_line *line, const struct cycle_options *o)
{
    struct err err;
    struct cycle *c = cycle_read(o, &err);
    bool good = c != NULL && test_cycle(c, line, o, &err);

    if (!good) {
        complain("emerg", err.text);
        fprintf(stderr, "strata-proxy: configuration file %s test failed\n",
                o->conf);
    } else if (!line->quiet) {
        fprintf(stderr,
                "strata-proxy: configuration file %s test is successful\n",
                o->conf);
    }
    if (good && line->dump)
        dump(c);
    if (c != NULL)
        cycle_free(c, NULL);
    return good ? 0 : 1;
}

/* --- -s ---------------------------------------------------------------- */

static const struct {
    const char *name;
    int signo;
} signals[] = {
    {"stop", SIGTERM}, {"quit", SIGQUIT}, {"reopen", SIGUSR1},
    {"reload", SIGHUP},
};

/* nginx's words, and what they mean. */
static int nobody_runs(const char *level, const struct err *err)
{
    complain(level, err->text);
    fputs("strata-proxy: the server of this configuration does not run\n",
          stderr);
    return 1;
}

static int send_signal(const char *name, const struct cycle_options *o)
{
    struct err err;
    struct cycle *c = cycle_read(o, &err);
    bool good, there;
    size_t i = 0;
    pid_t pid;

    if (c == NULL)
        return complain("emerg", err.text);
    there = access(c->core->pid->ptr, F_OK) == 0;
    good = pid_file_read(c->core->pid->ptr, &pid, &err);
    cycle_free(c, NULL);
    if (!good)
        return there ? complain("error", err.text) : nobody_runs("error", &err);
    while (strcmp(signals[i].name, name) != 0)
        i++;
    if (kill(pid, signals[i].signo) == 0)
        return 0;
    err_set(&err, "kill(%d, %d) failed (%d: %s)", (int)pid, signals[i].signo,
            errno, strerror(errno));
    return errno == ESRCH ? nobody_runs("alert", &err)
                          : complain("alert", err.text);
}

/* --- The server -------------------------------------------------------- */

static int serve(const struct cycle_options *o, struct arena *arena,
                 char **argv)
{
    struct listen_sockets left;
    struct master_config config = {.options = o, .argv = argv};
    struct cycle *c;
    struct err err;

    master_block_signals();
    config.inherited = upgrade_inherit(&left, arena);
    c = cycle_read(o, &err);
    if (c == NULL)
        return complain("emerg", err.text);
    if (!cycle_open(c, config.inherited ? &left : NULL, false, &err)) {
        cycle_free(c, config.inherited ? &left : NULL);
        return complain("emerg", err.text);
    }
    if (config.inherited)
        listen_sockets_close(&left, &c->sockets, false);
    return master_run(c, &config);
}

int main(int argc, char **argv)
{
    struct command_line line;
    struct cycle_options options;
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
        show_version(&line);
    if (line.version && !line.test)
        return 0;
    arena_init(&arena, 1024);
    if (!make_options(&options, &arena, &line))
        status = complain("emerg", "out of memory");
    else if (line.signal != NULL)
        status = send_signal(line.signal, &options);
    else if (line.test)
        status = test(&line, &options);
    else
        status = serve(&options, &arena, argv);
    arena_free(&arena);
    return status;
}
