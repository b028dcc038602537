/* redirect: where a redirect of the site's own leads. */

#ifndef STRATA_REDIRECT_H
#define STRATA_REDIRECT_H

#include "bytes.h"

struct exchange;

/* The answer leads to the exchange's URI with a "/" added, as a client must
 * write it.  The status: 301, or 500 without memory. */
int redirect_with_slash(struct exchange *x);

#endif
