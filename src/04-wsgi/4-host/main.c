/* strata-wsgi: a Python application behind HTTP and uwsgi sockets. */

#include "net.h"
#include "wsgi_host.h"
#include "wsgi_log.h"
#include "wsgi_options.h"

#include <errno.h>
#include <getopt.h>
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

static void help(void)
{
    printf("usage: strata-wsgi --http-socket ADDR --wsgi-file FILE [option ...]"
           "\n\nServes a Python WSGI application over HTTP and the uwsgi "
           "protocol.\nThe options are uWSGI's:\n\n");
    wsgi_options_help(wsgi_options);
    printf("  -h, --help\n        this text\n"
           "  --version\n        the program's version\n");
}

/* What getopt_long returns for the long name of our first option: more than
 * any letter is. */
#define FIRST_LONG 1000

/* getopt_long's two tables, made from ours. */
struct tables {
    struct option *longs;
    char *shorts;
};

static bool make_tables(struct tables *t)
{
    size_t n = 0, letters = 0;

    while (wsgi_options[n].name != NULL)
        n++;
    t->longs = calloc(n + 3, sizeof *t->longs);
    t->shorts = calloc(2 * n + 3, 1);
    if (t->longs == NULL || t->shorts == NULL)
        return false;
    t->shorts[letters++] = 'h';
    for (size_t i = 0; i < n; i++) {
        const struct wsgi_option *o = &wsgi_options[i];
        t->longs[i] = (struct option){
            .name = o->name,
            .has_arg =
                o->arg == WSGI_VALUE ? required_argument : optional_argument,
            .val = FIRST_LONG + (int)i,
        };
        if (o->letter != 0)
            t->shorts[letters++] = o->letter;
        if (o->letter != 0 && o->arg == WSGI_VALUE)
            t->shorts[letters++] = ':';
    }
    t->longs[n] = (struct option){"help", no_argument, NULL, 'h'};
    t->longs[n + 1] = (struct option){"version", no_argument, NULL, 'v'};
    return true;
}

/* What the command line says: the configuration, and the options as they were
 * given, for uwsgi.opt: name, value, name, value. */
struct command_line {
    struct wsgi_config config;
    struct wsgi_texts given;
};

static bool take_option(struct command_line *line, const struct wsgi_option *o,
                        const char *value, struct err *err)
{
    return wsgi_option_apply(&line->config, o, value, err) &&
           wsgi_add_text(&line->given, o->name, err) &&
           wsgi_add_text(&line->given, value != NULL ? value : "true", err);
}

/* Reads the command line.  Exits for --help and --version. */
static bool read_options(struct command_line *line, const struct tables *t,
                         int argc, char **argv, struct err *err)
{
    int c;

    while ((c = getopt_long(argc, argv, t->shorts, t->longs, NULL)) != -1) {
        const struct wsgi_option *o =
            c >= FIRST_LONG ? &wsgi_options[c - FIRST_LONG]
                            : wsgi_option_lettered(wsgi_options, c);
        if (c == 'h') {
            help();
            exit(0);
        }
        if (c == 'v') {
            printf("strata-wsgi %s\n", STRATA_VERSION);
            exit(0);
        }
        if (o == NULL) /* getopt_long has said why */
            return err_set(err, "--help lists the options");
        if (!take_option(line, o, optarg, err))
            return false;
    }
    if (optind < argc)
        return err_set(err,
                       "\"%s\" is no option: the application is named by "
                       "--module or --wsgi-file; --help lists all options",
                       argv[optind]);
    if (line->config.socket_count == 0)
        return err_set(err, "there is nothing to listen on: give "
                            "--http-socket ADDR or --socket ADDR");
    return true;
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
    struct tables tables = {NULL, NULL};
    struct err err = {""};
    int status = 1;

    net_keep_standard();
    net_ignore_signals();
    wsgi_config_init(config);
    if (!make_tables(&tables))
        err_set(&err, "out of memory");
    else if (read_options(&line, &tables, argc, argv, &err) &&
             open_orders(&err) && wsgi_config_enter(config, &err) &&
             wsgi_config_listen(config, &err)) {
        announce(config);
        status = run(&line, &err);
    }
    if (err.text[0] != 0)
        fprintf(stderr, "strata-wsgi: %s\n", err.text);
    wsgi_config_free(config);
    wsgi_texts_free(&line.given);
    free(tables.longs);
    free(tables.shorts);
    return status;
}
