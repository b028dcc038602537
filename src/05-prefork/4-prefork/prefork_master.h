/* prefork_master: what the supervisor's master does here: read the settings
 * anew, look after files, write uWSGI's log lines. */

#ifndef STRATA_PREFORK_MASTER_H
#define STRATA_PREFORK_MASTER_H

#include "pidfile.h"
#include "prefork_worker.h"
#include "watch.h"

struct prefork {
    struct prefork_worker worker; /* what the processes below begin with */
    char **argv;
    int home; /* the directory where the program was started */
    struct plan *current, *next; /* next: while its workers start */
    struct supervisor_config supervisor;
    struct pidfile pidfile;
    int daemon; /* for daemon_report, or -1 */
    /* Files: of the code, of code that did not load, of --touch-reload. */
    struct watch code, broken, touched;
};

extern const struct supervisor_signal prefork_signals[];

/* Runs master and workers until they are told to stop; the exit status. */
int prefork_run_master(struct prefork *p);

/* The server serves: writes the pidfile, lets a waiting terminal go. */
void prefork_is_up(struct prefork *p);

#endif
