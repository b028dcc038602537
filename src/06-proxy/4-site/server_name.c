/* server_name: the `server_name` directive, and the search for the server that
 * a host name means.
 *
 * How well a name matches is a number, so the search is for the largest. */

#include "server_name.h"
#include "connection.h"
#include "error_log.h"
#include "exchange.h"
#include "value.h"
#include "request_variables.h"

static const struct server_name *names_of(const struct conf_scope *scope)
{
    struct server_name *const *names = CONF_OF(scope, &server_name_module);

    return *names;
}

struct span server_name_of(const struct conf_scope *scope)
{
    const struct server_name *first = names_of(scope);

    return first != NULL ? first->word : SPAN("");
}

/* One word: "example.com", "*.example.com", ".example.com", "www.example.*",
 * "~regex", "". */
static bool name_parse(struct conf *cf, struct span word,
                       struct server_name *n)
{
    struct err err;

    n->kind = NAME_EXACT;
    n->word = n->text = word;
    if (span_starts(word, SPAN("~"))) {
        n->kind = NAME_REGEX;
        n->regex = regex_compile(cf->arena, span_from(word, 1), true, &err);
        if (n->regex == NULL)
            return conf_error(cf, "%s", err.text);
        return value_define_captures(cf, n->regex, get_capture);
    }
    for (size_t i = 0; i < word.len; i++)
        ((char *)word.ptr)[i] = (char)ascii_lower((unsigned char)word.ptr[i]);
    if (span_starts(word, SPAN("*."))) {
        n->kind = NAME_HEAD;
        n->text = span_from(word, 1);
    } else if (span_starts(word, SPAN("."))) {
        n->kind = NAME_HEAD;
        n->word = span_from(word, 1);
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

static bool set_server_name(struct conf *cf, const struct conf_row *row,
                            void *settings)
{
    struct server_name **last = settings;

    while (*last != NULL)
        last = &(*last)->next;
    for (unsigned i = 1; i < cf->count; i++) {
        *last = arena_zalloc(cf->arena, sizeof **last);
        if (*last == NULL)
            return false;
        if (!name_parse(cf, cf->words[i], *last))
            return false;
        last = &(*last)->next;
    }
    return true;
}

/* How well a name matches, to compare with another: an exact name beats every
 * wildcard, a longer wildcard a shorter one, a leading "*" a trailing one; a
 * regular expression is tried last.  0: not at all. */
static size_t name_match(const struct server_name *n, struct span host)
{
    const size_t exact = SIZE_MAX, head = SIZE_MAX / 2;

    switch (n->kind) {
    case NAME_EXACT:
        return span_eq(n->text, host) ? exact : 0;
    case NAME_HEAD:
        if (n->bare && span_eq(n->word, host))
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
static struct conf_scope *find_by_regex(const struct listen *l,
                                        struct span host,
                                        struct span *captures,
                                        struct regex **regex, struct err *err)
{
    for (unsigned i = 0; i < l->count; i++)
        for (const struct server_name *n = names_of(l->servers[i]); n != NULL;
             n = n->next) {
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

struct conf_scope *server_name_find(const struct listen *l, struct span host,
                                    struct span *captures,
                                    struct regex **regex, struct err *err)
{
    struct conf_scope *best = NULL;
    size_t best_match = 0;

    if (l->count == 1 && names_of(l->servers[0]) == NULL)
        return l->servers[0];
    for (unsigned i = 0; i < l->count; i++)
        for (const struct server_name *n = names_of(l->servers[i]); n != NULL;
             n = n->next) {
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

/* A place's find_server: among those of the listen that the client came by. */
static bool find_here(struct exchange *x)
{
    const struct place *place = x->client->place;
    const struct listen *l =
        (const struct listen *)((const char *)place -
                                offsetof(struct listen, place));
    struct err err;
    struct conf_scope *server =
        server_name_find(l, x->host, x->server_captures, &x->server_regex,
                         &err);

    if (server == NULL) {
        exchange_log(x, ERROR_LOG_ALERT, 0, "%s", err.text);
        return false;
    }
    x->scope = x->server = server;
    x->server_name = server_name_of(server);
    return true;
}

/* When all servers are read, each address becomes a place of clients. */
static bool make_places(struct conf *cf)
{
    for (struct listen *l = listen_all(cf->scopes); l != NULL; l = l->next)
        l->place = (struct place){l->servers[0],
                                  server_name_of(l->servers[0]), find_here};
    return true;
}

static const struct conf_row server_name_rows[] = {
    CONF_LIST("server_name", CONF_SERVER, 1, CONF_MANY, set_server_name, 0),
    {0},
};

/* Its settings are the list of names. */
const struct module server_name_module = {
    .name = "server_name",
    .index = MODULE_INDEX,
    .rows = server_name_rows,
    .settings = sizeof(struct server_name *),
    .check = make_places,
};
