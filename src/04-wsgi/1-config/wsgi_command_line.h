/* wsgi_command_line: a command line of long options, letters and words. */

#ifndef STRATA_WSGI_COMMAND_LINE_H
#define STRATA_WSGI_COMMAND_LINE_H

#include "wsgi_options.h"

/* The tables of a program, ended by NULL, and who takes what is found in turn:
 * an option with its value (NULL: a flag that stands alone), or a word that is
 * no option (o NULL). */
struct wsgi_command_line {
    const struct wsgi_option *const *tables;
    bool (*take)(void *whose, const struct wsgi_option *o, const char *value,
                 struct err *err);
    void *whose;
};

/* Reads it, as getopt_long would: --name value, --name=value, a name cut short
 * as long as one option alone begins so, -n value, -nvalue, flags of one letter
 * in one word.  False with *err when there is no such option, a value is
 * missing, or `take` says so. */
bool wsgi_read_command_line(const struct wsgi_command_line *line, char **argv,
                            struct err *err);

/* The option of this name (no dashes) in one of the tables, or NULL. */
const struct wsgi_option *
wsgi_option_in(const struct wsgi_option *const *tables, struct span name);

#endif
