/* headers: add_header. */

#include "answer.h"
#include "exchange.h"
#include "filters.h"
#include "module.h"
#include "value.h"

struct added_header {
    struct added_header *next;
    struct span name;
    struct value *value;
    bool always;
};

struct headers_settings {
    struct added_header *list;
};

/* Without "always" a field is for answers that went well; and for the 416 that
 * was to be one, as in nginx. */
static bool went_well(const struct answer *out)
{
    static const int list[] = {200, 201, 204, 206, 301,
                               302, 303, 304, 307, 308};

    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (out->status == list[i])
            return true;
    return out->status == 416 && out->chosen;
}

bool headers_filter(struct exchange *x)
{
    const struct headers_settings *s = CONF_OF(x->scope, &headers_module);

    for (const struct added_header *h = s->list; h != NULL; h = h->next) {
        struct span value;

        if (!h->always && !went_well(&x->out))
            continue;
        value = value_eval(x, h->value);
        if (value.len > 0 && !answer_field(x, h->name, value))
            return false;
    }
    return true;
}

static bool set_add_header(struct conf *cf, const struct conf_row *row,
                           void *settings)
{
    struct headers_settings *s = settings;
    struct added_header **last = &s->list;
    struct added_header *h = arena_zalloc(cf->arena, sizeof *h);

    if (h == NULL)
        return false;
    if (cf->count == 4) {
        if (!span_eq(cf->words[3], SPAN("always")))
            return conf_error(cf, "invalid parameter \"%.*s\"",
                              SPAN_ARG(cf->words[3]));
        h->always = true;
    }
    h->name = cf->words[1];
    h->value = value_compile(cf, cf->words[2]);
    while (*last != NULL)
        last = &(*last)->next;
    *last = h;
    return h->value != NULL;
}

#define AT(member) offsetof(struct headers_settings, member)

static const struct conf_row headers_rows[] = {
    CONF_LIST("add_header", CONF_HTTP | CONF_SERVER | CONF_LOCATION, 2, 3,
              set_add_header, AT(list)),
    {0},
};

const struct module headers_module = {
    .name = "headers",
    .index = MODULE_INDEX,
    .rows = headers_rows,
    .settings = sizeof(struct headers_settings),
};
