/* headers: add_header.  A head filter: it adds the fields that the scope names,
 * and leaves errors alone unless it is told "always". */

#include "answer.h"
#include "exchange.h"
#include "module.h"
#include "named_value.h"

extern const struct module headers_module;

struct headers_settings {
    struct named_value *list;
};

/* Without "always" a field is for answers that went well; and for the 416 that
 * was to be one, as in nginx. */
static bool went_well(const struct answer *out)
{
    static const int list[] = {200, 201, 204, 206, 301,
                               302, 303, 304, 307, 308};

    for (size_t i = 0; i < COUNT(list); i++)
        if (out->status == list[i])
            return true;
    return out->status == 416 && out->chosen;
}

static bool headers_head(struct exchange *x)
{
    const struct headers_settings *s = CONF_OF(x->scope, &headers_module);

    for (const struct named_value *h = s->list; h != NULL; h = h->next) {
        struct span value;

        if (!h->marked && !went_well(&x->out))
            continue;
        value = value_eval(&x->arena, x, h->value);
        if (value.len > 0 && !answer_field(x, h->name, value))
            return false;
    }
    return true;
}

#define AT(member) offsetof(struct headers_settings, member)

static const struct conf_row headers_rows[] = {
    CONF_NAMED("add_header", CONF_HTTP | CONF_SERVER | CONF_LOCATION, 3,
               AT(list), "always"),
    {0},
};

static const struct filter headers_filter = {.head = headers_head};

const struct module headers_module = {
    .name = "headers",
    .index = MODULE_INDEX,
    .rows = headers_rows,
    .settings = sizeof(struct headers_settings),
    .filter = &headers_filter,
};
