/* value: text with variables in it, "$scheme://$host$uri", as directives take
 * it; compiled when the configuration is read, evaluated for each exchange. */

#ifndef STRATA_VALUE_H
#define STRATA_VALUE_H

#include "conf.h"

struct exchange;
struct regex;

struct value;

/* Compiles text.  NULL after conf_error: a "$" that no name follows.  A name
 * that a regular expression captures may be defined later in the
 * configuration: value_check_names tells. */
struct value *value_compile(struct conf *cf, struct span text);

/* Setter and row of a setting that holds a struct value *. */
conf_set conf_set_value;
#define CONF_VALUE(name, where, at)                                            \
    CONF_POINTED(name, where, 1, 1, conf_set_value, at)

/* The text for this exchange, in its arena or the configuration's. */
struct span value_eval(struct exchange *x, const struct value *v);

/* The length of the "$name" or "${name}" that text begins with. */
size_t value_name_length(struct span text);

/* Registers the named captures of a regular expression as variables; after
 * the whole configuration was read, value_check_names refuses the names that
 * nobody has defined. */
bool value_define_captures(struct conf *cf, const struct regex *re);
bool value_check_names(struct conf *cf);

#endif
