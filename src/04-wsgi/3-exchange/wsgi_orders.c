/* wsgi_orders: a number that is read before every answer, and descriptors that
 * wake whoever waits in poll(). */

#include "wsgi_orders.h"

#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool wsgi_orders_open(struct wsgi_orders *o)
{
    o->given = WSGI_GO_ON;
    o->whose = getpid();
    for (int i = 0; i < WSGI_LEAVE; i++) {
        o->fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (o->fds[i] < 0)
            return false;
    }
    return true;
}

void wsgi_order(struct wsgi_orders *o, enum wsgi_order order)
{
    uint64_t one = 1;
    int given = atomic_load(&o->given);

    while (given < (int)order &&
           !atomic_compare_exchange_weak(&o->given, &given, order))
        ;
    for (int i = 0; i < (int)order; i++)
        if (write(o->fds[i], &one, sizeof one) < 0)
            _exit(1); /* somebody has closed it: nobody else would hear */
}

/* raise() takes effect when the handler returns. */
bool wsgi_is_for_us(const struct wsgi_orders *o, int signo)
{
    if (getpid() == o->whose)
        return true;
    if (signo != SIGHUP && signo != SIGQUIT) {
        signal(signo, SIG_DFL);
        raise(signo);
    }
    return false;
}
