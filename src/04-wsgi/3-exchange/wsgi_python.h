/* wsgi_python: what the host's files that speak to CPython share.
 *
 * Every function declared here is called with the interpreter's lock held,
 * and follows CPython's own convention for errors: NULL, -1 or false is
 * returned with an exception set.
 *
 * Python.h comes first in every file that includes it (it sets feature macros
 * of the C library), so this header is included before all others. */

#ifndef STRATA_WSGI_PYTHON_H
#define STRATA_WSGI_PYTHON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "wsgi_config.h"

/* Names that are looked up again and again, made once and interned. */
#define WSGI_NAMES(X)                                                          \
    X(close) X(read) X(fileno) X(tell) X(raw) X(flush) X(write) X(exc_info)    \
    X(format_exception) X(code)

enum wsgi_name {
#define WSGI_NAME_ENUM(name) WSGI_N_##name,
    WSGI_NAMES(WSGI_NAME_ENUM)
#undef WSGI_NAME_ENUM
    WSGI_NAME_COUNT
};

struct wsgi_memo; /* wsgi_environ.c: keys and values of environ, remembered */

/* An application that is loaded, or is not. */
struct wsgi_app {
    PyObject *callable; /* owned; NULL: it could not be loaded */
    int number;         /* in the log: 0, 1, ...; -1: there is none */
    uint64_t served;    /* requests */
};

struct wsgi_host {
    const struct wsgi_config *config;
    struct wsgi_identity identity;
    PyThreadState *main; /* of the thread that started the interpreter */

    /* Owned references. */
    PyObject *base;        /* what every environ begins as */
    PyObject *input_key;   /* "wsgi.input" */
    PyObject *opt;         /* uwsgi.opt */
    PyObject *module;      /* uwsgi */
    PyObject *errors;      /* wsgi.errors */
    PyObject *io_exact[3]; /* the file types whose bytes are the file's */
    PyObject *names[WSGI_NAME_COUNT];
    PyTypeObject *input_type, *errors_type, *response_type, *wrapper_type;

    /* One for each of config->mounts, in their order, and behind them that of
     * --module or --wsgi-file. */
    struct wsgi_app *apps;
    struct wsgi_app *default_app; /* one of these: for all other requests */
    struct wsgi_memo *memo;
    uint64_t served;     /* requests of this process */
    _Atomic bool forked; /* the application's children have our descriptors */
    char server_name[256];
};

/* The four types.  Each returns a new heap type, or NULL. */
PyTypeObject *wsgi_input_make_type(void);
PyTypeObject *wsgi_errors_make_type(void);
PyTypeObject *wsgi_response_make_type(void);
PyTypeObject *wsgi_wrapper_make_type(void);

/* A stream for wsgi.errors. */
PyObject *wsgi_errors_make(PyTypeObject *type);

/* Writes out a line that was begun; at the end of each request. */
void wsgi_errors_flush(PyObject *errors);

/* Writes `what` as a dated line and the exception that is set under it, with
 * its traceback, and clears it.  Never fails. */
void wsgi_log_exception(struct wsgi_host *host, const char *what);

/* Makes host->base and host->memo; frees the memo. */
bool wsgi_environ_start(struct wsgi_host *host);
void wsgi_environ_stop(struct wsgi_host *host);

#endif
