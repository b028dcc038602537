/* location: the blocks that a URI is looked up in.
 *
 * The locations of a server, and those inside of a location, are settings of
 * the scope that they stand in. */

#ifndef STRATA_LOCATION_H
#define STRATA_LOCATION_H

#include "module.h"
#include "regex.h"

struct location {
    struct location *next;
    enum {
        LOCATION_PREFIX,    /* location /path */
        LOCATION_NO_REGEX,  /* location ^~ /path */
        LOCATION_EXACT,     /* location = /path */
        LOCATION_REGEX,     /* location ~ or ~* */
        LOCATION_NAMED,     /* location @name */
    } kind;
    struct span name;
    struct regex *regex;
    bool slash_added; /* /dir/ is passed on, and /dir sent there by 301 */
    struct conf_scope *scope;
};

struct location_settings {
    struct location *self;  /* whose scope this is; NULL: a server's */
    struct location *inner; /* those in it, in the order of the file */
    int64_t internal;       /* for internal redirects alone */
    void (*handler)(struct exchange *x); /* NULL: the next content handler */
    void *data;
};

extern const struct module location_module;

/* The location of a scope; NULL for a server's own. */
static inline struct location *location_of(const struct conf_scope *scope)
{
    const struct location_settings *s = CONF_OF(scope, &location_module);

    return s->self;
}

/* The location for a URI, among those of the server with this scope: exact,
 * then the longest prefix, then the regular expressions in order unless the
 * prefix forbids them (^~); inside the nested ones likewise.  *found is NULL
 * where the server's own scope serves.  False with err set when a regular
 * expression gave up: it may stand for a location that keeps the request
 * out. */
bool location_find(const struct conf_scope *server, struct span uri,
                   struct span *captures, struct regex **regex,
                   struct location **found, struct err *err);

/* Makes `handler` the one of the current location; false after conf_error
 * when it has one already. */
bool content_set(struct conf *cf, const char *directive,
                 void (*handler)(struct exchange *x), void *data);

#endif
