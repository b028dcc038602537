/* prefork_options: what strata-prefork can be told, and strata-wsgi cannot.
 *
 * The rows have the shape of the rows of stage 4, and are applied by the same
 * function: struct prefork_config begins with a struct wsgi_config, so that a
 * pointer to the one is a pointer to the other. */

#ifndef STRATA_PREFORK_OPTIONS_H
#define STRATA_PREFORK_OPTIONS_H

#include "settings.h"
#include "wsgi_options.h"

#define PREFORK_MAX_THREADS 256 /* of one worker */

struct prefork_config {
    struct wsgi_config wsgi; /* must be first */

    bool master;
    uint64_t processes, threads;
    bool lazy_apps;
    uint64_t max_requests; /* of one worker; 0: no limit */
    int64_t harakiri;      /* times in milliseconds; 0: no limit */
    int64_t mercy;         /* from a graceful stop to SIGKILL */
    int64_t autoreload;    /* between two looks; 0: never */
    struct wsgi_texts touch_reload;

    char *daemonize, *logto, *pidfile;
    bool vacuum, strict;
    char *uid, *gid;
    bool accepted; /* options that change nothing, see their help */

    char *stop, *reload; /* pidfiles: do that and nothing else */
    bool help, version;

    struct wsgi_texts remarks; /* for the log: lines about the settings */
};

/* The defaults.  What is set later is copied; prefork_config_free gives it
 * back. */
void prefork_config_init(struct prefork_config *c);
void prefork_config_free(struct prefork_config *c);

/* The table, ended by a NULL name. */
extern const struct wsgi_option prefork_options[];

/* Reads the command line into the list, and with it the files it names; a word
 * that is no option is a configuration file. */
bool prefork_read_command_line(struct settings *s, char **argv,
                               struct err *err);

/* Applies the list, in order; what nobody knows is remarked upon, or refused
 * under --strict.  *err begins with file and line. */
bool prefork_apply(struct prefork_config *c, struct settings *s,
                   struct err *err);

/* Prints the whole of --help. */
void prefork_help(void);

#endif
