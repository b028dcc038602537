/* redirect: a Location that is a path becomes a whole URL, in a filter. */

#include "connection.h"
#include "exchange.h"
#include "module.h"
#include "redirect.h"
#include "uri.h"

extern const struct module redirect_module;

struct redirect_settings {
    int64_t absolute, port, server_name;
};

/* http://HOST:PORT before a path that the server itself redirects to. */
static struct span absolute(struct exchange *x, struct span location)
{
    const struct redirect_settings *s = CONF_OF(x->scope, &redirect_module);
    struct span host = x->host;
    const struct net_addr *local;
    unsigned port;

    if (location.len == 0 || location.ptr[0] != '/' || !s->absolute)
        return location;
    local = client_local(x->client);
    if (s->server_name)
        host = x->server_name;
    if (host.len == 0 && local->sa.sa_family == AF_UNIX)
        return location; /* nobody has named this server */
    if (host.len == 0) {
        char text[NET_ADDR_TEXT];

        net_print_host(local, text);
        host = arena_copy(&x->arena, span_of(text));
        if (host.ptr == NULL)
            return host;
    }
    port = net_port(local);
    if (!s->port || port == 80 || port == 0)
        return arena_printf(&x->arena, "http://%.*s%.*s", SPAN_ARG(host),
                            SPAN_ARG(location));
    return arena_printf(&x->arena, "http://%.*s:%u%.*s", SPAN_ARG(host), port,
                        SPAN_ARG(location));
}

int redirect_with_slash(struct exchange *x)
{
    struct buf text = arena_text(&x->arena);

    uri_escape(&text, x->uri, URI_ESCAPE_PATH);
    buf_add_char(&text, '/');
    if (x->args.len > 0) {
        buf_add_char(&text, '?');
        buf_add_span(&text, x->args);
    }
    x->out.location = arena_text_end(&text);
    return x->out.location.ptr != NULL ? 301 : 500;
}

static bool redirect_head(struct exchange *x)
{
    struct span location = x->out.location;

    x->out.location = absolute(x, location);
    return x->out.location.ptr != NULL || location.len == 0;
}

#define WHERE      (CONF_HTTP | CONF_SERVER | CONF_LOCATION)
#define AT(member) offsetof(struct redirect_settings, member)

static const struct conf_row redirect_rows[] = {
    CONF_FLAG("absolute_redirect", WHERE, AT(absolute), 1),
    CONF_FLAG("port_in_redirect", WHERE, AT(port), 1),
    CONF_FLAG("server_name_in_redirect", WHERE, AT(server_name), 0),
    {0},
};

static const struct filter redirect_filter = {.head = redirect_head};

const struct module redirect_module = {
    .name = "redirect",
    .index = MODULE_INDEX,
    .rows = redirect_rows,
    .settings = sizeof(struct redirect_settings),
    .filter = &redirect_filter,
};
