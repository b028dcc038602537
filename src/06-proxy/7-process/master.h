/* master: the process that keeps a configuration served.
 *
 * It holds the sockets, starts workers through the supervisor, and obeys
 * nginx's signals: TERM, INT (end now), QUIT (end when all is answered), HUP
 * (read the configuration again), USR1 (open the logs again), USR2 (start the
 * program file anew beside this one), WINCH (retire the workers). */

#ifndef STRATA_MASTER_H
#define STRATA_MASTER_H

#include "cycle.h"

struct master_config {
    const struct cycle_options *options; /* for reloads */
    char **argv;                         /* for USR2 */
    bool inherited;                      /* started by USR2 */
};

/* Blocks the signals that the master obeys.  Call it before anyone can know
 * of the process. */
void master_block_signals(void);

/* Could the pid file be written?  Leaves everything as it is. */
bool master_may_begin(const struct cycle *c, struct err *err);

/* Goes into the background if the configuration says so, writes the pid file,
 * and serves until told to end.  The cycle is open; it is freed at the end.
 * Returns the exit status, or -1 with *err set when it could not begin. */
int master_run(struct cycle *cycle, const struct master_config *config,
               struct err *err);

#endif
