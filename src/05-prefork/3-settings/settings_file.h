/* settings_file: the two kinds of configuration files, ini and JSON, and the
 * magic words that both may hold.  What they read they hand on, and they know
 * of no list. */

#ifndef STRATA_SETTINGS_FILE_H
#define STRATA_SETTINGS_FILE_H

#include "bytes.h"

#define SETTINGS_MAX_VALUE (1 << 16) /* bytes of a line, and of a value */

/* Where a text comes from. */
struct settings_source {
    const char *name;    /* as it was given, without the section */
    const char *path;    /* absolute, without links */
    const char *section; /* as it was given; NULL: none was */
    /* Takes each key with its value (NULL: the key stood alone) and its line
     * (0: unknown), in the file's order; false with *err ends the reading. */
    bool (*emit)(const struct settings_source *source, struct span key,
                 const char *value, unsigned line, struct err *err);
    void *to; /* emit's own */
};

/* Each hands on what `text` holds, by source->emit. */
bool settings_read_ini(const struct settings_source *source, struct span text,
                       struct err *err);
bool settings_read_json(const struct settings_source *source, struct span text,
                        struct err *err);

/* Appends text with uWSGI's magic words replaced:
 *     %d  directory of the file, with a slash    %s  its name
 *     %n  the name without its extension         %e  the extension
 *     %p  the whole path                         %c  the directory's name
 *     %v  the working directory                  %x  the section
 *     %h  the host's name                        %%  a percent sign
 *     %u %g  user and group as numbers           %U %G  as names
 *     %k  processors                             %t  seconds since 1970
 * Another %, such as that of %(key), stays as it is. */
bool settings_magic(struct buf *out, const struct settings_source *source,
                    struct span text);

#endif
