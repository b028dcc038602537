/* wsgi_host: a Python interpreter with an application in it, and the loop that
 * serves it.
 *
 * In the order of a process's life:
 *
 *     wsgi_host_start    the interpreter is up        (once)
 *     wsgi_host_load     the application is imported  (before the forks, or
 *                                                      in each worker)
 *     wsgi_host_fork     in place of fork(2)
 *     wsgi_serve         accepts and serves           (in one thread or more)
 *     wsgi_host_stop     atexit functions; the interpreter is gone
 *
 * Between these calls no thread of the host holds the interpreter's lock: each
 * of them takes it and gives it back, so they may be called from any thread,
 * and the application's own threads run meanwhile.  To fork, count,
 * kill and restart is none of this module's business; the hooks tell of it. */

#ifndef STRATA_WSGI_HOST_H
#define STRATA_WSGI_HOST_H

#include "wsgi_config.h"
#include "wsgi_orders.h"

struct wsgi_host;

/* Starts the interpreter.  The configuration must outlive the host; sockets
 * may be opened before or after.  Signals keep the actions that they have.
 * NULL with *err set when Python cannot start. */
struct wsgi_host *wsgi_host_start(const struct wsgi_config *config,
                                  struct err *err);

enum wsgi_load {
    WSGI_LOADED,
    WSGI_NOT_LOADED, /* the log says why; config->without_app says what next */
    WSGI_EXIT,       /* the application called sys.exit(): end with *status */
};

/* Imports the applications that the configuration names; it is loaded when all
 * of them are.  All that there is to say is written to the log. */
enum wsgi_load wsgi_host_load(struct wsgi_host *host, int *status);

/* The exit status of a program whose application was not loaded; 0: it is to
 * serve all the same, and answers every request by 500. */
int wsgi_status_without_app(const struct wsgi_config *config);

/* fork(2) for a process with an interpreter in it.  Takes a host as `void *`
 * so that it can be handed to those who know nothing of Python.  Only the
 * calling thread lives on in the child. */
pid_t wsgi_host_fork(void *host);

void wsgi_host_identify(struct wsgi_host *host,
                        const struct wsgi_identity *identity);

/* An option for uwsgi.opt: to be called before wsgi_host_load; an option that
 * is added twice becomes a list. */
bool wsgi_host_add_opt(struct wsgi_host *host, const char *name,
                       const char *value);

/* What a hook is told of a request.  The spans live until it returns. */
struct wsgi_brief {
    unsigned core; /* of the serving thread */
    struct span method, uri, remote_addr;
};

/* Called in the serving thread, without the interpreter's lock.  Each may be
 * NULL. */
struct wsgi_hooks {
    void *context;
    /* A request is complete up to its body and will run now. */
    void (*begin)(void *context, const struct wsgi_brief *what);
    /* It is over, close() included.  Returns the number of requests of all
     * workers so far, this one included, for the log line. */
    uint64_t (*end)(void *context, unsigned core);
};

/* How long a silent client is waited for, in ms, where nobody asks for
 * less. */
#define WSGI_LAST_CALL 5000

/* One serving thread. */
struct wsgi_server {
    struct wsgi_host *host;
    const struct wsgi_hooks *hooks; /* NULL: none */
    unsigned core;                  /* 0, 1, ... : the number of the thread */
    const struct wsgi_orders *orders;
    int64_t last_call[WSGI_LEAVE]; /* ms, of FINISH and of LEAVE */
    bool alone; /* no other process serves the sockets: they end with it */
};

/* Serves the configuration's sockets until ordered to end; returns when every
 * connection is closed.  False with *err set when it could not go on (out of
 * memory at the start, poll failed). */
bool wsgi_serve(const struct wsgi_server *server, struct err *err);

/* Runs the atexit functions, finalizes the interpreter, frees the host.  To be
 * called in the thread (or, after a fork, the descendant of the thread) that
 * called wsgi_host_start. */
void wsgi_host_stop(struct wsgi_host *host);

#endif
