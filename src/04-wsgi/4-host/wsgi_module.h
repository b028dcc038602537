/* wsgi_module: what Python code sees of the host beside its requests: the
 * module `uwsgi`; and what the host sees of it: its forks. */

#ifndef STRATA_WSGI_MODULE_H
#define STRATA_WSGI_MODULE_H

#include "wsgi_python.h"

/* The module `uwsgi`, put into sys.modules; a borrowed host. */
PyObject *wsgi_module_make(struct wsgi_host *host);

/* Tells the module's attributes what the identity has become. */
bool wsgi_module_update(struct wsgi_host *host);

/* From here on host->forked is kept true to the fact; an exception is set when
 * it cannot be. */
bool wsgi_fork_watch(struct wsgi_host *host);

#endif
