/* pass: what proxy_pass and uwsgi_pass share: the rows of both families, and
 * how they name whom they pass to.
 *
 * The same directives under two names: PASS_ROWS("proxy") makes the rows of a
 * family whose settings struct has a member `pass`. */

#ifndef STRATA_PASS_H
#define STRATA_PASS_H

#include "call.h"
#include "chunk.h"

#define PASS_WHERE (CONF_HTTP | CONF_SERVER | CONF_LOCATION)

/* In terms of AT, the place of a member in the family's struct. */
#define PASS_ROWS(family)                                                      \
    CONF_MSEC(family "_connect_timeout", PASS_WHERE, AT(pass.connect_timeout), \
              60000),                                                          \
        CONF_MSEC(family "_send_timeout", PASS_WHERE, AT(pass.send_timeout),   \
                  60000),                                                      \
        CONF_MSEC(family "_read_timeout", PASS_WHERE, AT(pass.read_timeout),   \
                  60000),                                                      \
        CONF_SIZE(family "_buffer_size", PASS_WHERE, AT(pass.buffer_size),     \
                  8192, CONF_RANGE(1, FRONT_CHUNK)),                           \
        CONF_COUNT(family "_next_upstream_tries", PASS_WHERE,                  \
                   AT(pass.next_tries), 0, &conf_any_count),                   \
        CONF_MSEC(family "_next_upstream_timeout", PASS_WHERE,                 \
                  AT(pass.next_timeout), 0),                                   \
        CONF_FLAG(family "_pass_request_headers", PASS_WHERE,                  \
                  AT(pass.pass_request_headers), 1),                           \
        CONF_FLAG(family "_pass_request_body", PASS_WHERE,                     \
                  AT(pass.pass_request_body), 1),                              \
        CONF_FLAG(family "_ignore_client_abort", PASS_WHERE,                   \
                  AT(pass.ignore_client_abort), 0),                            \
        CONF_MASK(family "_next_upstream", PASS_WHERE, AT(pass.next_upstream), \
                  NEXT_ERROR | NEXT_TIMEOUT, pass_next_choices),               \
        CONF_LIST(family "_hide_header", PASS_WHERE, 1, 1, pass_add_name,      \
                  AT(pass.hide)),                                              \
        CONF_LIST(family "_pass_header", PASS_WHERE, 1, 1, pass_add_name,      \
                  AT(pass.pass))

extern const struct module proxy_module, uwsgi_module;

extern const struct conf_choice pass_next_choices[];

/* Setters; the settings are the family's. */
conf_set pass_add_name;

/* A pass directive's target: a group, or a value that names one at run time. */
struct pass_target {
    struct group *group; /* NULL: the name has variables */
    struct value *name;  /* then this */
};

/* Reads a target; false after conf_error. */
bool pass_target_set(struct conf *cf, struct pass_target *t, struct span name,
                     unsigned default_port);
/* The group, or the address, of that name; NULL when it is neither: 502 was
 * answered. */
struct group *pass_group(struct exchange *x, struct span name,
                         unsigned default_port);
/* As pass_group, where the target has no group of its own. */
struct group *pass_target_get(struct exchange *x, const struct pass_target *t,
                              unsigned default_port);

#endif
