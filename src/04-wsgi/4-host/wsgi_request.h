/* wsgi_request: a request that is complete, brought to the application and
 * back: the seam between connections (no Python) and exchanges (Python). */

#ifndef STRATA_WSGI_REQUEST_H
#define STRATA_WSGI_REQUEST_H

#include "wsgi_exchange.h"
#include "wsgi_host.h"
#include "wsgi_peer.h"

/* What becomes of the connection. */
enum wsgi_fate {
    WSGI_FATE_KEEP,  /* another request may come */
    WSGI_FATE_DRAIN, /* done, but the client may still be sending */
    WSGI_FATE_CLOSE,
    WSGI_FATE_RESET, /* the response is cut, and only this tells */
};

/* Runs the request of p.  Called without the interpreter's lock; `thread` is
 * the thread state of this thread. */
enum wsgi_fate wsgi_request_serve(const struct wsgi_server *server,
                                  PyThreadState *thread,
                                  struct wsgi_exchange *x, struct wsgi_peer *p);

#endif
