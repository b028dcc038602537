/* listen: the `listen` directive, and which sockets it takes.
 *
 * The addresses of all servers stand in one list, in the main scope, for
 * several servers may share one.  An address that a wildcard covers needs no
 * socket of its own: the kernel gives a port to one. */

#include "listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_BACKLOG 511

/* A unix socket has none and needs none. */
static bool has_port(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;

    return strncmp(text, "unix:", 5) == 0 ||
           (colon != NULL && span_decimal(span_of(colon + 1), &port) &&
            port > 0 && port <= 65535);
}

/* "8080" is *:8080, "10.0.0.1" is 10.0.0.1:80, "[::1]" is [::1]:80. */
static bool listen_address(struct conf *cf, struct span word, struct listen *l)
{
    char text[256];
    struct err err;
    uint64_t port;
    const char *colon = span_chr(word, ':');
    bool v6 = span_starts(word, SPAN("["));

    if (word.len + 4 > sizeof text)
        return conf_error(cf, "invalid host in \"%.*s\" of the \"listen\" "
                              "directive", SPAN_ARG(word));
    if (span_decimal(word, &port))
        snprintf(text, sizeof text, "*:%.*s", SPAN_ARG(word));
    else if (span_starts(word, SPAN("unix:")) || (!v6 && colon != NULL) ||
             (v6 && !span_ends(word, SPAN("]"))))
        snprintf(text, sizeof text, "%.*s", SPAN_ARG(word));
    else
        snprintf(text, sizeof text, "%.*s:80", SPAN_ARG(word));
    if (!has_port(text))
        return conf_error(cf, "invalid port in \"%.*s\" of the \"listen\" "
                              "directive", SPAN_ARG(word));
    if (!net_parse(&l->addr, text, &err))
        return conf_error(cf, "host not found in \"%.*s\" of the \"listen\" "
                              "directive (%s)", SPAN_ARG(word), err.text);
    net_print(&l->addr, l->text);
    return true;
}

/* A word that only some module knows ("ssl"). */
static bool listen_ask(struct conf *cf, struct span word, struct listen *l)
{
    for (const struct module *const *m = cf->modules; *m != NULL; m++)
        if ((*m)->listen != NULL && (*m)->listen(cf, word, l))
            return true;
    return conf_error(cf, "invalid parameter \"%.*s\"", SPAN_ARG(word));
}

static bool listen_flag(struct conf *cf, struct listen *l, struct span word,
                        bool *is_default)
{
    static const struct conf_range backlog = {1, INT32_MAX, ""};
    int64_t n;

    if (span_eq(word, SPAN("default_server")) ||
        span_eq(word, SPAN("default"))) {
        *is_default = true;
        return true;
    }
    l->set = true;
    if (span_eq(word, SPAN("reuseport")))
        l->reuseport = true;
    else if (span_eq(word, SPAN("bind")))
        ;
    else if (span_eq(word, SPAN("ipv6only=on")))
        l->ipv6only = true;
    else if (span_eq(word, SPAN("ipv6only=off")))
        l->ipv6only = false;
    else if (span_eq(word, SPAN("deferred")))
        l->deferred = true;
    else if (conf_parse_named(cf, word, SPAN("backlog="), "backlog", &backlog,
                              &n))
        l->backlog = (int)n;
    else
        return listen_ask(cf, word, l);
    return true;
}

static bool listen_add_server(struct conf *cf, struct listen *l,
                              struct conf_scope *server, bool is_default)
{
    struct listen_settings *s = CONF_OF(server, &listen_module);

    for (unsigned i = 0; i < l->count; i++)
        if (l->servers[i] == server)
            return conf_error(cf, "a duplicate listen %s", l->text);
    if (l->count == l->room) {
        unsigned room = l->room ? l->room * 2 : 4;
        struct conf_scope **list =
            arena_zalloc(cf->arena, room * sizeof *list);

        if (list == NULL)
            return false;
        if (l->count > 0)
            memcpy(list, l->servers, l->count * sizeof *list);
        l->servers = list;
        l->room = room;
    }
    l->servers[l->count++] = server;
    if (is_default) {
        if (l->default_given)
            return conf_error(cf, "a duplicate default server for %s",
                              l->text);
        l->default_given = true;
        l->servers[l->count - 1] = l->servers[0];
        l->servers[0] = server;
    }
    s->given = true;
    return true;
}

