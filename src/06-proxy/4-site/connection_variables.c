/* connection_variables: values about the two ends: who asks, who is asked. */

#include "connection.h"
#include "exchange.h"
#include "request_variables.h"

#include <unistd.h>

static struct span get_host(struct exchange *x, struct span rest)
{
    if (x->host.len > 0)
        return x->host;
    return x->server_name.len > 0 ? x->server_name : SPAN("");
}

static struct span get_hostname(struct exchange *x, struct span rest)
{
    char name[256] = "";

    gethostname(name, sizeof name - 1);
    return arena_copy(&x->arena, span_of(name));
}

static struct span get_server_name(struct exchange *x, struct span rest)
{
    return x->server_name.len > 0 ? x->server_name : SPAN("");
}

static struct span get_server_addr(struct exchange *x, struct span rest)
{
    const struct net_addr *local = client_local(x->client);
    char text[NET_ADDR_TEXT];

    if (local->sa.sa_family == AF_UNIX)
        net_print(local, text); /* the host alone is "unix:" */
    else
        net_print_host(local, text);
    return arena_copy(&x->arena, span_of(text));
}

static struct span get_server_port(struct exchange *x, struct span rest)
{
    unsigned port = net_port(client_local(x->client));

    return port != 0 ? arena_printf(&x->arena, "%u", port) : SPAN("");
}

static struct span get_server_protocol(struct exchange *x, struct span rest)
{
    if (x->method.len == 0)
        return SPAN("");
    return x->request.minor == 0 ? SPAN("HTTP/1.0") : SPAN("HTTP/1.1");
}

static struct span get_remote_addr(struct exchange *x, struct span rest)
{
    return span_of(x->client->peer_host);
}

static struct span get_remote_port(struct exchange *x, struct span rest)
{
    unsigned port = net_port(&x->client->peer);

    return port != 0 ? arena_printf(&x->arena, "%u", port) : SPAN("");
}

/* Bytes of the peer's address, as a compact key. */
static struct span get_binary_remote_addr(struct exchange *x,
                                              struct span rest)
{
    const struct net_addr *peer = &x->client->peer;

    if (peer->sa.sa_family == AF_INET)
        return (struct span){(const char *)&peer->sa + 4, 4};
    if (peer->sa.sa_family == AF_INET6)
        return (struct span){(const char *)&peer->sa + 8, 16};
    return span_of(x->client->peer_host);
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 (RFC 4648 4) up to its first "=", which may be missing; a NULL ptr for
 * what is none. */
static struct span base64_decode(struct arena *arena, struct span text)
{
    unsigned bits = 0;
    char *bytes, *p;

    text = span_until(text, '=');
    bytes = p = arena_alloc(arena, text.len + 1);
    if (bytes == NULL || text.len % 4 == 1)
        return (struct span){NULL, 0};
    for (size_t i = 0; i < text.len; i++) {
        int digit = base64_digit(text.ptr[i]);

        if (digit < 0)
            return (struct span){NULL, 0};
        bits = bits << 6 | (unsigned)digit;
        if (i % 4 > 0)
            *p++ = (char)(bits >> (6 - 2 * (i % 4)));
    }
    return (struct span){bytes, (size_t)(p - bytes)};
}

/* "Basic " and the base64 of "user:password" (RFC 7617 2). */
static struct span get_remote_user(struct exchange *x, struct span rest)
{
    struct span value = http_get(&x->request.fields, SPAN("Authorization"));
    struct span basic = SPAN("Basic "), user;
    const char *colon;

    if (value.len < basic.len ||
        !span_eq_nocase((struct span){value.ptr, basic.len}, basic))
        return (struct span){NULL, 0};
    value = span_from(value, basic.len);
    while (span_starts(value, SPAN(" ")))
        value = span_from(value, 1);
    user = base64_decode(&x->arena, value);
    colon = span_chr(user, ':');
    if (colon == NULL || colon == user.ptr)
        return (struct span){NULL, 0};
    user.len = (size_t)(colon - user.ptr);
    return user;
}

static const struct variable connection_variables[] = {
    {"binary_remote_addr", get_binary_remote_addr},
    {"host", get_host},
    {"hostname", get_hostname},
    {"remote_addr", get_remote_addr},
    {"remote_port", get_remote_port},
    {"remote_user", get_remote_user},
    {"server_addr", get_server_addr},
    {"server_name", get_server_name},
    {"server_port", get_server_port},
    {"server_protocol", get_server_protocol},
    {0},
};

const struct module connection_variables_module = {
    .name = "connection_variables",
    .index = MODULE_INDEX,
    .variables = connection_variables,
};
