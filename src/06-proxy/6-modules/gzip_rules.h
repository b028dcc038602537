/* gzip_rules: the gzip_* directives, and what they say of an answer. */

#ifndef STRATA_GZIP_RULES_H
#define STRATA_GZIP_RULES_H

#include "conf.h"

struct exchange;
struct gzip_types;
struct gzip_agents;

struct gzip_settings {
    int64_t on, vary, min_length, level, http_minor, proxied;
    const struct gzip_types *types;
    const struct gzip_agents *disable;
};

/* The answer is of a kind that is compressed, or says what such a one would:
 * its status, length and type, that it is not encoded yet and may be. */
bool gzip_wanted(struct exchange *x, const struct gzip_settings *s);

/* The client takes it: Accept-Encoding, the protocol's version, gzip_disable,
 * and gzip_proxied for requests that came through a proxy. */
bool gzip_allowed(struct exchange *x, const struct gzip_settings *s);

extern const struct conf_row gzip_rows[];

#endif
