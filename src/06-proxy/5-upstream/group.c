/* group: upstream NAME { server ...; }, and the groups that pass directives
 * make of plain addresses.
 *
 * A group may be named before it is defined: a name is taken as it is, and what
 * no block has defined by the end is looked up as an address. */

#include "group.h"
#include "exchange.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

static struct group *find_group(const struct groups *groups, struct span name)
{
    struct group *g = groups->first;

    while (g != NULL && !span_eq_nocase(g->name, name))
        g = g->next;
    return g;
}

static struct group *new_group(struct arena *a, struct span name)
{
    struct group *g = arena_zalloc(a, sizeof *g);

    if (g != NULL)
        g->name = name;
    return g;
}

static bool add_peer(struct arena *a, struct group *g,
                     const struct peer *peer)
{
    if (g->count == g->room) {
        unsigned room = g->room ? g->room * 2 : 4;
        struct peer *peers =
            arena_alloc(a, room * sizeof(struct peer));

        if (peers == NULL)
            return false;
        if (g->count > 0)
            memcpy(peers, g->peers, g->count * sizeof *peers);
        g->peers = peers;
        g->room = room;
    }
    g->peers[g->count++] = *peer;
    return true;
}

static const struct peer default_peer = {
    .weight = 1, .max_fails = 1, .fail_timeout = 10000, .effective = 1};

/* One peer at this address, otherwise as `like` is. */
static bool address_peer(struct arena *a, struct group *g,
                         const struct net_addr *addr,
                         const struct peer *like)
{
    struct peer peer = *like;
    char text[NET_ADDR_TEXT];

    peer.addr = *addr;
    net_print(addr, text);
    peer.name = arena_copy(a, span_of(text));
    return peer.name.ptr != NULL && add_peer(a, g, &peer);
}

/* Cuts "host", "host:port", "[v6]:port"; no port is 0. */
static const char *split_address(struct span address, struct span *host,
                                 uint64_t *port)
{
    const char *colon;
    struct span text = address;

    *host = address;
    *port = 0;
    if (span_starts(address, SPAN("["))) {
        const char *end = span_chr(address, ']');

        if (end == NULL)
            return "invalid host";
        *host = span_from(span_until(address, ']'), 1);
        text = span_after(address, end);
        if (text.len > 0 && text.ptr[0] != ':')
            return "invalid host";
    }
    colon = span_chr(text, ':');
    if (colon != NULL) {
        if (text.ptr == address.ptr)
            *host = span_until(text, ':');
        if (!span_decimal(span_after(text, colon), port) || *port == 0 ||
            *port > 65535)
            return "invalid port";
    }
    return host->len == 0 ? "no host" : host->len > 255 ? "invalid host" : NULL;
}

/* A peer for each address that the host has. */
static bool add_hosts(struct arena *a, struct group *g,
                      const struct peer *like, struct span host,
                      unsigned port, int flags)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *list;
    char name[256], service[8];
    bool added = true;

    snprintf(name, sizeof name, "%.*s", SPAN_ARG(host));
    snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(name, service, &hints, &list) != 0)
        return false;
    for (struct addrinfo *i = list; i != NULL && added; i = i->ai_next) {
        struct net_addr addr = {.len = i->ai_addrlen};

        memcpy(&addr.sa, i->ai_addr, i->ai_addrlen);
        added = address_peer(a, g, &addr, like);
    }
    freeaddrinfo(list);
    return added;
}

/* The peers that an address of the configuration means; `flags` may be
 * AI_NUMERICHOST, to ask nobody for names.  *err is worded as nginx does. */
static bool add_address(struct arena *a, struct group *g,
                        const struct peer *like, struct span address,
                        unsigned default_port, int flags, struct err *err)
{
    struct span host = {NULL, 0};
    uint64_t port = 0;
    const char *problem;

    if (span_starts(address, SPAN("unix:"))) {
        struct net_addr addr;
        char text[256];

        snprintf(text, sizeof text, "%.*s", SPAN_ARG(address));
        if (address.len >= sizeof text || !net_parse(&addr, text, NULL))
            return err_set(err, "%s in the unix domain socket in upstream "
                                "\"%.*s\"",
                           address.len == 5 ? "no path" : "too long path",
                           SPAN_ARG(address));
        return address_peer(a, g, &addr, like) ||
               err_set(err, "out of memory");
    }
    problem = split_address(address, &host, &port);
    if (problem == NULL && port == 0 && default_port == 0)
        problem = "no port";
    if (problem != NULL)
        return err_set(err, "%s in upstream \"%.*s\"", problem,
                       SPAN_ARG(address));
    return add_hosts(a, g, like, host, port ? (unsigned)port : default_port,
                     flags) ||
           err_set(err, "host not found in upstream \"%.*s\"",
                   SPAN_ARG(host));
}

