/* server_name: the names of servers, and which server a host name means. */

#ifndef STRATA_SERVER_NAME_H
#define STRATA_SERVER_NAME_H

#include "listen.h"
#include "regex.h"

struct server_name {
    struct server_name *next;
    enum { NAME_EXACT, NAME_HEAD, NAME_TAIL, NAME_REGEX } kind;
    struct span word; /* as it was written, but for the dot of ".example.com" */
    struct span text; /* NAME_HEAD ".example.com", NAME_TAIL "www.example." */
    bool bare;        /* NAME_HEAD from ".example.com": also example.com */
    struct regex *regex;
};

extern const struct module server_name_module;

/* $server_name: the first that the server around this scope has; or empty. */
struct span server_name_of(const struct conf_scope *scope);

/* The server, by its scope, for a host name (lower case, without port) at this
 * address.  NULL with err set when a regular expression gave up: nobody knows
 * then. */
struct conf_scope *server_name_find(const struct listen *l, struct span host,
                                    struct span *captures,
                                    struct regex **regex, struct err *err);

#endif
