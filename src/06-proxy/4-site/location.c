/* location: the `location` block, the search for the one that a URI is in, and
 * what it says of a request: who may come, how much may be sent, who answers.
 *
 * The rules are nginx's: what the longest prefix finds is kept unless a
 * regular expression matches, and nested lists are searched likewise. */

#include "location.h"
#include "answer.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"
#include "redirect.h"
#include "value.h"
#include "request_variables.h"

#include <inttypes.h>

static struct location *inner_of(const struct conf_scope *scope)
{
    const struct location_settings *s = CONF_OF(scope, &location_module);

    return s->inner;
}

/* --- The search -------------------------------------------------------- */

/* How well the name of a location matches, to compare with another: an exact
 * location beats all, a longer prefix a shorter one; and one that is passed on
 * and lacks nothing but the final "/" beats a prefix that is not the whole URI.
 * 0: not at all. */
static size_t location_match(const struct location *l, struct span uri)
{
    if (l->slash_added && l->name.len == uri.len + 1 &&
        span_starts(l->name, uri))
        return l->name.len;
    switch (l->kind) {
    case LOCATION_EXACT:
        return span_eq(l->name, uri) ? SIZE_MAX : 0;
    case LOCATION_PREFIX:
    case LOCATION_NO_REGEX:
        if (!span_starts(uri, l->name))
            return 0;
        return l->name.len == uri.len ? uri.len + 2 : l->name.len + 1;
    case LOCATION_REGEX:
    case LOCATION_NAMED:
        break;
    }
    return 0;
}

/* A search on its way through the nested lists. */
struct search {
    struct span uri;
    struct location *found; /* so far */
    struct span *captures;
    struct regex **regex;
    struct err *err;
    bool gave_up; /* a regular expression did */
};

static bool search_list(struct search *s, struct location *list);

/* The first regular expression's location that matches, or what is inside.
 * True when the search is over. */
static bool search_regex(struct search *s, struct location *list)
{
    for (struct location *l = list; l != NULL; l = l->next) {
        if (l->kind != LOCATION_REGEX)
            continue;
        switch (regex_match(l->regex, s->uri, s->captures, FRONT_CAPTURES,
                            s->err)
                    .is) {
        case REGEX_NO:
            break;
        case REGEX_YES:
            *s->regex = l->regex;
            s->found = l;
            search_list(s, inner_of(l->scope));
            return true;
        case REGEX_GAVE_UP:
            s->gave_up = true;
            return true;
        }
    }
    return false;
}

/* True when the search is over: nothing outside of this list is asked. */
static bool search_list(struct search *s, struct location *list)
{
    struct location *best = NULL;
    size_t best_match = 0;

    for (struct location *l = list; l != NULL; l = l->next) {
        size_t match = location_match(l, s->uri);

        if (match > best_match) {
            best = l;
            best_match = match;
        }
    }
    if (best != NULL) {
        s->found = best;
        if (best->kind == LOCATION_EXACT || best->name.len > s->uri.len ||
            search_list(s, inner_of(best->scope)))
            return true;
        if (best->kind == LOCATION_NO_REGEX)
            return false;
    }
    return search_regex(s, list);
}

bool location_find(const struct conf_scope *server, struct span uri,
                   struct span *captures, struct regex **regex,
                   struct location **found, struct err *err)
{
    struct search s = {
        .uri = uri, .captures = captures, .regex = regex, .err = err};

    search_list(&s, inner_of(server));
    *found = s.found;
    return !s.gave_up;
}

/* --- The block --------------------------------------------------------- */

/* The modifier may be glued to the pattern: "~\.php$", "=/path". */
static bool location_words(struct conf *cf, struct span *modifier,
                           struct span *name)
{
    static const struct span modifiers[] = {
        SPAN_INIT("^~"), SPAN_INIT("~*"), SPAN_INIT("~"), SPAN_INIT("=")};
    bool glued = cf->count == 2;

