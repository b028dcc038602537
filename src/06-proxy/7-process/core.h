/* core: the directives of the process itself: the main level and
 * events { }. */

#ifndef STRATA_CORE_H
#define STRATA_CORE_H

#include "module.h"

#include <sched.h>
#include <sys/types.h>

struct core_user {
    struct span name; /* NUL after it */
    uid_t uid;
    gid_t gid;
};

/* `env NAME` keeps a variable, `env NAME=VALUE` sets it. */
struct core_env {
    struct core_env *next;
    struct span text;
};

/* worker_cpu_affinity: worker n runs on masks[(n - 1) % count] or, with
 * `each`, on the one CPU of its number among those of masks[0]. */
struct core_affinity {
    bool each;
    unsigned count;
    cpu_set_t masks[];
};

/* Of the main scope. */
struct core_settings {
    const struct core_user *user; /* NULL: not root, so nobody else can be */
    const struct span *pid;       /* an absolute path */
    const struct span *working_directory;
    struct core_env *env;
    const struct core_affinity *affinity;
    int64_t daemon, master_process;
    int64_t worker_processes;
    int64_t worker_priority;
    int64_t worker_rlimit_nofile, worker_rlimit_core; /* -1: as it is */
    int64_t worker_shutdown_timeout; /* ms; 0: for ever */

    /* events { } */
    int64_t has_events;
    int64_t worker_connections;
    int64_t multi_accept;
};

extern const struct module core_module;

static inline const struct core_settings *
core_settings(const struct conf_scope *scope)
{
    return CONF_OF(scope, &core_module);
}

#endif
