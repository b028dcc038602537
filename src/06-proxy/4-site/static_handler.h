/* static_handler: files from the disk, as root, alias and index say. */

#ifndef STRATA_STATIC_HANDLER_H
#define STRATA_STATIC_HANDLER_H

#include "bytes.h"

struct exchange;

/* Of the content phase: for locations without a handler of their own. */
int static_handler(struct exchange *x);

/* The media type that `types` gives to the exchange's URI. */
struct span static_type(struct exchange *x);

/* $document_root and $request_filename; none (ptr NULL) where what a client
 * has sent leads out of the folder that root or alias names. */
struct span static_document_root(struct exchange *x);
struct span static_filename(struct exchange *x);

/* The exchange's URI with a "/" added, as a client must write it. */
struct span static_with_slash(struct exchange *x);

#endif
