/* pass: what proxy_pass and uwsgi_pass share: the rows of both families, and
 * how they name whom they pass to.
 *
 * The same directives under two names: PASS_ROWS("proxy", struct
 * proxy_settings) makes the rows of a family whose settings struct has a member
 * `pass`. */

#ifndef STRATA_PASS_H
#define STRATA_PASS_H

#include "call.h"
#include "chunk.h"

#define PASS_WHERE (CONF_HTTP | CONF_SERVER | CONF_LOCATION)

#define PASS_NUMBER(name, settings, setter, member, fallback, allowed)         \
    {                                                                          \
        name, PASS_WHERE, 1, 1, false, setter, CONF_NUMBER,                    \
            offsetof(settings, pass.member), fallback, allowed                 \
    }

#define PASS_ROWS(family, settings)                                            \
    PASS_NUMBER(family "_connect_timeout", settings, conf_set_msec,            \
                connect_timeout, 60000, &conf_any_time),                       \
        PASS_NUMBER(family "_send_timeout", settings, conf_set_msec,           \
                    send_timeout, 60000, &conf_any_time),                      \
        PASS_NUMBER(family "_read_timeout", settings, conf_set_msec,           \
                    read_timeout, 60000, &conf_any_time),                      \
        PASS_NUMBER(family "_buffer_size", settings, conf_set_size,            \
                    buffer_size, 8192, CONF_RANGE(1, FRONT_CHUNK)),            \
        PASS_NUMBER(family "_next_upstream_tries", settings, conf_set_number,  \
                    next_tries, 0, &conf_any_count),                           \
        PASS_NUMBER(family "_next_upstream_timeout", settings, conf_set_msec,  \
                    next_timeout, 0, &conf_any_time),                          \
        PASS_NUMBER(family "_pass_request_headers", settings, conf_set_flag,   \
                    pass_request_headers, 1, NULL),                            \
        PASS_NUMBER(family "_pass_request_body", settings, conf_set_flag,      \
                    pass_request_body, 1, NULL),                               \
        PASS_NUMBER(family "_ignore_client_abort", settings, conf_set_flag,    \
                    ignore_client_abort, 0, NULL),                             \
        {family "_next_upstream", PASS_WHERE, 1, CONF_MANY, false,             \
         conf_set_mask, CONF_NUMBER, offsetof(settings, pass.next_upstream),   \
         NEXT_ERROR | NEXT_TIMEOUT, pass_next_choices},                        \
        {family "_hide_header", PASS_WHERE, 1, 1, false, pass_add_name,        \
         CONF_POINTER, offsetof(settings, pass.hide), 0, NULL},                \
    {                                                                          \
        family "_pass_header", PASS_WHERE, 1, 1, false, pass_add_name,         \
            CONF_POINTER, offsetof(settings, pass.pass), 0, NULL               \
    }

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
struct group *pass_target_get(struct exchange *x,
                                 const struct pass_target *t,
                                 unsigned default_port);

#endif
