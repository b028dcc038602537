/* group: the servers behind the front, by name.
 *
 * A group (upstream NAME { }) has peers, the servers that may be asked; an
 * address that a pass directive names is a group as well, of the peers that it
 * means. */

#ifndef STRATA_GROUP_H
#define STRATA_GROUP_H

#include "module.h"
#include "net.h"

struct exchange;

struct peer {
    struct net_addr addr;
    struct span name; /* "127.0.0.1:9090", for logs */
    int64_t weight, max_fails, fail_timeout, max_conns;
    bool down, backup;

    /* What this worker knows of it. */
    int64_t current, effective; /* of the smooth weighted round robin */
    int64_t fails, checked, failed_at;
    int64_t connections;
};

struct group {
    struct group *next;
    struct span name;
    bool implicit; /* named by a pass directive alone: it is an address */
    unsigned default_port;
    struct span file; /* where it was first named */
    unsigned line;
    struct peer *peers;
    unsigned count, room;
};

/* The upstream module's settings in the main scope: all of them. */
struct groups {
    struct group *first;
};

/* The group of this name or address ("backend", "127.0.0.1:9090",
 * "unix:/path"); its block may come later in the configuration.
 * `default_port` is for an address without one.  NULL without memory. */
struct group *group_named(struct conf *cf, struct span name,
                          unsigned default_port);
/* At run time, for a pass directive with variables: a group, or an address
 * that needs no resolver, made in the exchange's arena; NULL when neither. */
struct group *group_resolve(struct exchange *x, struct span address,
                            unsigned default_port);
extern const struct module upstream_module;

#endif
