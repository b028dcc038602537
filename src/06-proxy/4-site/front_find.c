/* front_find: which server a host name means, and which location a URI. */

#include "exchange.h"
#include "error_log.h"
#include "front_blocks.h"
#include "value.h"
#include "variables.h"

#include <ctype.h>

/* One word of server_name: "example.com", "*.example.com", ".example.com",
 * "www.example.*", "~regex", "". */
static bool name_parse(struct conf *cf, struct span word, struct front_name *n)
{
    struct err err;

    n->kind = NAME_EXACT;
    n->text = word;
    if (span_starts(word, SPAN("~"))) {
        n->kind = NAME_REGEX;
        n->regex = regex_compile(
            cf->arena, (struct span){word.ptr + 1, word.len - 1}, true, &err);
        if (n->regex == NULL)
            return conf_error(cf, "%s", err.text);
        return value_define_captures(cf, n->regex, get_capture);
    }
    for (size_t i = 0; i < word.len; i++)
        ((char *)word.ptr)[i] = (char)tolower((unsigned char)word.ptr[i]);
    if (span_starts(word, SPAN("*."))) {
        n->kind = NAME_HEAD;
        n->text = (struct span){word.ptr + 1, word.len - 1};
    } else if (span_starts(word, SPAN("."))) {
        n->kind = NAME_HEAD;
        n->bare = true;
    } else if (span_ends(word, SPAN(".*"))) {
        n->kind = NAME_TAIL;
        n->text.len--;
    }
    if (span_chr(n->text, '*') != NULL || span_chr(n->text, '/') != NULL ||
        span_eq(word, SPAN(".")))
        return conf_error(cf,
                          "invalid server name or wildcard \"%.*s\" on "
                          "server_name",
                          SPAN_ARG(word));
    return true;
}

bool front_set_server_name(struct conf *cf, const struct conf_row *row,
                           void *settings)
{
    struct front_server *s = cf->subject;

    for (unsigned i = 1; i < cf->count; i++) {
        struct front_name *n = arena_zalloc(cf->arena, sizeof *n);

        if (n == NULL)
            return false;
        if (!name_parse(cf, cf->words[i], n))
            return false;
        if (s->names == NULL)
            s->name = n->bare ? (struct span){n->text.ptr + 1, n->text.len - 1}
                              : cf->words[i];
        *s->last_name = n;
        s->last_name = &n->next;
    }
    return true;
}

/* How well a name matches, to compare with another: an exact name beats every
 * wildcard, a longer wildcard a shorter one, a leading "*" a trailing one; a
 * regular expression is tried last.  0: not at all. */
static size_t name_match(const struct front_name *n, struct span host)
{
    const size_t exact = SIZE_MAX, head = SIZE_MAX / 2;

    switch (n->kind) {
    case NAME_EXACT:
        return span_eq(n->text, host) ? exact : 0;
    case NAME_HEAD:
        if (n->bare && span_eq((struct span){n->text.ptr + 1, n->text.len - 1},
                               host))
            return exact;
        return host.len > n->text.len && span_ends(host, n->text)
                   ? head + n->text.len
                   : 0;
    case NAME_TAIL:
        return host.len > n->text.len && span_starts(host, n->text)
                   ? n->text.len
                   : 0;
    case NAME_REGEX:
        break;
    }
    return 0;
}

/* The first server that has a matching regular expression; where none has, the
 * default one. */
static struct front_server *find_by_regex(const struct front_listen *l,
                                          struct span host,
                                          struct span *captures,
                                          struct regex **regex,
                                          struct err *err)
{
    for (unsigned i = 0; i < l->count; i++)
        for (struct front_name *n = l->servers[i]->names; n; n = n->next) {
            if (n->kind != NAME_REGEX)
                continue;
            switch (regex_match(n->regex, host, captures, FRONT_CAPTURES, err)
                        .is) {
            case REGEX_NO:
                break;
            case REGEX_YES:
                *regex = n->regex;
                return l->servers[i];
            case REGEX_GAVE_UP:
                return NULL;
            }
        }
    return l->servers[0];
}

struct front_server *front_find_server(const struct front_listen *l,
                                       struct span host, struct span *captures,
                                       struct regex **regex, struct err *err)
{
    struct front_server *best = NULL;
    size_t best_match = 0;

