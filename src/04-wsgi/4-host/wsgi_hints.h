/* wsgi_hints: what a developer who has mistyped wants to know besides the
 * exception: where was looked, what is there instead, what to type.
 *
 * A hint is a line in the log, or nothing when there is nothing to say; it
 * never fails and leaves no exception.  All of this is called with the
 * interpreter's lock held, at the start, when it may cost what it wants. */

#ifndef STRATA_WSGI_HINTS_H
#define STRATA_WSGI_HINTS_H

#include "wsgi_python.h"

/* A module's name that is the name of a file; true when it is one. */
bool wsgi_hint_file(const char *module, const char *callable);

/* A file's name that is none, or that has a callable behind it. */
void wsgi_hint_no_file(const char *file);

/* The directories in which a module was not found.  virtualenv is the option's
 * value, or NULL. */
void wsgi_hint_path(const char *virtualenv);

/* What could be called in a module that has not what was asked for. */
void wsgi_hint_callables(PyObject *module);

/* True when app may be called with (environ, start_response).  False, with a
 * TypeError, when it cannot be: a factory, say, whose call was forgotten. */
bool wsgi_takes_request(PyObject *app, const char *name);

#endif
