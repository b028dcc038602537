/* conf: the language of nginx.conf, and what a directive is.
 *
 * A configuration is words, `;`, `{` and `}`.  What the words mean stands in
 * tables: each module of the proxy brings rows, one a directive, that say where
 * it may stand, how many arguments it takes, which function reads them and
 * where in the module's settings the value goes.  The parser knows none of
 * them by name.
 *
 * Settings are kept by scope.  There is a scope for the main level, one for
 * http, one for each server and one for each location, each with a settings
 * struct of every module; after the parsing a setting that a scope left unset
 * is taken from the scope around it (conf_merge), so a running request asks
 * its location alone. */

#ifndef STRATA_CONF_H
#define STRATA_CONF_H

#include "arena.h"

/* Where a directive may stand. */
enum conf_where {
    CONF_MAIN = 1,
    CONF_EVENTS = 2,
    CONF_HTTP = 4,
    CONF_SERVER = 8,
    CONF_LOCATION = 16,
    CONF_UPSTREAM = 32,
    CONF_TYPES = 64, /* inside types { } */
    CONF_MAP = 128,  /* inside map { } */
};

/* As a row's name: any first word.  Such a row stands where the words are data
 * (types, map); the block's own setter gave conf_block the subject. */
#define CONF_ANY_NAME "*"

#define CONF_MANY 1000 /* as the most arguments: any number */

/* How a setting is stored, and with it what "unset" looks like.  A number and
 * a pointer are set once in a scope: a second directive is refused before its
 * function is called. */
enum conf_kind {
    CONF_OTHER,   /* the row's function keeps it; nothing is inherited */
    CONF_NUMBER,  /* int64_t; unset is CONF_UNSET: flags, sizes, times, enums */
    CONF_BITS,    /* likewise, and what several directives say adds up */
    CONF_POINTER, /* any pointer; unset is NULL: texts, values */
    CONF_CHAIN    /* likewise, and several directives make one list */
};

#define CONF_UNSET INT64_MIN

struct conf;
struct conf_lex;
struct module;
struct log_file;
struct conf_row;

/* Reads cf->words into settings (the module's struct in the current scope).
 * False after conf_error, or with nothing said when the memory is out. */
typedef bool conf_set(struct conf *cf, const struct conf_row *row,
                      void *settings);

struct conf_row {
    const char *name; /* a row {0} ends a table */
    unsigned where;   /* of enum conf_where */
    int min, max;     /* arguments after the name */
    bool block;       /* takes { } instead of ; */
    conf_set *set;
    enum conf_kind kind;
    size_t offset;    /* of the setting in the module's struct */
    int64_t fallback; /* CONF_NUMBER: the value where no scope sets it */
    /* What the value may be: struct conf_choice[] for conf_set_choice and
     * _mask, a struct conf_range for every setter that reads numbers. */
    const void *allowed;
};

/* Rows of the usual kinds.  `at` is the setting's place in the module's struct;
 * a module says once
 *     #define AT(member) offsetof(struct its_settings, member)
 * A setter of one's own: keeping what it reads by itself, in a pointer, or in a
 * list that several directives add to. */
#define CONF_SETTER(name, where, min, max, set)                                \
    {name, where, min, max, false, set, CONF_OTHER, 0, 0, NULL}
#define CONF_POINTED(name, where, min, max, set, at)                           \
    {name, where, min, max, false, set, CONF_POINTER, at, 0, NULL}
#define CONF_LIST(name, where, min, max, set, at)                              \
    {name, where, min, max, false, set, CONF_CHAIN, at, 0, NULL}
#define CONF_BLOCK(name, where, min, max, set)                                 \
    {name, where, min, max, true, set, CONF_OTHER, 0, 0, NULL}

/* One word, which is a number or stands for one. */
#define CONF_ONE(name, where, set, at, fallback, allowed)                      \
    {name, where, 1, 1, false, set, CONF_NUMBER, at, fallback, allowed}
#define CONF_FLAG(name, where, at, fallback)                                   \
    CONF_ONE(name, where, conf_set_flag, at, fallback, NULL)
#define CONF_COUNT(name, where, at, fallback, range)                           \
    CONF_ONE(name, where, conf_set_number, at, fallback, range)
#define CONF_SIZE(name, where, at, fallback, range)                            \
    CONF_ONE(name, where, conf_set_size, at, fallback, range)
#define CONF_MSEC(name, where, at, fallback)                                   \
    CONF_ONE(name, where, conf_set_msec, at, fallback, &conf_any_time)
#define CONF_CHOICE(name, where, at, fallback, choices)                        \
    CONF_ONE(name, where, conf_set_choice, at, fallback, choices)
/* Words that add up, and any one text. */
#define CONF_MASK(name, where, at, fallback, choices)                          \
    {name,      where, 1,        CONF_MANY, false, conf_set_mask,              \
     CONF_BITS, at,    fallback, choices}
#define CONF_TEXT(name, where, at)                                             \
    CONF_POINTED(name, where, 1, 1, conf_set_text, at)

/* The words and their values; name NULL ends it. */
struct conf_choice {
    const char *name;
    int64_t value;
};

/* The smallest and the largest value of a number, and the unit that both are
 * written in: "" or, for times, "ms". */
struct conf_range {
    int64_t least, most;
    const char *unit;
};

/* Where nothing narrower is right.  No sum of two times and no product of a
 * count and a size is beyond an int64_t. */
