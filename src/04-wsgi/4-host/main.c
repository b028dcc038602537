/* strata-wsgi: a Python application behind HTTP and uwsgi sockets. */

#include "net.h"
#include "wsgi_command_line.h"
#include "wsgi_host.h"
#include "wsgi_log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the signal handler gives.  A handler has no other way to know. */
static struct wsgi_orders orders;

static void on_stop(int signo)
{
    int saved = errno;

    if (wsgi_is_for_us(&orders, signo))
        wsgi_order(&orders, signo == SIGQUIT ? WSGI_FINISH : WSGI_LEAVE);
    errno = saved;
}

/* From here on SIGQUIT means: finish, and SIGINT and SIGTERM: leave.  Each does
 * so once: the second one ends the program as it would any other.  A request
 * may take for ever, and Python, before it ends, waits for the application's
 * threads, unless they are daemons. */
static void catch_stops(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGQUIT};
    struct sigaction action = {.sa_handler = on_stop,
                               .sa_flags = (int)SA_RESETHAND};

    for (size_t i = 0; i < COUNT(signals); i++)
        sigaction(signals[i], &action, NULL);
}

static bool open_orders(struct err *err)
{
    if (!wsgi_orders_open(&orders))
        return err_set(err, "eventfd: %s", strerror(errno));
    catch_stops();
    return true;
}

static bool print_help(const struct wsgi_option *o, struct wsgi_config *c,
                       const char *value, struct err *err);

static bool print_version(const struct wsgi_option *o, struct wsgi_config *c,
                          const char *value, struct err *err)
{
    printf("strata-wsgi %s\n", STRATA_VERSION);
    exit(0);
}

static const struct wsgi_option own_options[] = {
    {"help", 'h', WSGI_FLAG, NULL, "this text", print_help, 0},
    {"version", 0, WSGI_FLAG, NULL, "the program's version", print_version, 0},
    {0},
};

static bool print_help(const struct wsgi_option *o, struct wsgi_config *c,
                       const char *value, struct err *err)
{
    printf("usage: strata-wsgi --http-socket ADDR --wsgi-file FILE [option ...]"
           "\n\nServes a Python WSGI application over HTTP and the uwsgi "
           "protocol.\nThe options are uWSGI's:\n\n");
    wsgi_options_help(wsgi_options);
    wsgi_options_help(own_options);
    exit(0);
}

/* What the command line says: the configuration, and the options as they were
 * given, for uwsgi.opt: name, value, name, value. */
struct command_line {
    struct wsgi_config config;
    struct wsgi_texts given;
};

static bool take_option(void *whose, const struct wsgi_option *o,
                        const char *value, struct err *err)
{
    struct command_line *line = whose;

    if (o == NULL)
        return err_set(err,
                       "\"%s\" is no option: the application is named by "
                       "--module or --wsgi-file; --help lists all options",
                       value);
    return wsgi_option_apply(&line->config, o, value, err) &&
           wsgi_add_text(&line->given, o->name, err) &&
           wsgi_add_text(&line->given, value != NULL ? value : "true", err);
}

static bool read_options(struct command_line *line, char **argv,
                         struct err *err)
{
    static const struct wsgi_option *const tables[] = {wsgi_options,
                                                       own_options, NULL};
    const struct wsgi_command_line words = {tables, take_option, line};

    if (!wsgi_read_command_line(&words, argv, err))
        return false;
    return line->config.socket_count > 0 ||
           err_set(err, "there is nothing to listen on: give "
                        "--http-socket ADDR or --socket ADDR");
}

static void announce(const struct wsgi_config *c)
{
    char date[WSGI_LOG_DATE];

    wsgi_log_date(date);
    wsgi_log("*** Starting strata-wsgi %s (%zubit) on [%s] ***", STRATA_VERSION,
             8 * sizeof(void *), date);
    wsgi_config_log_sockets(c);
}

/* Interpreter, application, requests. */
static int run(const struct command_line *line, struct err *err)
{
    const struct wsgi_config *config = &line->config;
    int status = 0;
    enum wsgi_load loaded;
    struct wsgi_host *host = wsgi_host_start(config, err);

    if (host == NULL)
        return 1;
    for (size_t i = 0; i < line->given.count; i += 2)
        wsgi_host_add_opt(host, line->given.list[i], line->given.list[i + 1]);
    wsgi_log("*** Operational MODE: single process ***");
    loaded = wsgi_host_load(host, &status);
    catch_stops(); /* the application may have put handlers of its own there */
    if (loaded == WSGI_NOT_LOADED)
        status = wsgi_status_without_app(config);
    if (status == 0 && loaded != WSGI_EXIT) {
        const struct wsgi_server server = {
            .host = host,
            .orders = &orders,
            .last_call = {WSGI_LAST_CALL, WSGI_LAST_CALL},
            .alone = true,
        };
        const struct wsgi_identity me = {1, 0, 1};
        wsgi_host_identify(host, &me);
        wsgi_log("spawned strata-wsgi worker 1 (and the only) (pid: %d, "
                 "cores: 1)",
                 getpid());
        status = wsgi_serve(&server, err) ? 0 : 1;
    }
    wsgi_host_stop(host);
    return status;
}

int main(int argc, char **argv)
{
    struct command_line line = {.given = {NULL, 0}};
    struct wsgi_config *config = &line.config;
    struct err err = {""};
    int status = 1;

    net_keep_standard();
    net_ignore_signals();
    wsgi_config_init(config);
    if (read_options(&line, argv, &err) && open_orders(&err) &&
        wsgi_config_enter(config, &err) && wsgi_config_listen(config, &err)) {
        announce(config);
        status = run(&line, &err);
    }
    if (err.text[0] != 0)
        fprintf(stderr, "strata-wsgi: %s\n", err.text);
    wsgi_config_free(config);
    wsgi_texts_free(&line.given);
    return status;
}
