/* upstream_variables: values for the table of variables. */

#ifndef STRATA_UPSTREAM_VARIABLES_H
#define STRATA_UPSTREAM_VARIABLES_H

#include "bytes.h"

struct exchange;

struct span upstream_get_addr(struct exchange *x, struct span rest);
struct span upstream_get_status(struct exchange *x, struct span rest);
struct span upstream_get_time(struct exchange *x, struct span rest);
struct span upstream_get_http(struct exchange *x, struct span rest);
struct span proxy_get_host(struct exchange *x, struct span rest);
struct span proxy_get_port(struct exchange *x, struct span rest);

#endif