extern const struct conf_range conf_any_count;  /* 0 to 2^31 - 1 */
extern const struct conf_range conf_any_size;   /* of memory: 1 to 1g */
extern const struct conf_range conf_any_offset; /* in a file: 0 to 2^63 - 1 */
extern const struct conf_range conf_any_time;   /* 0 to a hundred years */
#define CONF_HUNDRED_YEARS 3153600000000        /* ms */

/* A range of its own for a row: CONF_RANGE(1, 9). */
#define CONF_RANGE(least, most) (&(const struct conf_range){least, most, ""})

struct conf_scope {
    struct conf_scope *parent;
    struct conf_scope *next; /* all scopes, in the order they were opened */
    struct span file;        /* where its block ends; empty for the main one */
    unsigned line;
    void *settings[]; /* of each module; CONF_OF in module.h */
};

/* A file that was read, for -T; text is as it stands on the disk. */
struct conf_file {
    struct span path, text;
    struct conf_file *next;
};

/* A configuration while it is read. */
struct conf {
    const struct module *const *modules; /* all there are; NULL ends them */
    struct arena *arena; /* lives as long as the configuration is used */
    struct span prefix;  /* directory with final slash: -p */
    struct span conf_dir; /* of the main file, with final slash */
    struct conf_scope *scope, *scopes, **last_scope;
    unsigned where;      /* the block the parser is in */
    void *subject;       /* what it defines: a server, a location, ... */
    struct conf_scope *http; /* of the http block, or NULL */

    struct span *words;  /* the directive: its name, then the arguments; each
                          * ends in a NUL that is not counted */
    unsigned count;
    bool *quoted;        /* which of them stood in quotes */
    struct span file;    /* where it stands; empty: in the text of -g */
    unsigned line;       /* 0: no place at all */

    struct log_file *log_files; /* log_file.h: all that are named */
    struct value_name *names; /* value.h: variables that are defined here, */
    struct value_use *uses;   /* and names used before they were */
    /* Where no directive says: */
    struct span error_log, pid, access_log, body_temp;
    /* Takes what conf_warn says; may be NULL. */
    void (*warn)(struct conf *cf, const char *text);

    struct conf_lex *lex; /* the text that is being read */
    struct conf_file *files, **last_file;
    int depth;       /* of blocks and includes */
    struct err *err; /* the first error: nginx's words, " in FILE:LINE" */
};

/* Reads the file into a new main scope, merges and finishes all scopes.  The
 * caller has set modules, arena, prefix, the paths where no directive says,
 * warn and err; path is absolute.  `globals` is the text of -g, or empty.  NULL
 * with cf->err set on an error; cf->files lists what was read, the main file
 * first. */
struct conf_scope *conf_read(struct conf *cf, const char *path,
                             struct span globals);

/* Opens a scope below cf->scope, with fresh unset settings of every module.
 * NULL when the memory is out. */
struct conf_scope *conf_open_scope(struct conf *cf);

/* Reads the block that follows the current directive, up to its "}", with
 * `scope` and `subject` as the current ones and `where` as the place.  After
 * it everything in cf is again as the block's own directive left it, but for
 * the line, which is that of the "}". */
bool conf_block(struct conf *cf, unsigned where, struct conf_scope *scope,
                void *subject);

/* Sets cf->err to the message and " in FILE:LINE", unless there is one
 * already; always returns false. */
bool conf_error(struct conf *cf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Something to tell the user that is no error; " in FILE:LINE" is added. */
void conf_warn(struct conf *cf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A path as nginx takes it: relative to the prefix (conf_path) or to the
 * directory of the main configuration (conf_include_path). */
struct span conf_path(struct conf *cf, struct span path);
struct span conf_include_path(struct conf *cf, struct span path);

/* Ready-made setters; those of numbers refuse one outside of row->allowed. */
conf_set conf_set_flag;    /* on | off, as 1 and 0 */
conf_set conf_set_number;  /* a decimal number */
conf_set conf_set_size;    /* bytes, k, m, g (offsets too) */
conf_set conf_set_msec;    /* time in ms: 10ms 5s 2m 1h 1d 1w; bare: s */
conf_set conf_set_buffers; /* NUMBER SIZE: the number is kept */
conf_set conf_set_choice;  /* one of row->allowed */
conf_set conf_set_mask;    /* several of row->allowed; lines add up */
conf_set conf_set_text;    /* const struct span *, in the arena */

/* PATH [LEVEL [LEVEL [LEVEL]]]: the path below the prefix, as conf_set_text
 * keeps it.  The levels are checked, and that is all: they spread named files
 * over subdirectories, and ours have no names. */
conf_set conf_set_temp_path;

/* Read a number for setters of one's own; there is no way to one without its
 * bounds.  A sign may stand before a number that may be below 0.  False, with
 * *n as it was, when the text is no number: the caller says what; or when it is
 * out of bounds: that has been said. */
bool conf_parse_number(struct conf *cf, struct span text,
                       const struct conf_range *range, int64_t *n);
bool conf_parse_size(struct conf *cf, struct span text,
                     const struct conf_range *range, int64_t *bytes);
bool conf_parse_msec(struct conf *cf, struct span text,
                     const struct conf_range *range, int64_t *ms);

/* Reads a word NAME=NUMBER (a time where range->unit is "ms"); `name` ends in
 * its "=".  False, with nothing said, when the word is another; else after
 * `invalid WHAT "WORD"`. */
bool conf_parse_named(struct conf *cf, struct span word, struct span name,
                      const char *what, const struct conf_range *range,
                      int64_t *n);

#endif