    if (l->count == 1 && l->servers[0]->names == NULL)
        return l->servers[0];
    for (unsigned i = 0; i < l->count; i++)
        for (struct front_name *n = l->servers[i]->names; n; n = n->next) {
            size_t match = name_match(n, host);

            if (match > best_match) {
                best = l->servers[i];
                best_match = match;
            }
        }
    if (best != NULL)
        return best;
    return host.len > 0 ? find_by_regex(l, host, captures, regex, err)
                        : l->servers[0];
}

static struct front_location *find_exact(struct front_location *list,
                                         struct span uri)
{
    for (; list != NULL; list = list->next)
        if (list->kind == LOCATION_EXACT && span_eq(list->name, uri))
            return list;
    return NULL;
}

static struct front_location *find_prefix(struct front_location *list,
                                          struct span uri)
{
    struct front_location *best = NULL;

    for (; list != NULL; list = list->next)
        if ((list->kind == LOCATION_PREFIX ||
             list->kind == LOCATION_NO_REGEX) &&
            span_starts(uri, list->name) &&
            (best == NULL || list->name.len > best->name.len))
            best = list;
    return best;
}

/* The location that is passed on and whose name lacks nothing but the final
 * "/" in the URI. */
static struct front_location *find_slash(struct front_location *list,
                                         struct span uri)
{
    for (; list != NULL; list = list->next)
        if (list->slash_added && list->name.len == uri.len + 1 &&
            span_starts(list->name, uri))
            return list;
    return NULL;
}

/* A search on its way through the nested lists. */
struct search {
    struct span uri;
    struct span *captures;
    struct regex **regex;
    struct err *err;
    bool final;   /* it is over: an exact location was found, or a regular
                   * expression matched, or only the final "/" lacks */
    bool gave_up; /* a regular expression did */
};

static struct front_location *find_in(struct front_location *list,
                                      struct search *s);

/* The first regular expression's location that matches, or what is inside. */
static struct front_location *find_regex(struct front_location *list,
                                         struct search *s)
{
    struct front_location *inner;

    for (; list != NULL; list = list->next) {
        if (list->kind != LOCATION_REGEX)
            continue;
        switch (regex_match(list->regex, s->uri, s->captures, FRONT_CAPTURES,
                            s->err)
                    .is) {
        case REGEX_NO:
            break;
        case REGEX_YES:
            *s->regex = list->regex;
            s->final = true;
            inner = find_in(list->inner, s);
            return inner != NULL ? inner : list;
        case REGEX_GAVE_UP:
            s->final = s->gave_up = true;
            return NULL;
        }
    }
    return NULL;
}

static struct front_location *find_in(struct front_location *list,
                                      struct search *s)
{
    struct front_location *found = find_exact(list, s->uri), *inner;
    bool no_regex;

    if (found != NULL) {
        s->final = true;
        return found;
    }
    found = find_prefix(list, s->uri);
    if (found == NULL || found->name.len < s->uri.len) {
        inner = find_slash(list, s->uri);
        if (inner != NULL) {
            s->final = true;
            return inner;
        }
    }
    no_regex = found != NULL && found->kind == LOCATION_NO_REGEX;
    if (found != NULL && found->inner != NULL) {
        inner = find_in(found->inner, s);
        if (s->final)
            return inner;
        if (inner != NULL) {
            no_regex = no_regex || inner->kind == LOCATION_NO_REGEX;
            found = inner;
        }
    }
    inner = no_regex ? NULL : find_regex(list, s);
    return inner != NULL ? inner : found;
}

bool front_find_here(struct exchange *x)
{
    const struct front_listen *l =
        (const struct front_listen *)((const char *)x->client->place -
                                      offsetof(struct front_listen, place));
    struct err err;
    struct front_server *s =
        front_find_server(l, x->host, x->server_captures, &x->server_regex,
                          &err);

    if (s == NULL) {
        exchange_log(x, ERROR_LOG_ALERT, 0, "%s", err.text);
        return false;
    }
    x->server = s;
    x->server_name = s->name;
    x->scope = s->scope;
    return true;
}

bool front_find_location(struct front_location *list, struct span uri,
                         struct span *captures, struct regex **regex,
                         struct front_location **found, struct err *err)
{
    struct search s = {
        .uri = uri, .captures = captures, .regex = regex, .err = err};

    *found = find_in(list, &s);
    return !s.gave_up;
}
