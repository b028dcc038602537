/* proxy_pass: the request as HTTP, to another server.
 *
 * What differs from the client's request is decided here: its URI, its fields,
 * and on the way back what Location and Refresh say. */

#include "answer.h"
#include "error_log.h"
#include "exchange.h"
#include "hooks.h"
#include "http_hop.h"
#include "http_response.h"
#include "location.h"
#include "module.h"
#include "named_value.h"
#include "pass.h"
#include "request_body.h"
#include "request_variables.h"
#include "uri.h"

#include <string.h>

#define HTTP_PORT 80

/* proxy_redirect FROM TO */
struct proxy_redirect {
    struct proxy_redirect *next;
    enum { REDIRECT_OFF, REDIRECT_DEFAULT, REDIRECT_PAIR } kind;
    struct value *from, *to;
};

struct proxy_settings {
    struct call_settings pass;
    struct named_value *headers;
    struct proxy_redirect *redirects;
    int64_t http_minor;
    struct value *method;
};

/* Of an exchange: the server as proxy_pass names it ($proxy_host), and what is
 * asked of it. */
struct proxy_state {
    struct span host, uri;
};

/* What proxy_pass says, and of which location. */
struct proxy_target {
    struct group *group;
    struct value *url;   /* the address has variables: all after "http://" */
    struct value *host;  /* else $proxy_host: as it was written */
    struct value *uri;   /* NULL: the client's own */
    bool uri_whole;      /* with variables: nothing is added to it */
    struct span prefix;  /* of the location, which the URI stands for */
};

static struct proxy_state *proxy_state(const struct exchange *x)
{
    return exchange_state(x, &proxy_module);
}

static bool header_is_set(const struct proxy_settings *s, struct span name)
{
    for (const struct named_value *h = s->headers; h != NULL; h = h->next)
        if (span_eq_nocase(h->name, name))
            return true;
    return false;
}

static bool add_configured(struct exchange *x, const struct proxy_settings *s,
                           struct buf *out)
{
    for (const struct named_value *h = s->headers; h != NULL; h = h->next) {
        struct span value = value_eval(&x->arena, x, h->value);

        if (value.len > 0 && !http_add_field(out, h->name, value))
            return false;
    }
    return true;
}

static bool add_defaults(struct exchange *x, const struct proxy_settings *s,
                         struct buf *out)
{
    if (!header_is_set(s, SPAN("Host")) &&
        !http_add_field(out, SPAN("Host"), proxy_state(x)->host))
        return false;
    if (!header_is_set(s, SPAN("Connection")) &&
        !http_add_field(out, SPAN("Connection"), SPAN("close")))
        return false;
    if (x->request.framing == HTTP_NO_BODY || !s->pass.pass_request_body ||
        header_is_set(s, SPAN("Content-Length")))
        return true;
    return buf_printf(out, "Content-Length: %llu\r\n",
                      (unsigned long long)x->body.length);
}

static bool ends_here(struct exchange *x, struct span name)
{
    return http_ends_here(name, HOP_REQUEST) ||
           http_connection_names(&x->request.fields, name);
}

static bool add_clients(struct exchange *x, const struct proxy_settings *s,
                        struct buf *out)
{
    const struct http_fields *f = &x->request.fields;

    for (unsigned i = 0; s->pass.pass_request_headers && i < f->count; i++) {
        struct span name = http_name(f, i);

        if (!ends_here(x, name) && !header_is_set(s, name) &&
            !http_add_field(out, name, http_value(f, i)))
            return false;
    }
    return true;
}

/* proxy_method and proxy_pass may hold variables, and those what a client sent,
 * decoded: nothing in them ends the request line. */
static bool proxy_request(struct exchange *x, struct buf *out)
{
    const struct proxy_settings *s = CONF_OF(x->scope, &proxy_module);
    struct span method =
        s->method != NULL ? value_eval(&x->arena, x, s->method) : x->method;

    return http_is_method(method) && buf_add_span(out, method) &&
           buf_add_char(out, ' ') &&
           uri_escape(out, proxy_state(x)->uri, URI_ESCAPE_CONTROLS) &&
           buf_printf(out, " HTTP/1.%lld\r\n", (long long)s->http_minor) &&
           add_configured(x, s, out) && add_defaults(x, s, out) &&
           add_clients(x, s, out) && buf_add(out, "\r\n", 2);
}

static struct span replace_prefix(struct exchange *x, struct span text,
                                  struct span from, struct span to)
{
    return arena_printf(&x->arena, "%.*s%.*s", SPAN_ARG(to),
                        (int)(text.len - from.len), text.ptr + from.len);
}

/* proxy_redirect default: the upstream's address for itself becomes ours; what
 * proxy_pass put in the place of the location's name, that name. */
