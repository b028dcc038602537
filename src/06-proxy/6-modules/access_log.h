/* access_log: one line for each request, as log_format says. */

#ifndef STRATA_ACCESS_LOG_H
#define STRATA_ACCESS_LOG_H

#include "module.h"

extern const struct module access_log_module;

#endif
