/* plan: what one generation of workers is started from: the settings as they
 * were read, the configuration that they make, and the open sockets. */

#ifndef STRATA_PLAN_H
#define STRATA_PLAN_H

#include "prefork_options.h"

struct plan {
    struct prefork_config config;
    struct settings settings;
};

/* Reads the command line and the files it names.  NULL with *err. */
struct plan *plan_read(char **argv, struct err *err);
void plan_free(struct plan *p);

/* Changes into --chdir and opens the sockets; one that `old` (or NULL) has
 * open is shared with it.  False with *err, and then the directory is as it
 * was. */
bool plan_open(struct plan *p, const struct plan *old, struct err *err);

/* Closes the sockets, in a process that works for another plan. */
void plan_close(struct plan *p);

/* Removes the files of the plan's unix sockets, as far as they are still its
 * own.  A signal handler may call it. */
void plan_remove_sockets(const struct plan *p);

#endif
