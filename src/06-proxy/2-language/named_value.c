/* named_value: one setter for add_header, proxy_set_header, uwsgi_param and all
 * their like. */

#include "named_value.h"

bool conf_add_named(struct conf *cf, const struct conf_row *row, void *settings)
{
    struct named_value **last =
        (struct named_value **)((char *)settings + row->offset);
    struct named_value *n = arena_zalloc(cf->arena, sizeof *n);

    if (n == NULL)
        return false;
    n->marked = cf->count == 4;
    if (n->marked && !span_eq(cf->words[3], span_of(row->allowed)))
        return conf_error(cf, "invalid parameter \"%.*s\"",
                          SPAN_ARG(cf->words[3]));
    n->name = cf->words[1];
    n->value = value_compile(cf, cf->words[2]);
    while (*last != NULL)
        last = &(*last)->next;
    *last = n;
    return n->value != NULL;
}
