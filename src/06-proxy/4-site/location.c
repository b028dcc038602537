/* location: finds the server's location for a URI, and keeps to what it says:
 * who may come, how much may be sent, who answers. */

#include "location.h"
#include "answer.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"
#include "front_conf.h"
#include "static_handler.h"

#include <inttypes.h>

/* A request that begins anew has no location yet. */
static int server_handler(struct exchange *x)
{
    x->scope = x->server->scope;
    return NEXT_HANDLER;
}

static int location_handler(struct exchange *x)
{
    const struct location_settings *s;
    struct front_location *l;
    struct err err;

    if (!front_find_location(x->server->locations, x->uri, x->captures,
                             &x->regex, &l, &err)) {
        exchange_log(x, ERROR_LOG_ALERT, 0, "%s", err.text);
        return 500;
    }
    x->scope = l != NULL ? l->scope : x->server->scope;
    x->location = l;
    s = CONF_OF(x->scope, &location_module);
    if (s->internal && !x->internal)
        return 404;
    if (conversation(x->scope)->keepalive_timeout == 0)
        x->keep_alive = false;
    if (l != NULL && l->slash_added && x->uri.len + 1 == l->name.len) {
        x->out.location = static_with_slash(x);
        return 301;
    }
    return NEXT_HANDLER;
}

static int body_size_handler(struct exchange *x)
{
    int64_t max = conversation(x->scope)->client_max_body_size;

    if (max == 0 || x->request.framing != HTTP_LENGTH ||
        x->request.content_length <= (uint64_t)max)
        return NEXT_HANDLER;
    exchange_log(x, ERROR_LOG_ERROR, 0,
                 "client intended to send too large body: %" PRIu64 " bytes",
                 x->request.content_length);
    x->client->linger = true;
    return 413;
}

static int content_handler(struct exchange *x)
{
    const struct location_settings *s = CONF_OF(x->scope, &location_module);

    if (s->handler == NULL)
        return NEXT_HANDLER;
    x->handler_data = s->data;
    s->handler(x);
    return ANSWERED;
}

bool content_set(struct conf *cf, const char *directive,
                 void (*handler)(struct exchange *x), void *data)
{
    struct location_settings *content = CONF_OF(cf->scope, &location_module);
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
    struct location_settings *content = settings;

    content->internal = 1;
    return true;
}

static const struct conf_row location_rows[] = {
    CONF_SETTER("internal", CONF_LOCATION, 0, 0, set_internal),
    {0},
};

static const struct handler location_handlers[] = {
    {SERVER_REWRITE, server_handler},
    {FIND_LOCATION, location_handler},
    {FIND_LOCATION, body_size_handler},
    {CONTENT, content_handler},
    {0},
};

const struct module location_module = {
    .name = "location",
    .index = MODULE_INDEX,
    .rows = location_rows,
    .settings = sizeof(struct location_settings),
    .handlers = location_handlers,
};
