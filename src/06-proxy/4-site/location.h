/* location: which location a request has come to, and what it says of it. */

#ifndef STRATA_LOCATION_H
#define STRATA_LOCATION_H

#include "module.h"

/* The settings that a location's content handler is found by. */
struct location_settings {
    void (*handler)(struct exchange *x); /* NULL: the next content handler */
    void *data;
    int64_t internal; /* the location is for internal redirects alone */
};

/* Makes `handler` the one of the current location; false after conf_error
 * when it has one already. */
bool content_set(struct conf *cf, const char *directive,
                 void (*handler)(struct exchange *x), void *data);

extern const struct module location_module;

#endif
