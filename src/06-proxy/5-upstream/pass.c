/* pass: setters of what the proxy_ and uwsgi_ families share, and whom a
 * request is passed to, when variables say so. */

#include "pass.h"
#include "answer.h"
#include "error_log.h"
#include "exchange.h"
#include "value.h"

const struct conf_choice pass_next_choices[] = {
    {"off", NEXT_OFF},
    {"error", NEXT_ERROR},
    {"timeout", NEXT_TIMEOUT},
    {"invalid_header", NEXT_INVALID_HEADER},
    {"http_500", NEXT_HTTP_500},
    {"http_502", NEXT_HTTP_502},
    {"http_503", NEXT_HTTP_503},
    {"http_504", NEXT_HTTP_504},
    {"http_403", NEXT_HTTP_403},
    {"http_404", NEXT_HTTP_404},
    {"http_429", NEXT_HTTP_429},
    {"non_idempotent", NEXT_NON_IDEMPOTENT},
    {0},
};

bool pass_add_name(struct conf *cf, const struct conf_row *row, void *settings)
{
    struct name_list **slot =
        (struct name_list **)((char *)settings + row->offset);
    struct name_list *n = arena_zalloc(cf->arena, sizeof *n);

    if (n == NULL)
        return false;
    n->name = cf->words[1];
    n->next = *slot;
    *slot = n;
    return true;
}

bool pass_target_set(struct conf *cf, struct pass_target *t, struct span name,
                     unsigned default_port)
{
    if (span_chr(name, '$') != NULL) {
        t->name = value_compile(cf, name);
        return t->name != NULL;
    }
    t->group = group_named(cf, name, default_port);
    return t->group != NULL;
}

struct group *pass_group(struct exchange *x, struct span name,
                         unsigned default_port)
{
    struct group *g = group_resolve(x, name, default_port);

    if (g == NULL) {
        exchange_log(x, ERROR_LOG_ERROR, 0,
                     "no resolver defined to resolve %.*s", SPAN_ARG(name));
        exchange_error(x, 502);
    }
    return g;
}

struct group *pass_target_get(struct exchange *x, const struct pass_target *t,
                              unsigned default_port)
{
    return t->group != NULL
               ? t->group
               : pass_group(x, value_eval(&x->arena, x, t->name), default_port);
}
