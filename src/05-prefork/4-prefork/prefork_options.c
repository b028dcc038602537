/* prefork_options: the table of the options, and how a value of each kind is
 * taken. */

#include "prefork_options.h"
#include "supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct prefork_config, member)

/* A text that must be one: a file, a user. */
static bool apply_name(const struct wsgi_option *o, struct wsgi_config *c,
                       const char *value, struct err *err)
{
    if (*value == 0)
        return err_set(err, "found nothing, expected %s", o->value_name);
    return wsgi_apply_text(o, c, value, err);
}

/* Seconds, where 0 means never. */
static bool apply_seconds(const struct wsgi_option *o, struct wsgi_config *c,
                          const char *value, struct err *err)
{
    int64_t *ms = wsgi_option_field(o, c);
    struct err why;

    if (strcmp(value, "0") == 0) {
        *ms = 0;
        return true;
    }
    return wsgi_read_seconds(value, ms, &why) ||
           err_set(err, "%s, or 0", why.text);
}

/* The rows without an apply function are settled while the list of settings is
 * made (settings_add). */
const struct wsgi_option prefork_options[] = {
    {"ini", 0, WSGI_VALUE, "FILE[:SECTION]",
     "read settings from this file, here; a bare FILE.ini does the same", NULL,
     0},
    {"include", 0, WSGI_VALUE, NULL, NULL, NULL, 0},
    {"json", 'j', WSGI_VALUE, "FILE[:OBJECT]",
     "the same from JSON; a bare FILE.json does the same", NULL, 0},
    {"set-placeholder", 0, WSGI_VALUE, "KEY=VALUE",
     "define KEY for %(KEY) in later values", NULL, 0},
    {"set-ph", 0, WSGI_VALUE, NULL, NULL, NULL, 0},
    {"strict", 0, WSGI_FLAG, NULL,
     "an unknown key in a file is an error, not a placeholder", wsgi_apply_flag,
     AT(strict)},
    {"master", 'M', WSGI_FLAG, NULL,
     "run a master that keeps the workers alive and reloads them",
     wsgi_apply_flag, AT(master)},
    {"processes", 'p', WSGI_VALUE, "N", "how many workers (1)",
     wsgi_apply_number, AT(processes), 1, SUPERVISOR_MAX_WORKERS},
    {"workers", 0, WSGI_VALUE, NULL, NULL, wsgi_apply_number, AT(processes), 1,
     SUPERVISOR_MAX_WORKERS},
    {"threads", 0, WSGI_VALUE, "N",
     "how many requests a worker serves at a time (1)", wsgi_apply_number,
     AT(threads), 1, PREFORK_MAX_THREADS},
    {"enable-threads", 'T', WSGI_FLAG, NULL,
     "accepted for uWSGI's sake: the application's threads always run",
     wsgi_apply_flag, AT(accepted)},
    {"lazy-apps", 0, WSGI_FLAG, NULL,
     "import the application in each worker, not once for all", wsgi_apply_flag,
     AT(lazy_apps)},
    {"lazy", 0, WSGI_FLAG, NULL, NULL, wsgi_apply_flag, AT(lazy_apps)},
    {"max-requests", 'R', WSGI_VALUE, "N",
     "replace a worker that has served so many (0: never)", wsgi_apply_number,
     AT(max_requests), 0, UINT32_MAX},
    {"harakiri", 't', WSGI_VALUE, "SECONDS",
     "kill a worker that is so long at one request (0: never)", apply_seconds,
     AT(harakiri)},
    {"reload-mercy", 0, WSGI_VALUE, "SECONDS",
     "kill an old worker that has not finished by then (60; 0: wait)",
     apply_seconds, AT(mercy)},
    {"worker-reload-mercy", 0, WSGI_VALUE, NULL, NULL, apply_seconds,
     AT(mercy)},
    {"py-autoreload", 0, WSGI_VALUE, "SECONDS",
     "look so often for changed .py files, and reload (0: never)",
     apply_seconds, AT(autoreload)},
    {"py-auto-reload", 0, WSGI_VALUE, NULL, NULL, apply_seconds,
     AT(autoreload)},
    {"python-autoreload", 0, WSGI_VALUE, NULL, NULL, apply_seconds,
     AT(autoreload)},
    {"python-auto-reload", 0, WSGI_VALUE, NULL, NULL, apply_seconds,
     AT(autoreload)},
    {"touch-reload", 0, WSGI_VALUE, "FILE",
     "reload when this file is touched; may be repeated", wsgi_apply_list,
     AT(touch_reload)},
    {"daemonize", 'd', WSGI_VALUE, "LOG",
     "serve in the background, with the log in this file", apply_name,
     AT(daemonize)},
    {"logto", 0, WSGI_VALUE, "LOG",
     "write the log to this file; SIGUSR1 opens it anew", apply_name,
     AT(logto)},
    {"pidfile", 0, WSGI_VALUE, "FILE",
     "write the master's pid there when it serves", apply_name, AT(pidfile)},
    {"vacuum", 0, WSGI_FLAG, NULL,
     "at the end remove the pidfile and the unix sockets", wsgi_apply_flag,
     AT(vacuum)},
    {"uid", 0, WSGI_VALUE, "USER", "become this user, before binding",
     apply_name, AT(uid)},
    {"gid", 0, WSGI_VALUE, "GROUP", "become this group, before binding",
     apply_name, AT(gid)},
    {"die-on-term", 0, WSGI_FLAG, NULL,
     "accepted for uWSGI's sake: SIGTERM always stops", wsgi_apply_flag,
     AT(accepted)},
    {"stop", 0, WSGI_VALUE, "PIDFILE",
     "stop the server that wrote this file, and exit", apply_name, AT(stop)},
    {"reload", 0, WSGI_VALUE, "PIDFILE",
     "make the server that wrote this file reload, and exit", apply_name,
     AT(reload)},
    {"help", 'h', WSGI_FLAG, NULL, "print this, and exit", wsgi_apply_flag,
     AT(help)},
    {"version", 0, WSGI_FLAG, NULL, "print the version, and exit",
     wsgi_apply_flag, AT(version)},
    {0},
};

void prefork_config_init(struct prefork_config *c)
{
    *c = (struct prefork_config){.processes = 1, .threads = 1, .mercy = 60000};
    wsgi_config_init(&c->wsgi);
    c->wsgi.program = "strata-prefork";
}

void prefork_config_free(struct prefork_config *c)
{
    wsgi_config_free(&c->wsgi);
    wsgi_texts_free(&c->touch_reload);
    wsgi_texts_free(&c->remarks);
    free(c->daemonize);
    free(c->logto);
    free(c->pidfile);
    free(c->uid);
    free(c->gid);
    free(c->stop);
    free(c->reload);
    prefork_config_init(c);
}

void prefork_help(void)
{
    printf("strata-prefork %s: serves a Python application (PEP 3333) with a "
           "master and workers.\n\n"
           "usage: strata-prefork [options] [FILE.ini | FILE.json]\n\n"
           "Every option may stand in a file, without its dashes: "
           "processes = 4.\n\n"
           "SIGINT and SIGTERM stop, SIGQUIT stops when the running requests "
           "are done,\nSIGHUP reloads without a pause, SIGUSR1 opens the log "
           "anew.\n\nprocesses and files:\n",
           STRATA_VERSION);
    wsgi_options_help(prefork_options);
    printf("\nthe application and its sockets:\n");
    wsgi_options_help(wsgi_options);
}
