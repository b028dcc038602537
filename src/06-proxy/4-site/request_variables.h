/* request_variables: what is known of a request, and in connection_variables.c
 * of its two ends, computed when a value asks for it. */

#ifndef STRATA_REQUEST_VARIABLES_H
#define STRATA_REQUEST_VARIABLES_H

#include "module.h"

/* $request_uri: path and query as the client sent them. */
struct span request_uri(struct exchange *x);

/* $1, and $name of (?<name>...): what a regular expression has captured. */
struct span get_capture(struct exchange *x, struct span name);

extern const struct module request_variables_module;
extern const struct module connection_variables_module;

#endif
