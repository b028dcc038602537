/* upstream_variables: $upstream_addr and its like: one item a try, as nginx
 * lists them. */

#include "call.h"
#include "exchange.h"
#include "front_worker.h"

#define NONE ((struct span){NULL, 0})

static struct span join(struct exchange *x, struct span before,
                        struct span item)
{
    if (before.ptr == NULL)
        return item;
    return arena_printf(&x->arena, "%.*s, %.*s", SPAN_ARG(before),
                        SPAN_ARG(item));
}

static struct span get_addr(struct exchange *x, struct span rest)
{
    struct span text = NONE;

    for (const struct call_try *t = call_of(x) != NULL ? call_of(x)->log : NULL;
         t != NULL; t = t->next)
        text = join(x, text, t->peer);
    return text;
}

static struct span get_status(struct exchange *x, struct span rest)
{
    struct span text = NONE;

    for (const struct call_try *t = call_of(x) != NULL ? call_of(x)->log : NULL;
         t != NULL; t = t->next)
        text = join(x, text,
                    t->status ? arena_printf(&x->arena, "%d", t->status)
                              : SPAN("-"));
    return text;
}

static struct span get_time(struct exchange *x, struct span rest)
{
    struct span text = NONE;

    for (const struct call_try *t = call_of(x) != NULL ? call_of(x)->log : NULL;
         t != NULL; t = t->next) {
        int64_t ms = t->time >= 0 ? t->time
                                  : event_now(x->worker->loop) -
                                        call_of(x)->try_began;

        text = join(x, text,
                    arena_printf(&x->arena, "%lld.%03lld",
                                 (long long)(ms / 1000),
                                 (long long)(ms % 1000)));
    }
    return text;
}

/* A field of the reply, by its name in lower case with "_" for "-". */
static struct span get_http(struct exchange *x, struct span rest)
{
    struct buf name = arena_text(&x->arena);

    if (call_of(x) == NULL)
        return NONE;
    for (size_t i = 0; i < rest.len; i++)
        buf_add_char(&name, rest.ptr[i] == '_' ? '-' : rest.ptr[i]);
    return http_get(&call_of(x)->reply.fields, arena_text_end(&name));
}

static const struct variable upstream_variables[] = {
    {"upstream_addr", get_addr},
    {"upstream_http_", get_http},
    {"upstream_response_time", get_time},
    {"upstream_status", get_status},
    {0},
};

const struct module upstream_variables_module = {
    .name = "upstream_variables",
    .index = MODULE_INDEX,
    .needs = &call_module,
    .variables = upstream_variables,
};
