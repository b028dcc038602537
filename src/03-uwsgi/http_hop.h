/* http_hop: the fields that are for this hop alone, and are not passed on.
 *
 * A message goes from hop to hop, and some of its fields with it to the end;
 * others are about one connection (RFC 9110 7.6.1), about a framing that is
 * made anew, or are told in another way.  Which they are depends on where the
 * message goes: one table knows it for all. */

#ifndef STRATA_HTTP_HOP_H
#define STRATA_HTTP_HOP_H

#include "bytes.h"

enum http_hop {
    HOP_REQUEST = 1,   /* a client's request, on to another HTTP server */
    HOP_REPLY = 2,     /* a server's reply, on to the client */
    HOP_VARIABLES = 4, /* a request, on as HTTP_* variables */
    HOP_APPLICATION = 8, /* what an application may not say: PEP 3333 */
};

/* True for a field of this name, in any letter case, that is not passed on.
 * Those that a Connection field names are http_connection_names'. */
bool http_ends_here(struct span name, enum http_hop hop);

#endif
