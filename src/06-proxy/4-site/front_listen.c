/* front_listen: the `listen` directive, and which sockets it takes. */

#include "front_blocks.h"

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
static bool listen_address(struct conf *cf, struct span word,
                           struct front_listen *l)
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

static bool listen_flag(struct conf *cf, struct front_listen *l,
                        struct span word, bool *is_default)
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
        return conf_error(cf, "invalid parameter \"%.*s\"", SPAN_ARG(word));
    return true;
}

static bool listen_add_server(struct conf *cf, struct front_listen *l,
                              struct front_server *s, bool is_default)
{
    for (unsigned i = 0; i < l->count; i++)
        if (l->servers[i] == s)
            return conf_error(cf, "a duplicate listen %s", l->text);
    if (l->count == l->room) {
        unsigned room = l->room ? l->room * 2 : 4;
        struct front_server **list =
            arena_zalloc(cf->arena, room * sizeof(struct front_server *));

        if (list == NULL)
            return false;
        if (l->count > 0)
            memcpy(list, l->servers, l->count * sizeof(struct front_server *));
        l->servers = list;
        l->room = room;
    }
    l->servers[l->count++] = s;
    if (is_default) {
        if (l->default_given)
            return conf_error(cf, "a duplicate default server for %s",
                              l->text);
        l->default_given = true;
        l->servers[l->count - 1] = l->servers[0];
        l->servers[0] = s;
    }
    s->listens = true;
    return true;
}

/* The entry for this address: the one that stands, or a new one. */
static struct front_listen *listen_entry(struct conf *cf,
                                         struct front_conf *fc,
                                         const struct front_listen *wanted)
{
    struct front_listen *l;

    for (l = fc->listens; l != NULL; l = l->next)
        if (net_same(&l->addr, &wanted->addr))
            return l;
    l = arena_alloc(cf->arena, sizeof *l);
    if (l == NULL)
        return NULL;
    *l = *wanted;
    *fc->last_listen = l;
    fc->last_listen = &l->next;
    return l;
}

bool front_set_listen(struct conf *cf, const struct conf_row *row,
                      void *settings)
{
    struct front_listen wanted = {
        .backlog = LISTEN_BACKLOG, .ipv6only = true};
    struct front_listen *l;
    bool is_default = false;

    if (!listen_address(cf, cf->words[1], &wanted))
        return false;
    for (unsigned i = 2; i < cf->count; i++)
        if (!listen_flag(cf, &wanted, cf->words[i], &is_default))
            return false;
    l = listen_entry(cf, cf->http, &wanted);
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
    return listen_add_server(cf, l, cf->subject, is_default);
}

bool front_listen_default(struct conf *cf, struct front_conf *fc,
                          struct front_server *s)
{
    struct front_listen wanted = {.backlog = LISTEN_BACKLOG};
    struct front_listen *l;

    if (!listen_address(cf, geteuid() == 0 ? SPAN("80") : SPAN("8000"),
                        &wanted))
        return false;
    l = listen_entry(cf, fc, &wanted);
    return l != NULL && listen_add_server(cf, l, s, false);
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

bool front_listen_join(struct conf *cf, struct front_conf *fc)
{
    for (struct front_listen *w = fc->listens; w != NULL; w = w->next) {
        w->place = (struct place){w->servers[0]->scope, w->servers[0]->name,
                                  front_find_here};
        if (!is_wildcard(&w->addr))
            continue;
        for (struct front_listen *l = fc->listens; l != NULL; l = l->next)
            if (l != w && l->addr.sa.sa_family == w->addr.sa.sa_family &&
                net_port(&l->addr) == net_port(&w->addr)) {
                l->wildcard = w;
                w->has_specific = true;
            }
    }
    return true;
}

const struct place *front_listen_place(const struct front_conf *fc,
                                       const struct front_listen *l, int fd)
{
    struct net_addr local;

    if (!l->has_specific || !net_local(fd, &local))
        return &l->place;
    for (const struct front_listen *s = fc->listens; s != NULL; s = s->next)
        if (s->wildcard == l && net_same(&s->addr, &local))
            return &s->place;
    return &l->place;
}
