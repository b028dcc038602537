/* static_settings: the directives about files. */

#ifndef STRATA_STATIC_SETTINGS_H
#define STRATA_STATIC_SETTINGS_H

#include "conf.h"
#include "mime.h"
#include "value.h"

struct index_name {
    struct index_name *next;
    struct value *name;
};

struct static_settings {
    struct value *root;
    struct value *alias; /* not inherited: it belongs to its location */
    struct index_name *index;
    struct mime_table *types;
    const struct span *default_type;
    int64_t etag;
    int64_t if_modified_since; /* 0 off, 1 exact, 2 before */
    int64_t max_ranges;        /* -1: as many as there is room for */
    int64_t log_not_found;
};

extern struct conf_module static_module;

#endif
