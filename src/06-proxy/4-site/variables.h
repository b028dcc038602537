/* variables: what $names stand for, computed when asked. */

#ifndef STRATA_VARIABLES_H
#define STRATA_VARIABLES_H

#include "bytes.h"
#include "module.h"

struct exchange;

/* The variable with this name, and what follows its prefix; NULL: none. */
const struct variable *variable_find(struct span name, struct span *rest);

/* $request_uri: path and query as the client sent them. */
struct span request_uri(struct exchange *x);

/* connection_vars.c: values for the table of variables. */
struct span connection_get_host(struct exchange *x, struct span rest);
struct span connection_get_hostname(struct exchange *x, struct span rest);
struct span connection_get_server_name(struct exchange *x, struct span rest);
struct span connection_get_server_addr(struct exchange *x, struct span rest);
struct span connection_get_server_port(struct exchange *x, struct span rest);
struct span connection_get_server_protocol(struct exchange *x,
                                           struct span rest);
struct span connection_get_remote_addr(struct exchange *x, struct span rest);
struct span connection_get_remote_port(struct exchange *x, struct span rest);
/* $remote_user: whom Authorization names by the scheme Basic.  Nobody has asked
 * for the password: it says who somebody claims to be. */
struct span connection_get_remote_user(struct exchange *x, struct span rest);
struct span connection_get_binary_remote_addr(struct exchange *x,
                                              struct span rest);

#endif
