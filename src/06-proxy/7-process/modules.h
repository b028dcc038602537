/* modules: the list of what the proxy can do. */

#ifndef STRATA_MODULES_H
#define STRATA_MODULES_H

#include "module.h"

extern const struct module *const modules[]; /* NULL ends it */

#endif
