/* front_conf: http { }, server { } and location { }; see front_conf.h. */

#include "front_conf.h"
#include "front_blocks.h"
#include "hooks.h"
#include "module.h"
#include "value.h"
#include "variables.h"

static bool modules_check(struct conf *cf)
{
    for (const struct module *const *m = cf->modules; *m != NULL; m++)
        if ((*m)->check != NULL && !(*m)->check(cf))
            return false;
    return true;
}

static bool set_http(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    struct front_conf *fc;

    if (cf->http != NULL)
        return conf_error(cf, "\"http\" directive is duplicate");
    fc = arena_zalloc(cf->arena, sizeof *fc);
    if (fc == NULL || (fc->scope = conf_open_scope(cf)) == NULL)
        return false;
    fc->last_server = &fc->servers;
    fc->last_listen = &fc->listens;
    cf->http = fc;
    /* Behind the block, all names and addresses are known. */
    return conf_block(cf, CONF_HTTP, fc->scope, fc) &&
           front_listen_join(cf, fc) && modules_check(cf) &&
           value_check_names(cf) &&
           ((fc->hooks = hooks_compile(cf->arena, cf->modules)) != NULL ||
            conf_error(cf, "out of memory"));
}

static bool set_server(struct conf *cf, const struct conf_row *row,
                       void *settings)
{
    struct front_conf *fc = cf->http;
    struct front_server *s = arena_zalloc(cf->arena, sizeof *s);

    if (s == NULL || (s->scope = conf_open_scope(cf)) == NULL)
        return false;
    s->last_name = &s->names;
    *fc->last_server = s;
    fc->last_server = &s->next;
    return conf_block(cf, CONF_SERVER, s->scope, s) &&
           (s->listens || front_listen_default(cf, fc, s));
}

/* The modifier may be glued to the pattern: "~\.php$", "=/path". */
static bool location_words(struct conf *cf, struct span *modifier,
                           struct span *name)
{
    static const struct span modifiers[] = {
        SPAN_INIT("^~"), SPAN_INIT("~*"), SPAN_INIT("~"), SPAN_INIT("=")};
    struct span first = cf->words[1];

    *modifier = (struct span){"", 0};
    *name = first;
    if (cf->count == 3) {
        *modifier = first;
        *name = cf->words[2];
        for (size_t i = 0; i < 4; i++)
            if (span_eq(first, modifiers[i]))
                return true;
        return conf_error(cf, "invalid location modifier \"%.*s\"",
                          SPAN_ARG(first));
    }
    for (size_t i = 0; i < 4; i++)
        if (span_starts(first, modifiers[i])) {
            *modifier = modifiers[i];
            name->ptr += modifiers[i].len;
            name->len -= modifiers[i].len;
            return true;
        }
    return true;
}

static bool location_regex(struct conf *cf, struct front_location *l,
                           bool nocase)
{
    struct err err;

    l->kind = LOCATION_REGEX;
    l->regex = regex_compile(cf->arena, l->name, nocase, &err);
    if (l->regex == NULL)
        return conf_error(cf, "%s", err.text);
    return value_define_captures(cf, l->regex, get_capture);
}

static bool location_kind(struct conf *cf, struct front_location *l)
{
    struct span modifier;

    if (!location_words(cf, &modifier, &l->name))
        return false;
    if (span_eq(modifier, SPAN("~")) || span_eq(modifier, SPAN("~*")))
        return location_regex(cf, l, modifier.len == 2);
    if (modifier.len == 0 && span_starts(l->name, SPAN("@")))
        l->kind = LOCATION_NAMED;
    else if (span_eq(modifier, SPAN("=")))
        l->kind = LOCATION_EXACT;
    else
        l->kind = modifier.len ? LOCATION_NO_REGEX : LOCATION_PREFIX;
    return true;
}

/* Nested locations must lie inside the outer one, as nginx has it. */
static bool location_fits(struct conf *cf, const struct front_location *outer,
                          const struct front_location *l)
{
    if (outer == NULL)
        return true;
    if (outer->kind == LOCATION_EXACT)
        return conf_error(cf,
                          "location \"%.*s\" cannot be inside the exact "
                          "location \"%.*s\"",
                          SPAN_ARG(l->name), SPAN_ARG(outer->name));
    if (outer->kind == LOCATION_NAMED)
        return conf_error(cf,
                          "location \"%.*s\" cannot be inside the named "
                          "location \"%.*s\"",
                          SPAN_ARG(l->name), SPAN_ARG(outer->name));
    if (l->kind == LOCATION_NAMED)
        return conf_error(cf,
                          "named location \"%.*s\" can be on the server "
                          "level only",
                          SPAN_ARG(l->name));
    if (l->kind != LOCATION_REGEX && !span_starts(l->name, outer->name))
        return conf_error(cf, "location \"%.*s\" is outside location \"%.*s\"",
                          SPAN_ARG(l->name), SPAN_ARG(outer->name));
    return true;
}

static bool location_is(const struct front_location *a,
                        const struct front_location *b)
{
    bool prefix_a = a->kind == LOCATION_PREFIX || a->kind == LOCATION_NO_REGEX;
    bool prefix_b = b->kind == LOCATION_PREFIX || b->kind == LOCATION_NO_REGEX;

    return a->kind != LOCATION_REGEX && span_eq(a->name, b->name) &&
           (a->kind == b->kind || (prefix_a && prefix_b));
}

static bool set_location(struct conf *cf, const struct conf_row *row,
                         void *settings)
{
    struct front_location *l = arena_zalloc(cf->arena, sizeof *l);
    struct front_location *outer = NULL, **list;
    struct front_server *server;

    if (cf->where == CONF_LOCATION) {
        outer = cf->subject;
        list = &outer->inner;
    } else {
        server = cf->subject;
        list = &server->locations;
    }
    if (l == NULL)
        return false;
    if (!location_kind(cf, l) || !location_fits(cf, outer, l))
        return false;
    for (; *list != NULL; list = &(*list)->next)
        if (location_is(*list, l))
            return conf_error(cf, "duplicate location \"%.*s\"",
                              SPAN_ARG(l->name));
    *list = l;
    l->scope = conf_open_scope(cf);
    if (l->scope == NULL)
        return false;
    return conf_block(cf, CONF_LOCATION, l->scope, l);
}

static const struct conf_row front_rows[] = {
    CONF_BLOCK("http", CONF_MAIN, 0, 0, set_http),
    CONF_BLOCK("server", CONF_HTTP, 0, 0, set_server),
    CONF_BLOCK("location", CONF_SERVER | CONF_LOCATION, 1, 2, set_location),
    CONF_SETTER("listen", CONF_SERVER, 1, CONF_MANY, front_set_listen),
    CONF_SETTER("server_name", CONF_SERVER, 1, CONF_MANY,
                front_set_server_name),
    {0},
};

const struct module front_module = {
    .name = "front",
    .index = MODULE_INDEX,
    .rows = front_rows,
};
