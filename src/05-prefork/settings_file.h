/* settings_file: the two kinds of configuration files, ini and JSON, and the
 * magic words that both may hold.  Only settings.c uses this. */

#ifndef STRATA_SETTINGS_FILE_H
#define STRATA_SETTINGS_FILE_H

#include "settings.h"

/* Where a text comes from. */
struct settings_source {
    const char *name;    /* as it was given, without the section */
    const char *path;    /* absolute, without links */
    const char *section; /* as it was given; NULL: none was */
};

/* Each adds what `text` holds.  An included name that begins with ":" is
 * another section of the same file. */
bool settings_read_ini(struct settings *s, const struct settings_source *source,
                       struct span text, struct err *err);
bool settings_read_json(struct settings *s,
                        const struct settings_source *source, struct span text,
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
