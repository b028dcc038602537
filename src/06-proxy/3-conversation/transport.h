/* transport: bytes as the socket has them. */

#ifndef STRATA_TRANSPORT_H
#define STRATA_TRANSPORT_H

#include "connection.h"

extern const struct transport transport_plain;

#endif
