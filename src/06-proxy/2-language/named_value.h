/* named_value: a list of names with values, which directives of one scope add
 * to: fields of an answer or of a request, parameters of a packet. */

#ifndef STRATA_NAMED_VALUE_H
#define STRATA_NAMED_VALUE_H

#include "conf.h"
#include "value.h"

struct named_value {
    struct named_value *next;
    struct span name;
    struct value *value;
    bool marked; /* the row's word stood behind it */
};

/* NAME VALUE, and as a third argument, where `max` is 3, nothing but the row's
 * word: at the end of the list. */
conf_set conf_add_named;
#define CONF_NAMED(name, where, max, at, word)                                 \
    {name, where, 2, max, false, conf_add_named, CONF_CHAIN, at, 0, word}

#endif
