/* uwsgi_pass: the request as a uwsgi packet, to an application server.
 *
 * The packet is the operator's uwsgi_param lines, then the client's fields. */

#include "cgi.h"
#include "exchange.h"
#include "location.h"
#include "module.h"
#include "named_value.h"
#include "pass.h"
#include "request_body.h"
#include "uwsgi_packet.h"

#define NO_DEFAULT_PORT 0 /* the protocol has none: it must be written */

struct uwsgi_settings {
    struct call_settings pass;
    struct named_value *params;
    int64_t modifier1, modifier2;
};

struct uwsgi_emit {
    struct uwsgi_encoder *encoder;
    const struct named_value *params;
};

/* A configured HTTP_* parameter replaces the client's field. */
static bool emit_field(void *context, struct span name, struct span value)
{
    const struct uwsgi_emit *e = context;

    for (const struct named_value *p = e->params; p != NULL; p = p->next)
        if (span_eq(p->name, name))
            return true;
    return uwsgi_add(e->encoder, name, value);
}

static bool uwsgi_request(struct exchange *x, struct buf *out)
{
    const struct uwsgi_settings *s = CONF_OF(x->scope, &uwsgi_module);
    struct uwsgi_encoder encoder;
    struct uwsgi_emit emit = {&encoder, s->params};

    uwsgi_begin(&encoder, out);
    for (const struct named_value *p = s->params; p != NULL; p = p->next) {
        struct span value = value_eval(&x->arena, x, p->value);

        if (p->marked && value.len == 0)
            continue;
        if (!uwsgi_add(&encoder, p->name, value))
            return false;
    }
    if (s->pass.pass_request_headers &&
        !cgi_fields(&x->request, true, emit_field, &emit))
        return false;
    return uwsgi_end(&encoder, (uint8_t)s->modifier1, (uint8_t)s->modifier2);
}

static const struct span uwsgi_hidden[] = {
    SPAN_INIT("X-Accel-Expires"),    SPAN_INIT("X-Accel-Redirect"),
    SPAN_INIT("X-Accel-Limit-Rate"), SPAN_INIT("X-Accel-Buffering"),
    SPAN_INIT("X-Accel-Charset"),    {NULL, 0},
};

static const struct protocol uwsgi_protocol = {
    .scheme = SPAN_INIT("uwsgi://"),
    .request = uwsgi_request,
    .hidden = uwsgi_hidden,
};

static void uwsgi_start(struct exchange *x)
{
    const struct uwsgi_settings *s = CONF_OF(x->scope, &uwsgi_module);
    struct group *g = pass_target_get(x, x->handler_data, NO_DEFAULT_PORT);

    if (g != NULL)
        call_start(x, g, &uwsgi_protocol, &s->pass, SPAN(""));
}

static void uwsgi_handler(struct exchange *x)
{
    body_read(x, uwsgi_start);
}

/* uwsgi_pass ADDRESS, or GROUP, or uwsgi://ADDRESS */
static bool set_uwsgi_pass(struct conf *cf, const struct conf_row *row,
                           void *settings)
{
    struct pass_target *t = arena_zalloc(cf->arena, sizeof *t);
    struct span name = cf->words[1];

    if (t == NULL)
        return false;
    span_skip_prefix(&name, SPAN("uwsgi://"));
    return pass_target_set(cf, t, name, NO_DEFAULT_PORT) &&
           content_set(cf, row->name, uwsgi_handler, t);
}

#define AT(member) offsetof(struct uwsgi_settings, member)

static const struct conf_row uwsgi_rows[] = {
    CONF_SETTER("uwsgi_pass", CONF_LOCATION, 1, 1, set_uwsgi_pass),
    CONF_NAMED("uwsgi_param", PASS_WHERE, 3, AT(params), "if_not_empty"),
    CONF_COUNT("uwsgi_modifier1", PASS_WHERE, AT(modifier1), 0,
               CONF_RANGE(0, 255)),
    CONF_COUNT("uwsgi_modifier2", PASS_WHERE, AT(modifier2), 0,
               CONF_RANGE(0, 255)),
    PASS_ROWS("uwsgi"),
    {0},
};

const struct module uwsgi_module = {
    .name = "uwsgi",
    .index = MODULE_INDEX,
    .needs = &call_module,
    .rows = uwsgi_rows,
    .settings = sizeof(struct uwsgi_settings),
};