static struct span default_from(struct exchange *x,
                                const struct proxy_target *t)
{
    struct span uri =
        t->uri != NULL ? value_eval(&x->arena, x, t->uri) : SPAN("/");

    return arena_printf(&x->arena, "http://%.*s%.*s",
                        SPAN_ARG(proxy_state(x)->host), SPAN_ARG(uri));
}

static struct span proxy_location(struct exchange *x, struct span value)
{
    static const struct proxy_redirect standard = {.kind = REDIRECT_DEFAULT};
    const struct proxy_settings *s = CONF_OF(x->scope, &proxy_module);
    const struct proxy_target *t = x->handler_data;
    const struct proxy_redirect *r =
        s->redirects != NULL ? s->redirects : &standard;

    for (; r != NULL && r->kind != REDIRECT_OFF; r = r->next) {
        bool pair = r->kind == REDIRECT_PAIR;
        struct span from, to;

        if (!pair && (t->uri_whole || t->url != NULL))
            continue;
        from = pair ? value_eval(&x->arena, x, r->from) : default_from(x, t);
        to = pair              ? value_eval(&x->arena, x, r->to)
             : t->uri != NULL ? t->prefix
                              : SPAN("/");
        if (span_starts(value, from))
            return replace_prefix(x, value, from, to);
    }
    return value;
}

static const struct span proxy_hidden[] = {
    SPAN_INIT("Date"),
    SPAN_INIT("Server"),
    SPAN_INIT("X-Pad"),
    SPAN_INIT("X-Accel-Expires"),
    SPAN_INIT("X-Accel-Redirect"),
    SPAN_INIT("X-Accel-Limit-Rate"),
    SPAN_INIT("X-Accel-Buffering"),
    SPAN_INIT("X-Accel-Charset"),
    {NULL, 0},
};

static const struct protocol proxy_protocol = {
    .scheme = SPAN_INIT("http://"),
    .request = proxy_request,
    .hidden = proxy_hidden,
    .location = proxy_location,
};

/* "host?query" has a path, if one that need not be written (RFC 9112 3.2.1). */
static struct span with_path(struct arena *a, struct span uri)
{
    return span_starts(uri, SPAN("?"))
               ? arena_printf(a, "/%.*s", SPAN_ARG(uri))
               : uri;
}

/* The URI as it was sent when nobody has changed it, else encoded anew. */
static struct span proxy_uri(struct exchange *x, const struct proxy_target *t)
{
    struct buf text = arena_text(&x->arena);
    struct span rest = x->uri, whole = {NULL, 0};

    if (t->uri_whole)
        whole = value_eval(&x->arena, x, t->uri);
    if (whole.len > 0)
        return with_path(&x->arena, whole);
    if ((t->uri == NULL || t->uri_whole) && !x->internal)
        return request_uri(x);
    if (t->uri != NULL && !t->uri_whole) {
        buf_add_span(&text, value_eval(&x->arena, x, t->uri));
        if (t->prefix.len <= rest.len)
            span_skip(&rest, t->prefix.len);
    }
    uri_escape(&text, rest, URI_ESCAPE_PATH);
    if (x->args.len > 0 && buf_add_char(&text, '?'))
        buf_add_span(&text, x->args);
    return arena_text_end(&text);
}

/* After "http://": the address, up to the path or the query.
 * "unix:/path:/uri". */
static void split_target(struct span rest, struct span *address,
                         struct span *uri)
{
    bool named = !span_starts(rest, SPAN("unix:"));
    size_t end = named ? 0 : sizeof "unix:" - 1, skip = !named;

    while (end < rest.len && (named ? strchr("/?", rest.ptr[end]) == NULL
                                    : rest.ptr[end] != ':'))
        end++;
    *address = (struct span){rest.ptr, end};
    *uri = end + skip < rest.len ? span_from(rest, end + skip)
                                 : (struct span){NULL, 0};
}

/* What the Host field says unless it is set. */
static struct span host_of(struct span address)
{
    return span_starts(address, SPAN("unix:")) ? SPAN("localhost") : address;
}

/* Where the address has variables, the URL is taken apart when they have
 * values: in http://app$request_uri the URI begins in one. */
static struct group *proxy_group(struct exchange *x,
                                       const struct proxy_target *t)
{
    struct proxy_state *s = proxy_state(x);
    struct span address, uri;

    if (t->url == NULL) {
        s->host = value_eval(&x->arena, x, t->host);
        s->uri = proxy_uri(x, t);
        return t->group;
    }
    split_target(value_eval(&x->arena, x, t->url), &address, &uri);
    s->host = host_of(address);
    s->uri = uri.len > 0 ? with_path(&x->arena, uri) : proxy_uri(x, t);
    return pass_group(x, address, HTTP_PORT);
}

static void proxy_start(struct exchange *x)
{
    const struct proxy_settings *s = CONF_OF(x->scope, &proxy_module);
    struct group *g = proxy_group(x, x->handler_data);

    if (g == NULL)
        return;
    if (proxy_state(x)->uri.ptr == NULL)
        exchange_error(x, 500);
    else
        call_start(x, g, &proxy_protocol, &s->pass, proxy_state(x)->uri);
}

