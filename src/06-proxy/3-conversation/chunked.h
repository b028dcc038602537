/* chunked: the filter that frames a body whose length is not known. */

#ifndef STRATA_CHUNKED_H
#define STRATA_CHUNKED_H

#include "module.h"

extern const struct module chunked_module;

#endif
