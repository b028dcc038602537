/* http_status: the registry of status codes (RFC 9110 15). */

#ifndef STRATA_HTTP_STATUS_H
#define STRATA_HTTP_STATUS_H

#include "bytes.h"

/* The reason phrase of a status code: as nginx words it in a status line where
 * it does ("Not Found", "Moved Temporarily"), else as the RFC does; "" for a
 * code without one. */
struct span http_reason(int status);

#endif
