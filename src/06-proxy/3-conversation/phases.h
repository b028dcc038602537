/* phases: the way of a request to its answer. */

#ifndef STRATA_PHASES_H
#define STRATA_PHASES_H

#include "module.h"

struct exchange;

enum phase_result {
    PHASE_NEXT, /* go on with the next phase */
    PHASE_DONE, /* answered, or being answered */
};

/* `return`, on the server's level and the location's. */
enum phase_result return_phase(struct exchange *x);

/* The settings that a location's content handler is found by. */
struct content_settings {
    void (*handler)(struct exchange *x); /* NULL: files from the disk */
    void *data;
    int64_t internal; /* the location is for internal redirects alone */
};

/* Runs x through all phases, until one has answered. */
void phases_run(struct exchange *x);

extern const struct module content_module, return_module;

/* Makes `handler` the one of the current location; false after conf_error
 * when it has one already. */
bool content_set(struct conf *cf, const char *directive,
                 void (*handler)(struct exchange *x), void *data);

#endif
