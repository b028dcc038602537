/* connection_vars: values about the two ends: who asks, and who is asked. */

#include "front_conf.h"
#include "variables.h"

#include <unistd.h>

struct span connection_get_host(struct exchange *x, struct span rest)
{
    (void)rest;
    if (x->host.len > 0)
        return x->host;
    return x->server->name.len > 0 ? x->server->name : SPAN("");
}

struct span connection_get_hostname(struct exchange *x, struct span rest)
{
    char name[256] = "";

    (void)rest;
    gethostname(name, sizeof name - 1);
    return arena_copy(&x->arena, span_of(name));
}

struct span connection_get_server_name(struct exchange *x, struct span rest)
{
    (void)rest;
    return x->server->name.len > 0 ? x->server->name : SPAN("");
}

struct span connection_get_server_addr(struct exchange *x, struct span rest)
{
    const struct net_addr *local = client_local(x->client);
    char text[NET_ADDR_TEXT];

    (void)rest;
    if (local->sa.sa_family == AF_UNIX)
        net_print(local, text); /* the host alone is "unix:" */
    else
        net_print_host(local, text);
    return arena_copy(&x->arena, span_of(text));
}

struct span connection_get_server_port(struct exchange *x, struct span rest)
{
    unsigned port = net_port(client_local(x->client));

    (void)rest;
    return port != 0 ? arena_printf(&x->arena, "%u", port) : SPAN("");
}

struct span connection_get_server_protocol(struct exchange *x, struct span rest)
{
    (void)rest;
    if (x->method.len == 0)
        return SPAN("");
    return x->request.minor == 0 ? SPAN("HTTP/1.0") : SPAN("HTTP/1.1");
}

struct span connection_get_remote_addr(struct exchange *x, struct span rest)
{
    (void)rest;
    return span_of(x->client->peer_host);
}

struct span connection_get_remote_port(struct exchange *x, struct span rest)
{
    unsigned port = net_port(&x->client->peer);

    (void)rest;
    return port != 0 ? arena_printf(&x->arena, "%u", port) : SPAN("");
}

/* Bytes of the peer's address, as a compact key. */
struct span connection_get_binary_remote_addr(struct exchange *x,
                                              struct span rest)
{
    const struct net_addr *peer = &x->client->peer;

    (void)rest;
    if (peer->sa.sa_family == AF_INET)
        return (struct span){(const char *)&peer->sa + 4, 4};
    if (peer->sa.sa_family == AF_INET6)
        return (struct span){(const char *)&peer->sa + 8, 16};
    return span_of(x->client->peer_host);
}
