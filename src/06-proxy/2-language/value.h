/* value: text with variables in it, "$scheme://$host$uri", as directives take
 * it; compiled when the configuration is read, evaluated for each exchange.
 *
 * A variable is a row of some module, or a name that the configuration itself
 * defines (a capture of a regular expression).  What an exchange is does not
 * matter here: it is handed on to the row's function. */

#ifndef STRATA_VALUE_H
#define STRATA_VALUE_H

#include "module.h"
#include "regex.h"

struct value;

/* Compiles text.  NULL after conf_error (a "$" that no name follows) or without
 * memory.  A name may be defined later in the configuration:
 * value_check_names tells. */
struct value *value_compile(struct conf *cf, struct span text);

/* Setter and row of a setting that holds a struct value *. */
conf_set conf_set_value;
#define CONF_VALUE(name, where, at)                                            \
    CONF_POINTED(name, where, 1, 1, conf_set_value, at)

/* The text for this exchange, in the arena or where the configuration or a
 * variable has it; ptr NULL for one variable that has no value. */
struct span value_eval(struct arena *a, struct exchange *x,
                       const struct value *v);

/* The length of the "$name" or "${name}" that text begins with. */
size_t value_name_length(struct span text);

/* The variable with this name, as far as the configuration has been read, and
 * what its function is handed as `rest`; NULL: none.  A whole name goes before
 * a prefix. */
const struct variable *variable_find(const struct conf *cf, struct span name,
                                     struct span *rest);

/* Defines the named captures of a regular expression as variables that `get`
 * reads by their name. */
bool value_define_captures(struct conf *cf, const struct regex *re,
                           struct span (*get)(struct exchange *x,
                                              struct span name));

/* After the whole configuration was read: false after conf_error when a name
 * was used that nobody has defined. */
bool value_check_names(struct conf *cf);

#endif
