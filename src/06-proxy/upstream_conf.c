/* upstream_conf: upstream NAME { server ...; } and the groups that pass
 * directives make of plain addresses. */

#include "front_conf.h"
#include "upstream.h"

#include <stdio.h>
#include <string.h>

static struct upstream *find_group(const struct front_conf *fc,
                                   struct span name)
{
    struct upstream *u = fc->upstreams;

    while (u != NULL && !span_eq_nocase(u->name, name))
        u = u->next;
    return u;
}

static struct upstream *new_group(struct arena *a, struct span name)
{
    struct upstream *u = arena_zalloc(a, sizeof *u);

    if (u != NULL)
        u->name = name;
    return u;
}

static bool add_peer(struct arena *a, struct upstream *u,
                     const struct upstream_peer *peer)
{
    if (u->count == u->room) {
        unsigned room = u->room ? u->room * 2 : 4;
        struct upstream_peer *peers =
            arena_alloc(a, room * sizeof(struct upstream_peer));

        if (peers == NULL)
            return false;
        if (u->count > 0)
            memcpy(peers, u->peers, u->count * sizeof *peers);
        u->peers = peers;
        u->room = room;
    }
    u->peers[u->count++] = *peer;
    return true;
}

/* "host" or "host:port" or "unix:/path", with a port where none is given. */
static bool parse_address(struct span address, unsigned default_port,
                          struct net_addr *addr, struct err *err)
{
    char text[512];
    bool v6 = span_starts(address, SPAN("["));
    bool has_port = v6 ? !span_ends(address, SPAN("]"))
                       : span_chr(address, ':') != NULL;

    if (address.len + 8 > sizeof text || address.len == 0)
        return err_set(err, "invalid host in upstream \"%.*s\"",
                       (int)(address.len < 200 ? address.len : 200),
                       address.ptr);
    if (has_port)
        snprintf(text, sizeof text, "%.*s", SPAN_ARG(address));
    else
        snprintf(text, sizeof text, "%.*s:%u", SPAN_ARG(address),
                 default_port);
    return net_parse(addr, text, err);
}

static const struct upstream_peer default_peer = {
    .weight = 1, .max_fails = 1, .fail_timeout = 10000, .effective = 1};

static bool address_peer(struct arena *a, struct upstream *u,
                         const struct net_addr *addr)
{
    struct upstream_peer peer = default_peer;
    char text[NET_ADDR_TEXT];

    peer.addr = *addr;
    net_print(addr, text);
    peer.name = arena_copy(a, span_of(text));
    return peer.name.ptr != NULL && add_peer(a, u, &peer);
}

struct upstream *upstream_for(struct conf *cf, struct span address,
                              unsigned default_port)
{
    struct front_conf *fc = cf->http;
    struct upstream *u = find_group(fc, address);

    if (u != NULL)
        return u;
    /* It may be defined further down; upstream_check looks again. */
    u = new_group(cf->arena, address);
    if (u == NULL) {
        conf_error(cf, "out of memory");
        return NULL;
    }
    u->implicit = true;
    u->default_port = default_port;
    u->file = cf->file;
    u->line = cf->line;
    u->next = fc->upstreams;
    fc->upstreams = u;
    return u;
}

bool upstream_check(struct conf *cf, struct front_conf *fc)
{
    for (struct upstream *u = fc->upstreams; u != NULL; u = u->next) {
        struct net_addr addr;
        struct err err;

        if (u->count > 0)
            continue;
        cf->file = u->file;
        cf->line = u->line;
        if (!u->implicit)
            return conf_error(cf, "no servers are inside upstream");
        if (!parse_address(u->name, u->default_port, &addr, &err))
            return conf_error(cf, "%s in upstream \"%.*s\"", err.text,
                              SPAN_ARG(u->name));
        if (!address_peer(cf->arena, u, &addr))
            return conf_error(cf, "out of memory");
    }
    return true;
}

