/* setup: from a case and a stage to a running program
 * (corpus/README.md, "How programs are started").
 *
 * A worker has one host: a folder, a program and, at stage 6, perhaps an
 * application behind it.  A program that runs is used again by the next case
 * that would start it in the same way. */

#ifndef RUNNER_SETUP_H
#define RUNNER_SETUP_H

#include "process.h"

/* What the whole run is started with. */
struct setup {
    const char *corpus;   /* the folder of the cases */
    const char *tree;     /* the shared copy of www and apps */
    char *const *wrap;    /* words before the program's: valgrind ... */
    char *const *backend; /* the application server of stage 6 */
    double scale;
};

struct host {
    const struct setup *setup;
    char *folder;   /* the worker's own, for configurations and logs */
    struct mem mem; /* of what is running */
    struct program program, backend;
    char *key, *backend_key; /* how they were started; NULL: not running */
    char *tree;              /* the folder with www and apps in use */
    char *access_log;
    unsigned plays;       /* host_ready gave it out so often since it started */
    struct buf complaint; /* of a memory checker, the first; empty: none */
};

bool host_init(struct host *h, const struct setup *setup, const char *folder,
               struct err *e);
void host_free(struct host *h);

/* Has the program of this stage run as the case wants it, with upstreams on
 * the ports of `w`.  `words` is the program's command.  `fresh`: anew, even if
 * it runs.  But for START_DONE there is a sentence in e. */
enum start host_ready(struct host *h, const struct corpus_case *c, int stage,
                      char *const *words, const struct world *w, bool fresh,
                      struct err *e);

/* The command line as a person would type it, with ADDR for its address. */
void host_command(const struct host *h, const struct corpus_case *c, int stage,
                  char *const *words, struct buf *out);

void host_stop(struct host *h);

/* True when a case may not share a program with others. */
bool host_wants_own(const struct corpus_case *c, int stage);

#endif
