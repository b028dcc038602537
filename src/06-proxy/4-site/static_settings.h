/* static_settings: the directives about files. */

#ifndef STRATA_STATIC_SETTINGS_H
#define STRATA_STATIC_SETTINGS_H

#include "module.h"
#include "mime.h"
#include "value.h"

struct index_name {
    struct index_name *next;
    struct value *name;
};

/* Where the files are: root, or alias, which stands in the place of what its
 * location's name matches. */
struct static_root {
    struct value *value;
    bool alias;
    size_t skip; /* bytes of the URI that an alias stands for */
    /* How deep it leads, for whoever asks whether a variable has led out of it:
     * the names in its text, without captures, which may be empty; and how
     * often the text itself says "..". */
    bool varies;
    unsigned names, ups;
};

struct static_settings {
    struct static_root *root; /* inherited as it is, an alias too */
    struct index_name *index;
    struct mime_table *types;
    const struct span *default_type;
    int64_t etag;
    int64_t if_modified_since; /* 0 off, 1 exact, 2 before */
    int64_t max_ranges;        /* -1: as many as there is room for */
    int64_t log_not_found;
};

/* Counts the names between the slashes of a path, without "." and "..", and
 * the ".."s. */
void static_count(struct span path, unsigned *names, unsigned *ups);

extern const struct module static_module;

#endif
