/* field_names: drops the fields whose names do not count, in place. */

#include "field_names.h"
#include "cgi.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"

/* The name with its underscores, which the configuration allows, taken for
 * dashes is plain. */
static bool plain_but_underscores(struct span name)
{
    const char *at;

    while ((at = span_chr(name, '_')) != NULL) {
        size_t n = (size_t)(at - name.ptr);

        if (!cgi_name_is_plain((struct span){name.ptr, n}))
            return false;
        name = span_from(name, n + 1);
    }
    return cgi_name_is_plain(name);
}

static bool name_counts(const struct conversation_settings *s, struct span name)
{
    if (!s->ignore_invalid_headers)
        return true;
    return s->underscores_in_headers ? plain_but_underscores(name)
                                     : cgi_name_is_plain(name);
}

void field_names_filter(struct exchange *x)
{
    const struct conversation_settings *s, *named = conversation(x->scope);
    struct http_fields *f = &x->request.fields;
    unsigned kept = 0;

    s = x->request.form == HTTP_ABSOLUTE_FORM
            ? named
            : conversation(x->client->place->scope);
    for (unsigned i = 0; i < f->count; i++) {
        struct span name = http_name(f, i);

        if (span_eq_nocase(name, SPAN("Host")))
            s = named;
        if (name_counts(s, name))
            f->list[kept++] = f->list[i];
        else
            exchange_log(x, ERROR_LOG_INFO, 0,
                         "client sent invalid header line: \"%.*s\"",
                         SPAN_ARG(name));
    }
    f->count = kept;
}
