/* record: writing what the real servers answered into the cases. */

#ifndef RUNNER_RECORD_H
#define RUNNER_RECORD_H

#include "result.h"

#include <stdio.h>

/* Puts the corrections of a result into the case's file, and says what changed
 * on `out`.  False with a sentence in e. */
bool record_apply(const struct corpus_case *c, const struct result *r,
                  FILE *out, struct err *e);

#endif
