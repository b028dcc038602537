/* phases: server, location, limits, content; see exchange.h. */

#include "phases.h"
#include "answer.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"
#include "front_conf.h"
#include "module.h"
#include "static_handler.h"

#include <inttypes.h>

static enum phase_result server_phase(struct exchange *x)
{
    x->scope = x->server->scope;
    return PHASE_NEXT;
}

static enum phase_result location_phase(struct exchange *x)
{
    const struct content_settings *content;
    struct front_location *l;
    struct err err;

    if (!front_find_location(x->server->locations, x->uri, x->captures,
                             &x->regex, &l, &err)) {
        exchange_log(x, ERROR_LOG_ALERT, 0, "%s", err.text);
        exchange_error(x, 500);
        return PHASE_DONE;
    }
    x->scope = l != NULL ? l->scope : x->server->scope;
    x->location = l;
    content = CONF_OF(x->scope, &content_module);
    if (content->internal && !x->internal) {
        exchange_error(x, 404);
        return PHASE_DONE;
    }
    if (conversation(x->scope)->keepalive_timeout == 0)
        x->keep_alive = false;
    if (l != NULL && l->slash_added && x->uri.len + 1 == l->name.len) {
        x->out.location = static_with_slash(x);
        exchange_error(x, 301);
        return PHASE_DONE;
    }
    return PHASE_NEXT;
}

static enum phase_result body_size_phase(struct exchange *x)
{
    int64_t max = conversation(x->scope)->client_max_body_size;

    if (max == 0 || x->request.framing != HTTP_LENGTH ||
        x->request.content_length <= (uint64_t)max)
        return PHASE_NEXT;
    exchange_log(x, ERROR_LOG_ERROR, 0,
                 "client intended to send too large body: %" PRIu64 " bytes",
                 x->request.content_length);
    x->client->linger = true;
    exchange_error(x, 413);
    return PHASE_DONE;
}

static enum phase_result content_phase(struct exchange *x)
{
    const struct content_settings *content =
        CONF_OF(x->scope, &content_module);

    x->handler_data = content->data;
    if (content->handler != NULL)
        content->handler(x);
    else
        static_handler(x);
    return PHASE_DONE;
}

static enum phase_result (*const phases[])(struct exchange *x) = {
    server_phase,    return_phase, location_phase,
    body_size_phase, return_phase, content_phase,
};

void phases_run(struct exchange *x)
{
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        if (phases[i](x) == PHASE_DONE)
            return;
}

bool content_set(struct conf *cf, const char *directive,
                 void (*handler)(struct exchange *x), void *data)
{
    struct content_settings *content = CONF_OF(cf->scope, &content_module);
    struct front_location *l = cf->subject;

    if (content->handler != NULL)
        return conf_error(cf, "\"%s\" directive is duplicate", directive);
    content->handler = handler;
    content->data = data;
    if (cf->where == CONF_LOCATION)
        l->slash_added = l->kind != LOCATION_REGEX &&
                         span_ends(l->name, SPAN("/"));
    return true;
}

static bool set_internal(struct conf *cf, const struct conf_row *row,
                         void *settings)
{
    struct content_settings *content = settings;

    content->internal = 1;
    return true;
}

static const struct conf_row content_rows[] = {
    CONF_SETTER("internal", CONF_LOCATION, 0, 0, set_internal),
    {0},
};

const struct module content_module = {
    .name = "content",
    .index = MODULE_INDEX,
    .rows = content_rows,
    .settings = sizeof(struct content_settings),
};
