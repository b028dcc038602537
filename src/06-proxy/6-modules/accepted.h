/* accepted: directives that are read and checked as nginx does, and change
 * nothing here.
 *
 * They stand in everybody's nginx.conf, and no answer depends on them: they
 * tune something that this server does not have, or has in another way.  What
 * is accepted in silence looks as if it worked; so each has its reason beside
 * it, and `strata-proxy -V` prints them all. */

#ifndef STRATA_ACCEPTED_H
#define STRATA_ACCEPTED_H

#include "module.h"

extern const struct module accepted_module;

struct accepted {
    const char *name, *reason;
};

/* A NULL name ends it. */
extern const struct accepted accepted_directives[];

#endif
