/* gzip_rules: which answers are compressed for which clients, as nginx's
 * gzip_* directives say. */

#include "gzip_rules.h"
#include "answer.h"
#include "error_log.h"
#include "exchange.h"
#include "http_date.h"
#include "module.h"
#include "regex.h"

/* The answers that gzip_proxied lets through when the request came from a
 * proxy (it has a Via field). */
enum gzip_proxied {
    PROXIED_OFF = 1,
    PROXIED_EXPIRED = 2,
    PROXIED_NO_CACHE = 4,
    PROXIED_NO_STORE = 8,
    PROXIED_PRIVATE = 16,
    PROXIED_NO_LAST_MODIFIED = 32,
    PROXIED_NO_ETAG = 64,
    PROXIED_AUTH = 128,
    PROXIED_ANY = 256,
};

struct gzip_types {
    bool all;
    unsigned count;
    struct span list[];
};

/* User agents that say they take gzip and do not. */
struct gzip_agents {
    struct gzip_agents *next;
    struct regex *regex;
};

static bool type_wanted(const struct gzip_settings *s, struct span type)
{
    type = span_trim(span_until(type, ';'));
    if (type.len == 0)
        return false;
    if (s->types == NULL)
        return span_eq_nocase(type, SPAN("text/html"));
    for (unsigned i = 0; i < s->types->count; i++)
        if (span_eq_nocase(type, s->types->list[i]))
            return true;
    return s->types->all;
}

static struct span request_field(struct exchange *x, struct span name)
{
    return http_get(&x->request.fields, name);
}

/* The weight of a coding in Accept-Encoding is not zero (RFC 9110 12.5.3). */
static bool weight_positive(struct span parameters)
{
    struct span item;

    while (span_next(&parameters, ';', &item)) {
        item = span_trim(item);
        if (item.len > 2 && (item.ptr[0] == 'q' || item.ptr[0] == 'Q') &&
            item.ptr[1] == '=') {
            for (size_t i = 2; i < item.len; i++)
                if (item.ptr[i] >= '1' && item.ptr[i] <= '9')
                    return true;
            return false;
        }
    }
    return true;
}

static bool client_accepts(struct exchange *x)
{
    struct http_list accepted = {.fields = &x->request.fields,
                                 .name = SPAN("Accept-Encoding")};
    struct span item;
    int any = -1;

    while (http_list_next(&accepted, &item)) {
        struct span coding;

        if (!span_next(&item, ';', &coding))
            continue;
        coding = span_trim(coding);
        if (span_eq_nocase(coding, SPAN("gzip")))
            return weight_positive(item);
        if (span_eq(coding, SPAN("*")))
            any = weight_positive(item);
    }
    return any == 1;
}

/* For a request that came through another proxy. */
static bool proxied_allowed(struct exchange *x, const struct gzip_settings *s)
{
    const struct span control = SPAN("Cache-Control");
    struct span expires = answer_get(x, SPAN("Expires"));
    time_t when;

    if (s->proxied & PROXIED_OFF)
        return false;
    if (s->proxied & PROXIED_ANY)
        return true;
    if ((s->proxied & PROXIED_AUTH) &&
        request_field(x, SPAN("Authorization")).ptr != NULL)
        return true;
    if (expires.ptr != NULL)
        return (s->proxied & PROXIED_EXPIRED) &&
               (!http_date_parse(expires, &when) || when <= time(NULL));
    if (answer_get(x, control).ptr != NULL)
        return ((s->proxied & PROXIED_NO_CACHE) &&
                answer_list_has(x, control, SPAN("no-cache"))) ||
               ((s->proxied & PROXIED_NO_STORE) &&
                answer_list_has(x, control, SPAN("no-store"))) ||
               ((s->proxied & PROXIED_PRIVATE) &&
                answer_list_has(x, control, SPAN("private")));
    if ((s->proxied & PROXIED_NO_LAST_MODIFIED) && x->out.mtime < 0 &&
        answer_get(x, SPAN("Last-Modified")).ptr == NULL)
        return true;
    return (s->proxied & PROXIED_NO_ETAG) && x->out.etag.len == 0;
}

/* True when gzip_disable names this browser, or nobody knows: it can read what
 * is not compressed, whoever it is. */
static bool agent_disabled(struct exchange *x, const struct gzip_settings *s)
{
    struct span agent = request_field(x, SPAN("User-Agent")), whole;
    struct err err;

    if (agent.ptr == NULL)
        return false;
    for (const struct gzip_agents *a = s->disable; a != NULL; a = a->next)
        switch (regex_match(a->regex, agent, &whole, 1, &err).is) {
        case REGEX_NO:
            break;
        case REGEX_GAVE_UP:
            exchange_log(x, ERROR_LOG_ALERT, 0, "%s", err.text);
            return true;
        case REGEX_YES:
            return true;
        }
    return false;
}