    *modifier = SPAN("");
    *name = cf->words[cf->count - 1];
    for (size_t i = 0; i < COUNT(modifiers); i++)
        if (glued ? span_skip_prefix(name, modifiers[i])
                  : span_eq(cf->words[1], modifiers[i])) {
            *modifier = modifiers[i];
            return true;
        }
    return glued || conf_error(cf, "invalid location modifier \"%.*s\"",
                               SPAN_ARG(cf->words[1]));
}

static bool location_regex(struct conf *cf, struct location *l, bool nocase)
{
    struct err err;

    l->kind = LOCATION_REGEX;
    l->regex = regex_compile(cf->arena, l->name, nocase, &err);
    if (l->regex == NULL)
        return conf_error(cf, "%s", err.text);
    return value_define_captures(cf, l->regex, get_capture);
}

static bool location_kind(struct conf *cf, struct location *l)
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
static bool location_fits(struct conf *cf, const struct location *outer,
                          const struct location *l)
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

static bool location_is(const struct location *a, const struct location *b)
{
    bool prefix_a = a->kind == LOCATION_PREFIX || a->kind == LOCATION_NO_REGEX;
    bool prefix_b = b->kind == LOCATION_PREFIX || b->kind == LOCATION_NO_REGEX;

    return a->kind != LOCATION_REGEX && span_eq(a->name, b->name) &&
           (a->kind == b->kind || (prefix_a && prefix_b));
}

static bool set_location(struct conf *cf, const struct conf_row *row,
                         void *settings)
{
    struct location_settings *around = settings, *own;
    struct location *l = arena_zalloc(cf->arena, sizeof *l);
    struct location **last = &around->inner;

    if (l == NULL)
        return false;
    if (!location_kind(cf, l) || !location_fits(cf, around->self, l))
        return false;
    for (; *last != NULL; last = &(*last)->next)
        if (location_is(*last, l))
            return conf_error(cf, "duplicate location \"%.*s\"",
                              SPAN_ARG(l->name));
    *last = l;
    l->scope = conf_open_scope(cf);
    if (l->scope == NULL)
        return false;
    own = CONF_OF(l->scope, &location_module);
    own->self = l;
    return conf_block(cf, CONF_LOCATION, l->scope, l);
}

static bool set_internal(struct conf *cf, const struct conf_row *row,
                         void *settings)
{
    struct location_settings *s = settings;

    s->internal = 1;
    return true;
}

/* --- The request ------------------------------------------------------ */

/* A request that begins anew has no location yet. */
static int server_handler(struct exchange *x)
{
    x->scope = x->server;
    return NEXT_HANDLER;
}

static int location_handler(struct exchange *x)
{
    const struct location_settings *s;
    struct location *l;
    struct err err;

    if (!location_find(x->server, x->uri, x->captures, &x->regex, &l, &err)) {
        exchange_log(x, ERROR_LOG_ALERT, 0, "%s", err.text);
        return 500;
    }
    x->scope = l != NULL ? l->scope : x->server;
    s = CONF_OF(x->scope, &location_module);
    if (s->internal && !x->internal)
        return 404;
    if (conversation(x->scope)->keepalive_timeout == 0)
        x->keep_alive = false;
    if (l != NULL && l->slash_added && x->uri.len + 1 == l->name.len)
        return redirect_with_slash(x);
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
    struct location_settings *s = CONF_OF(cf->scope, &location_module);

    if (s->handler != NULL)
        return conf_error(cf, "\"%s\" directive is duplicate", directive);
    s->handler = handler;
    s->data = data;
    if (s->self != NULL)
        s->self->slash_added = s->self->kind != LOCATION_REGEX &&
                               span_ends(s->self->name, SPAN("/"));
    return true;
}

static const struct conf_row location_rows[] = {
    CONF_BLOCK("location", CONF_SERVER | CONF_LOCATION, 1, 2, set_location),
    {"internal", CONF_LOCATION, 0, 0, false, set_internal, CONF_NUMBER,
     offsetof(struct location_settings, internal), 0, NULL},
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