static void proxy_handler(struct exchange *x)
{
    body_read(x, proxy_start);
}

static struct span get_host(struct exchange *x, struct span rest)
{
    return proxy_state(x)->host;
}

static struct span get_port(struct exchange *x, struct span rest)
{
    struct span host = proxy_state(x)->host;
    const char *colon = span_chr(host, ':');

    return host.ptr == NULL ? host
           : colon != NULL  ? span_after(host, colon)
                            : SPAN("80");
}

static const struct variable proxy_variables[] = {
    {"proxy_host", get_host},
    {"proxy_port", get_port},
    {0},
};

static bool proxy_target_uri(struct conf *cf, struct proxy_target *t,
                             struct span uri)
{
    const struct location *l = location_of(cf->scope);

    if (l->kind != LOCATION_REGEX && l->kind != LOCATION_NAMED)
        t->prefix = l->name;
    if (uri.len == 0)
        return true;
    t->uri_whole = span_chr(uri, '$') != NULL;
    if (t->prefix.ptr == NULL && !t->uri_whole)
        return conf_error(cf, "\"proxy_pass\" cannot have URI part in "
                              "location given by regular expression, or "
                              "inside named location, or inside \"if\" "
                              "statement, or inside \"limit_except\" block");
    uri = with_path(cf->arena, uri);
    t->uri = uri.ptr != NULL ? value_compile(cf, uri) : NULL;
    return t->uri != NULL;
}

static bool set_proxy_pass(struct conf *cf, const struct conf_row *row,
                           void *settings)
{
    struct proxy_target *t = arena_zalloc(cf->arena, sizeof *t);
    struct span rest = cf->words[1], address, uri;

    if (t == NULL)
        return false;
    if (span_starts(rest, SPAN("https://")))
        return conf_error(cf, "https protocol requires SSL support");
    if (!span_skip_prefix(&rest, SPAN("http://")))
        return conf_error(cf, "invalid URL prefix");
    split_target(rest, &address, &uri);
    if (span_chr(address, '$') != NULL) {
        t->url = value_compile(cf, rest);
        return t->url != NULL && content_set(cf, row->name, proxy_handler, t);
    }
    t->host = value_compile(cf, host_of(address));
    t->group = group_named(cf, address, HTTP_PORT);
    return t->host != NULL && t->group != NULL &&
           proxy_target_uri(cf, t, uri) &&
           content_set(cf, row->name, proxy_handler, t);
}

/* proxy_redirect off | default | FROM TO */
static bool set_redirect(struct conf *cf, const struct conf_row *row,
                         void *settings)
{
    struct proxy_settings *s = settings;
    struct proxy_redirect **last = &s->redirects;
    struct proxy_redirect *r = arena_zalloc(cf->arena, sizeof *r);

    if (r == NULL)
        return false;
    if (cf->count == 3) {
        r->kind = REDIRECT_PAIR;
        if (span_starts(cf->words[1], SPAN("~")))
            return conf_error(cf, "regular expressions in \"%s\" are not "
                                  "supported; give the prefix to replace",
                              row->name);
        r->from = value_compile(cf, cf->words[1]);
        r->to = value_compile(cf, cf->words[2]);
        if (r->from == NULL || r->to == NULL)
            return false;
    } else if (span_eq(cf->words[1], SPAN("off"))) {
        r->kind = REDIRECT_OFF;
    } else if (span_eq(cf->words[1], SPAN("default"))) {
        r->kind = REDIRECT_DEFAULT;
    } else {
        return conf_error(cf, "invalid parameter \"%.*s\"",
                          SPAN_ARG(cf->words[1]));
    }
    while (*last != NULL)
        last = &(*last)->next;
    *last = r;
    return true;
}

static const struct conf_choice version_choices[] = {
    {"1.0", 0}, {"1.1", 1}, {0}};

#define AT(member) offsetof(struct proxy_settings, member)

static const struct conf_row proxy_rows[] = {
    CONF_SETTER("proxy_pass", CONF_LOCATION, 1, 1, set_proxy_pass),
    CONF_NAMED("proxy_set_header", PASS_WHERE, 2, AT(headers), NULL),
    CONF_LIST("proxy_redirect", PASS_WHERE, 1, 2, set_redirect, AT(redirects)),
    CONF_CHOICE("proxy_http_version", PASS_WHERE, AT(http_minor), 0,
                version_choices),
    CONF_VALUE("proxy_method", PASS_WHERE, AT(method)),
    PASS_ROWS("proxy"),
    {0},
};

const struct module proxy_module = {
    .name = "proxy",
    .index = MODULE_INDEX,
    .needs = &call_module,
    .rows = proxy_rows,
    .settings = sizeof(struct proxy_settings),
    .variables = proxy_variables,
    .state = sizeof(struct proxy_state),
};
