/* wsgi_options: uWSGI's names for what struct wsgi_config holds.
 *
 * One table for the command line and, in the next stage, for configuration
 * files: an option is a name, perhaps a letter, and a function that takes its
 * value in. */

#ifndef STRATA_WSGI_OPTIONS_H
#define STRATA_WSGI_OPTIONS_H

#include "wsgi_config.h"

enum wsgi_arg {
    WSGI_FLAG,  /* --name, or in a file name = true */
    WSGI_VALUE, /* --name VALUE */
};

struct wsgi_option {
    const char *name;
    char letter; /* 0: none */
    enum wsgi_arg arg;
    const char *value_name; /* for --help */
    const char *help;       /* NULL: another name of the option before it */
    /* Takes the value in; a flag's value is "true" or "false".  False with
     * *err set: what was found and what was expected (without the option's
     * name, which the caller puts before it). */
    bool (*apply)(const struct wsgi_option *o, struct wsgi_config *c,
                  const char *value, struct err *err);
    size_t at; /* the field of struct wsgi_config that it fills */
    uint64_t least, most; /* of a number */
};

/* The table, ended by a NULL name. */
extern const struct wsgi_option wsgi_options[];

/* The option of a table with this name (no dashes), with this letter; NULL
 * when there is none. */
const struct wsgi_option *wsgi_option_named(const struct wsgi_option *table,
                                            struct span name);
const struct wsgi_option *wsgi_option_lettered(const struct wsgi_option *table,
                                               int letter);

/* Applies one option.  `value` NULL is a flag without value.  As in uWSGI a
 * flag is off for false, off, no and 0 in any letter case, and on for anything
 * else.  *err names the option. */
bool wsgi_option_apply(struct wsgi_config *c, const struct wsgi_option *o,
                       const char *value, struct err *err);

/* Writes the table as the list of options in --help. */
void wsgi_options_help(const struct wsgi_option *table);

/* Ready-made apply functions: a text (char *, freed with the configuration), a
 * list that grows by a text (struct wsgi_texts), a flag (bool), a whole number
 * in [least, most] (uint64_t). */
bool wsgi_apply_text(const struct wsgi_option *o, struct wsgi_config *c,
                     const char *value, struct err *err);
bool wsgi_apply_list(const struct wsgi_option *o, struct wsgi_config *c,
                     const char *value, struct err *err);
bool wsgi_apply_flag(const struct wsgi_option *o, struct wsgi_config *c,
                     const char *value, struct err *err);
bool wsgi_apply_number(const struct wsgi_option *o, struct wsgi_config *c,
                       const char *value, struct err *err);

/* The field of *c that option o fills in. */
static inline void *wsgi_option_field(const struct wsgi_option *o,
                                      struct wsgi_config *c)
{
    return (char *)c + o->at;
}

/* For tables above this one: a time in seconds (decimals allowed) as
 * milliseconds. */
bool wsgi_read_seconds(const char *value, int64_t *ms, struct err *err);

#endif
