/* command_line: the options are a table; words are read letter by letter. */

#include "command_line.h"

#include "accepted.h"
#include "server_tokens.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

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

static const struct cycle_options usual = {
    .prefix = STRATA_PREFIX,
    .conf = STRATA_CONF,
    .error_log = STRATA_ERROR_LOG,
    .pid = STRATA_PID,
    .access_log = STRATA_ACCESS_LOG,
    .body_temp = STRATA_BODY_TEMP,
};

static const struct cycle_options below_prefix = {
    .conf = STRATA_CONF,
    .error_log = "logs/error.log",
    .pid = "strata-proxy.pid",
    .access_log = "logs/access.log",
    .body_temp = "client_body_temp",
};

/* The options: those without a value set a flag, the others a text. */
static const struct option {
    char letter;
    size_t flag, also; /* offsets; also: a second flag, or the same */
    size_t text;
    const char *value; /* what the value is called; NULL: there is none */
} options[] = {
#define AT(member) offsetof(struct command_line, member)
    {'?', AT(help), AT(version), 0, NULL},
    {'h', AT(help), AT(version), 0, NULL},
    {'v', AT(version), AT(version), 0, NULL},
    {'V', AT(configure), AT(version), 0, NULL},
    {'t', AT(test), AT(test), 0, NULL},
    {'T', AT(dump), AT(test), 0, NULL},
    {'q', AT(quiet), AT(quiet), 0, NULL},
    {'p', 0, 0, AT(options.prefix), "directory name"},
    {'e', 0, 0, AT(options.error_log), "file name"},
    {'c', 0, 0, AT(options.conf), "file name"},
    {'g', 0, 0, AT(options.globals), "parameter"},
    {'s', 0, 0, AT(order), "parameter"},
};

static const struct option *find_option(char letter)
{
    for (size_t i = 0; i < COUNT(options); i++)
        if (options[i].letter == letter)
            return &options[i];
    return NULL;
}

/* One word of options.  *next is the word after it, and moves on when an
 * option takes that one as its value. */
static bool read_word(struct command_line *line, const char *word, char ***next,
                      struct err *err)
{
    const struct option *o;

    for (const char *p = word; *p != '\0'; p++) {
        o = find_option(*p);
        if (o == NULL)
            return err_set(err, "invalid option: \"%c\"", *p);
        if (o->value == NULL) {
            *(bool *)((char *)line + o->flag) = true;
            *(bool *)((char *)line + o->also) = true;
            continue;
        }
        p = p[1] != '\0' ? p + 1 : **next != NULL ? *(*next)++ : "";
        if (*p == '\0')
            return err_set(err, "option \"-%c\" requires %s", o->letter,
                           o->value);
        *(const char **)((char *)line + o->text) = p;
        return true;
    }
    return true;
}

static int signal_of(const char *order)
{
    static const struct {
        const char *order;
        int signo;
    } signals[] = {
        {"stop", SIGTERM},
        {"quit", SIGQUIT},
        {"reopen", SIGUSR1},
        {"reload", SIGHUP},
    };

    for (size_t i = 0; i < COUNT(signals); i++)
        if (strcmp(signals[i].order, order) == 0)
            return signals[i].signo;
    return 0;
}

bool command_line_read(struct command_line *line, char **argv, struct err *err)
{
    char **next = argv[0] != NULL ? argv + 1 : argv;

    *line = (struct command_line){false};
    while (*next != NULL) {
        const char *word = *next++;

        if (word[0] != '-')
            return err_set(err, "invalid option: \"%s\"", word);
        if (!read_word(line, word + 1, &next, err))
            return false;
    }
    if (line->order == NULL)
        return true;
    line->signo = signal_of(line->order);
    return line->signo != 0 ||
           err_set(err, "invalid option: \"-s %s\"", line->order);
}

/* --- What is said about the program ----------------------------------- */

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

void command_line_answer(const struct command_line *line)
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

/* --- Where things are -------------------------------------------------- */

static const char *either(const char *given, const char *fallback)
{
    return given != NULL ? given : fallback;
}

bool command_line_places(struct command_line *line, struct arena *arena)
{
    struct cycle_options *o = &line->options;
    const struct cycle_options *d = o->prefix != NULL ? &below_prefix : &usual;
    const char *prefix = either(o->prefix, d->prefix);
    bool slash = prefix[strlen(prefix) - 1] == '/';

    o->prefix = arena_printf(arena, "%s%s", prefix, slash ? "" : "/").ptr;
    o->conf = either(o->conf, d->conf);
    o->error_log = either(o->error_log, d->error_log);
    o->pid = d->pid;
    o->access_log = d->access_log;
    o->body_temp = d->body_temp;
    o->globals = either(o->globals, "");
    if (o->prefix != NULL && o->conf[0] != '/')
        o->conf = arena_printf(arena, "%s%s", o->prefix, o->conf).ptr;
    return o->prefix != NULL && o->conf != NULL;
}
