/* phases: asks the handlers that the modules have registered; who they are,
 * hooks.c has put in order. */

#include "phases.h"
#include "answer.h"
#include "error_log.h"
#include "exchange.h"
#include "front_worker.h"
#include "hooks.h"

#define PHASES_CHANGES 10 /* of a request's URI */

/* False when the URI was changed too often, and 500 has been answered. */
static bool may_change(struct exchange *x)
{
    if (x->redirects++ < PHASES_CHANGES)
        return true;
    exchange_log(x, ERROR_LOG_ERROR, 0,
                 "rewrite or internal redirection cycle while "
                 "internally redirecting to \"%.*s\"",
                 SPAN_ARG(x->uri));
    exchange_error(x, 500);
    return false;
}

static unsigned phase_behind(const struct hooks *h, unsigned at)
{
    unsigned p = 0;

    while (h->first[p] <= at)
        p++;
    return h->first[p];
}

void phases_run(struct exchange *x)
{
    const struct hooks *h = x->worker->hooks;

    while (x->at < h->first[LOG]) {
        int verdict = h->run[x->at](x);

        switch (verdict) {
        case NEXT_HANDLER:
            x->at++;
            break;
        case NEXT_PHASE:
            x->at = phase_behind(h, x->at);
            break;
        case RESTART:
            if (!may_change(x))
                return;
            x->at = h->first[FIND_LOCATION];
            break;
        case WAITING:
        case ANSWERED:
            return;
        default:
            exchange_error(x, verdict);
            return;
        }
    }
    exchange_error(x, 404);
}

bool exchange_redirect(struct exchange *x, struct span uri, struct span args)
{
    x->uri = uri;
    x->args = args;
    x->internal = true;
    if (!may_change(x))
        return false;
    x->at = 0;
    phases_run(x);
    return true;
}

void phases_log(struct exchange *x)
{
    const struct hooks *h = x->worker->hooks;

    for (unsigned i = h->first[LOG]; i < h->first[PHASES]; i++)
        h->run[i](x);
}
