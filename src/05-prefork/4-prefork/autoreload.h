/* autoreload: which files the application's code comes from.
 *
 * Python itself tells: an audit hook (PEP 578) hears of each file that is
 * compiled or executed, also of one that then fails, and of one that is
 * imported late, in the midst of a request. */

#ifndef STRATA_AUTORELOAD_H
#define STRATA_AUTORELOAD_H

#include "bytes.h"

/* From now on calls found(context, path) with the absolute path of each .py
 * file that runs in this process and those forked from it.  To be called
 * before the interpreter starts; false when it cannot be. */
bool autoreload_listen(void (*found)(void *context, struct span path),
                       void *context);

#endif
