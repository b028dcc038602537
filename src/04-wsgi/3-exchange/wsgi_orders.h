/* wsgi_orders: what the serving threads are told, and by whom. */

#ifndef STRATA_WSGI_ORDERS_H
#define STRATA_WSGI_ORDERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/* An order only ever becomes stricter. */
enum wsgi_order {
    WSGI_GO_ON,
    /* Accept nothing more.  Whoever is connected is served once more, and the
     * answer says that it is the last; a client that sends nothing is waited
     * for as long as `last_call` says for the order. */
    WSGI_FINISH,
    /* The same, but connections that are kept for a further request, of which
     * nothing has come, are closed at once. */
    WSGI_LEAVE,
};

struct wsgi_orders {
    _Atomic int given; /* an enum wsgi_order; read before every answer */
    /* Two eventfds, that become readable with FINISH and with LEAVE.  Nobody
     * reads them, so that all threads see them. */
    int fds[WSGI_LEAVE];
    pid_t whose; /* an application may fork, and its children share the fds */
};

/* False with errno. */
bool wsgi_orders_open(struct wsgi_orders *o);

/* A signal handler may call it. */
void wsgi_order(struct wsgi_orders *o, enum wsgi_order order);

/* For a signal handler to ask first: false in a child of the application, which
 * has the handlers too, but no part in the orders.  The signal then ends the
 * child, as it ends any program; but SIGHUP and SIGQUIT, by which nobody means
 * to hurt what is at work, do nothing. */
bool wsgi_is_for_us(const struct wsgi_orders *o, int signo);

#endif