static bool is_literal(struct span address)
{
    if (span_starts(address, SPAN("unix:")) ||
        span_starts(address, SPAN("[")))
        return true;
    for (size_t i = 0; i < address.len; i++)
        if ((address.ptr[i] < '0' || address.ptr[i] > '9') &&
            address.ptr[i] != '.' && address.ptr[i] != ':')
            return false;
    return address.len > 0;
}

struct upstream *upstream_resolve(struct exchange *x, struct span address,
                                  unsigned default_port)
{
    struct upstream *u = find_group(x->worker->conf, address);
    struct net_addr addr;

    if (u != NULL)
        return u;
    if (!is_literal(address) ||
        !parse_address(address, default_port, &addr, NULL))
        return NULL;
    u = new_group(&x->arena, address);
    return u != NULL && address_peer(&x->arena, u, &addr) ? u : NULL;
}

static bool set_upstream(struct conf *cf, const struct conf_row *row,
                         void *settings)
{
    struct front_conf *fc = cf->http;
    struct upstream *u = find_group(fc, cf->words[1]);

    (void)row;
    (void)settings;
    if (u != NULL && !u->implicit)
        return conf_error(cf, "duplicate upstream \"%.*s\"",
                          SPAN_ARG(cf->words[1]));
    if (u == NULL) {
        u = upstream_for(cf, cf->words[1], 0);
        if (u == NULL)
            return false;
    }
    u->implicit = false;
    if (!conf_block(cf, CONF_UPSTREAM, cf->scope, u))
        return false;
    u->file = cf->file;
    u->line = cf->line;
    return u->count > 0 || conf_error(cf, "no servers are inside upstream");
}

/* NAME=NUMBER or NAME=TIME into *value; false when the word is another. */
static bool peer_number(struct span word, struct span name, bool time,
                        int64_t *value)
{
    if (!span_starts(word, name))
        return false;
    word.ptr += name.len;
    word.len -= name.len;
    return time ? conf_parse_msec(word, value) : conf_parse_number(word, value);
}

static bool peer_option(struct conf *cf, struct upstream_peer *p,
                        struct span word)
{
    if (peer_number(word, SPAN("weight="), false, &p->weight) &&
        p->weight > 0) {
        p->effective = p->weight;
        return true;
    }
    if (peer_number(word, SPAN("max_fails="), false, &p->max_fails) ||
        peer_number(word, SPAN("fail_timeout="), true, &p->fail_timeout) ||
        peer_number(word, SPAN("max_conns="), false, &p->max_conns))
        return true;
    if (span_eq(word, SPAN("down")))
        return p->down = true;
    if (span_eq(word, SPAN("backup")))
        return p->backup = true;
    return conf_error(cf, "invalid parameter \"%.*s\"", SPAN_ARG(word));
}

/* server ADDRESS [weight=N] [max_fails=N] [fail_timeout=T] ... */
static bool set_peer(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    struct upstream *u = cf->subject;
    struct upstream_peer peer = default_peer;
    struct err err;

    (void)row;
    (void)settings;
    for (unsigned i = 2; i < cf->count; i++)
        if (!peer_option(cf, &peer, cf->words[i]))
            return false;
    if (!parse_address(cf->words[1], 80, &peer.addr, &err))
        return conf_error(cf, "%s in upstream \"%.*s\"", err.text,
                          SPAN_ARG(cf->words[1]));
    peer.name = cf->words[1];
    return add_peer(cf->arena, u, &peer);
}

static const struct conf_row upstream_rows[] = {
    {"upstream", CONF_HTTP, 1, 1, true, set_upstream, CONF_OTHER, 0, 0, NULL},
    {"server", CONF_UPSTREAM, 1, CONF_MANY, false, set_peer, CONF_OTHER, 0, 0,
     NULL},
    {NULL, 0, 0, 0, false, NULL, CONF_OTHER, 0, 0, NULL},
};

struct conf_module upstream_module = {
    .name = "upstream",
    .rows = upstream_rows,
    .size = 1, /* it has no settings by scope */
};
