/* error_log: what the proxy has to tell its operator.
 *
 * A line reads, as nginx's do,
 *   2026/11/22 17:00:00 [error] PID#TID: *CONNECTION message (2: No such ...)
 * Each scope of the configuration has its own list of logs; a message goes to
 * those whose level is not below its own. */

#ifndef STRATA_ERROR_LOG_H
#define STRATA_ERROR_LOG_H

#include "log_file.h"
#include "module.h"

enum error_level {
    ERROR_LOG_EMERG = 1,
    ERROR_LOG_ALERT,
    ERROR_LOG_CRIT,
    ERROR_LOG_ERROR,
    ERROR_LOG_WARN,
    ERROR_LOG_NOTICE,
    ERROR_LOG_INFO,
    ERROR_LOG_DEBUG,
};

struct error_log {
    struct error_log *next;
    enum error_level level; /* the least important that is written */
    struct log_file *file;
};

/* Does a message of this level go anywhere?  For callers whose message takes
 * work to make. */
bool error_log_wants(const struct error_log *log, int level);

/* Writes one line.  errnum, where it is not 0, is added with its text.  A
 * connection's number goes in front of the message: "*%llu ...". */
void error_log_write(const struct error_log *log, int level, int errnum,
                     const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same, with a text to follow errnum's: ", client: 10.0.0.1, ...". */
void error_log_write_about(const struct error_log *log, int level, int errnum,
                           const char *about, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A list of one log; NULL when the memory is out. */
struct error_log *error_log_new(struct conf *cf, struct span file,
                                enum error_level level);

/* The directive, in every scope. */
struct error_log_settings {
    struct error_log *log; /* never NULL once the configuration is read */
};

extern const struct module error_log_module;

static inline const struct error_log *
error_log_of(const struct conf_scope *scope)
{
    const struct error_log_settings *s = CONF_OF(scope, &error_log_module);

    return s->log;
}

#endif
