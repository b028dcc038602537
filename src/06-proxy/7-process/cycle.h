/* cycle: one configuration in use: what was read, and what was opened for it.
 *
 * A reload makes a new cycle beside the old one.  Sockets that both listen on
 * go from one to the other without being closed, so that no connection is
 * refused in between; everything else is opened anew. */

#ifndef STRATA_CYCLE_H
#define STRATA_CYCLE_H

#include "error_log.h"
#include "hooks.h"
#include "listen_sockets.h"
#include "core.h"

/* What the command line says about configurations. */
struct cycle_options {
    const char *prefix;    /* with final slash */
    const char *conf;      /* the file, absolute */
    const char *error_log; /* where the configuration names none */
    const char *pid, *access_log, *body_temp; /* likewise */
    const char *globals;   /* -g, or "" */
    void (*warn)(struct conf *cf, const char *text);
};

struct cycle {
    struct arena arena;
    struct conf_scope *main;
    struct conf_scope *http; /* NULL: no http block */
    const struct hooks *hooks; /* of the modules */
    const struct core_settings *core;
    const struct error_log *log; /* of the main level */
    struct conf_file *files;     /* for -T */
    struct log_file *log_files;
    struct listen *listens; /* NULL: nobody listens */
};

/* Reads and checks the configuration; touches nothing but its files.  NULL
 * with *err set. */
struct cycle *cycle_read(const struct cycle_options *options, struct err *err);

/* Opens logs and sockets, taking over those of `old` (may be NULL) that have
 * the same address.  False with *err set, and then old is as before.  With
 * `test` an address in use is no error. */
bool cycle_open(struct cycle *c, const struct listen *old, bool test,
                struct err *err);

/* In a daemon, what somebody says on the standard error (the C library before
 * it aborts, a new program before it has a log) has a reader in the error log
 * alone, and goes there from here on.  Where a log *is* the standard error,
 * that was wanted, and nothing changes. */
void cycle_keep_stderr(const struct cycle *c);

/* Gives everything back; sockets that are in `kept` (may be NULL) stay open.
 */
void cycle_free(struct cycle *c, const struct listen *kept);

#endif
