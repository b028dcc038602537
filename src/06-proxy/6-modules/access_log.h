/* access_log: one line for each request, as log_format says. */

#ifndef STRATA_ACCESS_LOG_H
#define STRATA_ACCESS_LOG_H

#include "module.h"

struct exchange;

/* Writes the lines that the exchange's location wants. */
void access_log_write(struct exchange *x);

extern const struct module access_log_module;

#endif