bool gzip_allowed(struct exchange *x, const struct gzip_settings *s)
{
    if (!client_accepts(x) || x->request.minor < s->http_minor)
        return false;
    if (request_field(x, SPAN("Via")).ptr != NULL && !proxied_allowed(x, s))
        return false;
    return !agent_disabled(x, s);
}

static bool status_wanted(int status)
{
    static const int list[] = {200, 403, 404, 206, 304};

    for (size_t i = 0; i < COUNT(list); i++)
        if (status == list[i])
            return true;
    return false;
}

/* An upstream's 304, and its several parts, do not say of what type the whole
 * is, and a part does not say how long: it may be one that is compressed. */
static bool type_unsaid(const struct answer *out)
{
    return out->status == 304
               ? out->type.len == 0
               : out->status == 206 &&
                     span_starts(out->type, SPAN("multipart/byteranges"));
}

static bool length_wanted(const struct gzip_settings *s,
                          const struct answer *out)
{
    return out->length < 0 || out->status == 206 ||
           out->length >= s->min_length;
}

/* Whoever says no-transform wants these bytes and no others, also none that
 * mean the same (RFC 9110 7.7); nginx passes over it. */
bool gzip_wanted(struct exchange *x, const struct gzip_settings *s)
{
    const struct answer *out = &x->out;

    return s->on && status_wanted(out->status) && length_wanted(s, out) &&
           (type_wanted(s, out->type) || type_unsaid(out)) &&
           answer_get(x, SPAN("Content-Encoding")).len == 0 &&
           !answer_list_has(x, SPAN("Cache-Control"), SPAN("no-transform"));
}

/* gzip_types: text/html is always one of them; "*" is all. */
static bool set_types(struct conf *cf, const struct conf_row *row,
                      void *settings)
{
    struct gzip_settings *s = settings;
    struct gzip_types *types = arena_zalloc(
        cf->arena, sizeof *types + cf->count * sizeof types->list[0]);

    if (types == NULL)
        return false;
    types->list[types->count++] = SPAN("text/html");
    for (unsigned i = 1; i < cf->count; i++) {
        if (span_eq(cf->words[i], SPAN("*")))
            types->all = true;
        else
            types->list[types->count++] = cf->words[i];
    }
    s->types = types;
    return true;
}

/* gzip_disable "msie6" or regular expressions. */
static bool set_disable(struct conf *cf, const struct conf_row *row,
                        void *settings)
{
    static const struct span msie6 =
        SPAN_INIT("MSIE [4-6]\\.(?!.*SV1)");
    struct gzip_settings *s = settings;

    for (unsigned i = 1; i < cf->count; i++) {
        struct gzip_agents *a = arena_zalloc(cf->arena, sizeof *a);
        struct span pattern = cf->words[i];
        struct err err;

        if (a == NULL)
            return false;
        if (span_eq(pattern, SPAN("msie6")))
            pattern = msie6;
        a->regex = regex_compile(cf->arena, pattern, true, &err);
        if (a->regex == NULL)
            return conf_error(cf, "%s", err.text);
        a->next = (struct gzip_agents *)s->disable;
        s->disable = a;
    }
    return true;
}

static const struct conf_choice proxied_choices[] = {
    {"off", PROXIED_OFF},
    {"expired", PROXIED_EXPIRED},
    {"no-cache", PROXIED_NO_CACHE},
    {"no-store", PROXIED_NO_STORE},
    {"private", PROXIED_PRIVATE},
    {"no_last_modified", PROXIED_NO_LAST_MODIFIED},
    {"no_etag", PROXIED_NO_ETAG},
    {"auth", PROXIED_AUTH},
    {"any", PROXIED_ANY},
    {0},
};

static const struct conf_choice version_choices[] = {
    {"1.0", 0}, {"1.1", 1}, {0}};

#define WHERE (CONF_HTTP | CONF_SERVER | CONF_LOCATION)
#define AT(member) offsetof(struct gzip_settings, member)

const struct conf_row gzip_rows[] = {
    CONF_FLAG("gzip", WHERE, AT(on), 0),
    CONF_FLAG("gzip_vary", WHERE, AT(vary), 0),
    CONF_SIZE("gzip_min_length", WHERE, AT(min_length), 20, &conf_any_offset),
    CONF_COUNT("gzip_comp_level", WHERE, AT(level), 1, CONF_RANGE(1, 9)),
    CONF_CHOICE("gzip_http_version", WHERE, AT(http_minor), 1, version_choices),
    CONF_MASK("gzip_proxied", WHERE, AT(proxied), PROXIED_OFF, proxied_choices),
    CONF_POINTED("gzip_types", WHERE, 1, CONF_MANY, set_types, AT(types)),
    CONF_LIST("gzip_disable", WHERE, 1, CONF_MANY, set_disable, AT(disable)),
    {0},
};