/* The entry for this address: the one that stands, or a new one. */
static struct listen *listen_entry(struct conf *cf,
                                   const struct listen *wanted)
{
    struct listen_settings *s = CONF_OF(cf->scopes, &listen_module);
    struct listen **l = &s->all;

    for (; *l != NULL; l = &(*l)->next)
        if (net_same(&(*l)->addr, &wanted->addr))
            return *l;
    *l = arena_alloc(cf->arena, sizeof **l);
    if (*l != NULL)
        **l = *wanted;
    return *l;
}

static bool set_listen(struct conf *cf, const struct conf_row *row,
                       void *settings)
{
    struct listen wanted = {.backlog = LISTEN_BACKLOG, .ipv6only = true};
    struct listen *l;
    bool is_default = false;

    if (!listen_address(cf, cf->words[1], &wanted))
        return false;
    for (unsigned i = 2; i < cf->count; i++)
        if (!listen_flag(cf, &wanted, cf->words[i], &is_default))
            return false;
    l = listen_entry(cf, &wanted);
    if (l == NULL)
        return false;
    if (wanted.set && l->count > 0) {
        if (l->set)
            return conf_error(cf, "duplicate listen options for %s", l->text);
        l->set = true;
        l->backlog = wanted.backlog;
        l->reuseport = wanted.reuseport;
        l->ipv6only = wanted.ipv6only;
        l->deferred = wanted.deferred;
    }
    return listen_add_server(cf, l, cf->scope, is_default);
}

bool listen_default(struct conf *cf, struct conf_scope *server)
{
    const struct listen_settings *s = CONF_OF(server, &listen_module);
    struct listen wanted = {.backlog = LISTEN_BACKLOG};
    struct listen *l;

    if (s->given)
        return true;
    if (!listen_address(cf, geteuid() == 0 ? SPAN("80") : SPAN("8000"),
                        &wanted))
        return false;
    l = listen_entry(cf, &wanted);
    return l != NULL && listen_add_server(cf, l, server, false);
}

static bool is_wildcard(const struct net_addr *a)
{
    static const struct in6_addr any = IN6ADDR_ANY_INIT;

    if (a->sa.sa_family == AF_INET)
        return ((const struct sockaddr_in *)&a->sa)->sin_addr.s_addr == 0;
    return a->sa.sa_family == AF_INET6 &&
           memcmp(&((const struct sockaddr_in6 *)&a->sa)->sin6_addr, &any,
                  sizeof any) == 0;
}

/* When all servers are read: a specific address whose port a wildcard has too
 * needs no socket of its own. */
static bool listen_join(struct conf *cf)
{
    struct listen *all = listen_all(cf->scopes);

    for (struct listen *w = all; w != NULL; w = w->next) {
        if (!is_wildcard(&w->addr))
            continue;
        for (struct listen *l = all; l != NULL; l = l->next)
            if (l != w && l->addr.sa.sa_family == w->addr.sa.sa_family &&
                net_port(&l->addr) == net_port(&w->addr)) {
                l->wildcard = w;
                w->shared = all;
            }
    }
    return true;
}

const struct place *listen_place(const struct listen *l, int fd)
{
    struct net_addr local;

    if (l->shared == NULL || !net_local(fd, &local))
        return &l->place;
    for (const struct listen *s = l->shared; s != NULL; s = s->next)
        if (s->wildcard == l && net_same(&s->addr, &local))
            return &s->place;
    return &l->place;
}

static const struct conf_row listen_rows[] = {
    CONF_SETTER("listen", CONF_SERVER, 1, CONF_MANY, set_listen),
    {0},
};

const struct module listen_module = {
    .name = "listen",
    .index = MODULE_INDEX,
    .rows = listen_rows,
    .settings = sizeof(struct listen_settings),
    .check = listen_join,
};
