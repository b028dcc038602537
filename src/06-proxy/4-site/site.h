/* site: the blocks http and server.
 *
 * A server has no struct of its own.  It is its scope: what it listens on, what
 * it is called and which locations it has are settings there, of the modules
 * that know these directives. */

#ifndef STRATA_SITE_H
#define STRATA_SITE_H

#include "module.h"

extern const struct module site_module;

#endif
