/* settings: what the command line and the configuration files say, as one list.
 *
 * uWSGI knows no "file first, command line second": every source is read where
 * it is named, and all of them become one list of keys and values, to be
 * applied in order.  This module makes the list.  It does not know which keys
 * there are; a key that is nobody's option is a placeholder that other values
 * can name. */

#ifndef STRATA_SETTINGS_H
#define STRATA_SETTINGS_H

#include "bytes.h"

#include <sys/types.h>

#define SETTINGS_MAX_FILE  (1 << 20) /* bytes of a configuration file */
#define SETTINGS_MAX_DEPTH 16        /* files in files, values in values */
#define SETTINGS_WAIT      5000      /* ms, for who writes to a FIFO */
#define SETTINGS_MAX_FILES 1000      /* read, all in all */
#define SETTINGS_MAX_NAMES 10000     /* placeholders in one value, expanded */

struct setting {
    char *key;
    char *value;   /* NULL: the key stood alone */
    char *file;    /* NULL: the command line */
    unsigned line; /* 0: unknown */
    bool used;     /* another value named it */
};

struct settings {
    struct setting *list;
    size_t count, room;
    unsigned depth; /* of the file being read */
    unsigned files; /* read so far */
    unsigned names; /* placeholders met so far in the value being expanded */
};

/* Frees the list; the settings are empty afterwards.  An empty list is all
 * zeros. */
void settings_free(struct settings *s);

/* Appends a copy; `file` is NULL for the command line.  Two kinds of keys are
 * settled here.  ini, include, json: the file that they name is read in this
 * place.  set-ph and set-placeholder, KEY=VALUE: KEY is appended. */
bool settings_add(struct settings *s, struct span key, const char *value,
                  const char *file, unsigned line, struct err *err);

/* Reads a file, JSON where its name ends in .json, else ini.  The name may end
 * in :SECTION; otherwise the section (the object, in JSON) is "uwsgi".  *err
 * says file, line, what was found, what was expected. */
bool settings_read(struct settings *s, const char *name, struct err *err);

/* The value of list[i] with its placeholders replaced, to be freed:
 *     %(key)    the first setting with that key, itself expanded
 *     %(key+2)  the same in arithmetic; also - * /
 *     $(NAME)   the environment
 *     @(file)   the contents of a file, without the newline at its end
 * What is not defined stays as it stands.  *value is NULL when the key stood
 * alone.  Fails when a value names itself or too many others, or gets too
 * long. */
bool settings_expand(struct settings *s, size_t i, char **value,
                     struct err *err);

/* Appends to `text` what comes next of a file that was opened with O_NONBLOCK:
 * how many bytes, 0 at the end, -1 with errno: ENOBUFS, there is no room;
 * ETIME, it is a FIFO to which nobody writes. */
ssize_t settings_read_on(int fd, struct buf *text);

/* *err = what `why` says, with "wsgi.ini:3: " before it where the setting
 * stands in a file; always false. */
bool settings_fail(const struct setting *at, const struct err *why,
                   struct err *err);

#endif
