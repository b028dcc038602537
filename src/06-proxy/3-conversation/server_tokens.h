/* server_tokens: what the proxy calls itself in Server fields and pages. */

#ifndef STRATA_SERVER_TOKENS_H
#define STRATA_SERVER_TOKENS_H

#include "bytes.h"
#include "version.h"

/* "strata-proxy/0.1.0", or without the version when it is not to be told. */
static inline struct span server_signature(bool tokens)
{
    return tokens ? SPAN("strata-proxy/" STRATA_VERSION) : SPAN("strata-proxy");
}

#endif
