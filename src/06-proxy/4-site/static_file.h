/* static_file: files from the disk, as root, alias and index say. */

#ifndef STRATA_STATIC_FILE_H
#define STRATA_STATIC_FILE_H

#include "module.h"

/* Of the content phase: for locations without a handler of their own. */
int static_handler(struct exchange *x);

/* The media type that `types` gives to the exchange's URI. */
struct span static_type(struct exchange *x);

/* $document_root and $request_filename; none (ptr NULL) where what a client
 * has sent leads out of the folder that root or alias names. */
extern const struct variable static_variables[];

#endif
