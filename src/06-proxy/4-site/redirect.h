/* redirect: how a redirect of our own names this server. */

#ifndef STRATA_REDIRECT_H
#define STRATA_REDIRECT_H

#include "module.h"

extern const struct module redirect_module;

#endif