struct group *group_named(struct conf *cf, struct span name,
                          unsigned default_port)
{
    struct groups *groups = conf_main(cf->scope, &upstream_module);
    struct group *g = find_group(groups, name);

    if (g != NULL)
        return g;
    g = new_group(cf->arena, name);
    if (g == NULL)
        return NULL;
    g->implicit = true;
    g->default_port = default_port;
    g->file = cf->file;
    g->line = cf->line;
    g->next = groups->first;
    groups->first = g;
    return g;
}

/* What no block has defined is an address. */
static bool check_groups(struct conf *cf)
{
    const struct groups *groups = conf_main(cf->scope, &upstream_module);
    struct err err;

    for (struct group *g = groups->first; g != NULL; g = g->next) {
        cf->file = g->file;
        cf->line = g->line;
        if (g->count == 0 &&
            !add_address(cf->arena, g, &default_peer, g->name,
                         g->default_port, 0, &err))
            return conf_error(cf, "%s", err.text);
    }
    return true;
}

struct group *group_resolve(struct exchange *x, struct span address,
                            unsigned default_port)
{
    struct group *g =
        find_group(conf_main(x->scope, &upstream_module), address);

    if (g != NULL)
        return g;
    g = new_group(&x->arena, address);
    if (g == NULL || !add_address(&x->arena, g, &default_peer, address,
                                  default_port, AI_NUMERICHOST, NULL))
        return NULL;
    return g;
}

static bool set_upstream(struct conf *cf, const struct conf_row *row,
                         void *settings)
{
    struct group *g = group_named(cf, cf->words[1], 0);

    if (g == NULL)
        return false;
    if (!g->implicit)
        return conf_error(cf, "duplicate upstream \"%.*s\"",
                          SPAN_ARG(cf->words[1]));
    g->implicit = false;
    return conf_block(cf, CONF_UPSTREAM, cf->scope, g) &&
           (g->count > 0 ||
            conf_error(cf, "no servers are inside upstream"));
}

/* The words that have a number.  Weights are added up, times added to now. */
static bool peer_number(struct conf *cf, struct peer *p,
                        struct span word)
{
    static const struct {
        struct span name;
        struct conf_range range;
        size_t offset;
    } words[] = {
        {SPAN_INIT("weight="), {1, INT32_MAX, ""},
         offsetof(struct peer, weight)},
        {SPAN_INIT("max_fails="), {0, INT32_MAX, ""},
         offsetof(struct peer, max_fails)},
        {SPAN_INIT("max_conns="), {0, INT32_MAX, ""},
         offsetof(struct peer, max_conns)},
        {SPAN_INIT("fail_timeout="), {0, CONF_HUNDRED_YEARS, "ms"},
         offsetof(struct peer, fail_timeout)},
    };

    for (size_t i = 0; i < COUNT(words); i++)
        if (conf_parse_named(cf, word, words[i].name, "parameter",
                             &words[i].range,
                             (int64_t *)((char *)p + words[i].offset)))
            return true;
    return false;
}

static bool peer_option(struct conf *cf, struct peer *p,
                        struct span word)
{
    if (peer_number(cf, p, word)) {
        p->effective = p->weight;
        return true;
    }
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
    struct group *g = cf->subject;
    struct peer peer = default_peer;
    struct err err;

    for (unsigned i = 2; i < cf->count; i++)
        if (!peer_option(cf, &peer, cf->words[i]))
            return false;
    return add_address(cf->arena, g, &peer, cf->words[1], 80, 0, &err) ||
           conf_error(cf, "%s", err.text);
}

static const struct conf_row upstream_rows[] = {
    CONF_BLOCK("upstream", CONF_HTTP, 1, 1, set_upstream),
    CONF_SETTER("server", CONF_UPSTREAM, 1, CONF_MANY, set_peer),
    {0},
};

const struct module upstream_module = {
    .name = "upstream",
    .index = MODULE_INDEX,
    .rows = upstream_rows,
    .settings = sizeof(struct groups),
    .check = check_groups,
};
