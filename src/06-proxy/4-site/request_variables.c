/* request_variables: what $names say of a request and of its answer, a function
 * for each; nothing is computed before somebody asks. */

#include "request_variables.h"
#include "connection.h"
#include "exchange.h"
#include "front_worker.h"
#include "http_status.h"
#include "server_tokens.h"
#include "regex.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define NONE ((struct span){NULL, 0})

static struct span of_slice(struct exchange *x, struct http_slice s)
{
    return http_request_span(&x->request, s);
}

static struct span number(struct exchange *x, uint64_t n)
{
    return arena_printf(&x->arena, "%" PRIu64, n);
}

static struct span get_args(struct exchange *x, struct span rest)
{
    return x->args.len > 0 ? x->args : NONE;
}

static struct span get_is_args(struct exchange *x, struct span rest)
{
    return x->args.len > 0 ? SPAN("?") : SPAN("");
}

static struct span get_uri(struct exchange *x, struct span rest)
{
    return x->uri;
}

struct span request_uri(struct exchange *x)
{
    const struct http_request *r = &x->request;
    struct span path = of_slice(x, r->path);

    if (x->method.len == 0)
        return NONE;
    /* The absolute form is reduced to the origin form; it may have no path of
     * its own ("http://host?query"), so the two are put together. */
    if (r->form != HTTP_ABSOLUTE_FORM)
        return of_slice(x, r->target);
    if (!r->has_query)
        return path;
    return arena_printf(&x->arena, "%.*s?%.*s", SPAN_ARG(path),
                        SPAN_ARG(of_slice(x, r->query)));
}

static struct span get_request_uri(struct exchange *x, struct span rest)
{
    return request_uri(x);
}

/* What stands where a request should: the log shows what was refused. */
static struct span refused_line(struct exchange *x)
{
    struct span line = x->head;

    while (line.len > 0 && (line.ptr[0] == '\r' || line.ptr[0] == '\n'))
        line = span_from(line, 1);
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] == '\r' || line.ptr[i] == '\n')
            line.len = i;
    return line.len > 0 ? line : NONE;
}

static struct span get_request(struct exchange *x, struct span rest)
{
    if (x->method.len == 0)
        return refused_line(x);
    return arena_printf(&x->arena, "%.*s %.*s HTTP/1.%d", SPAN_ARG(x->method),
                        SPAN_ARG(of_slice(x, x->request.target)),
                        x->request.minor);
}

static struct span get_request_method(struct exchange *x, struct span rest)
{
    return x->method;
}

/* Of a head that did not come to its end, the lines that were understood. */
static struct span get_request_length(struct exchange *x, struct span rest)
{
    const struct http_request *r = &x->request;

    return number(x, (r->head_len > 0 ? r->head_len : r->line_at) +
                         x->body.length);
}

static struct span seconds(struct exchange *x, int64_t ms)
{
    return arena_printf(&x->arena, "%lld.%03lld", (long long)(ms / 1000),
                        (long long)(ms % 1000));
}

static struct span get_request_time(struct exchange *x, struct span rest)
{
    return seconds(x, event_now(x->worker->loop) - x->began);
}

static struct span get_scheme(struct exchange *x, struct span rest)
{
    return SPAN("http");
}

static struct span get_empty(struct exchange *x, struct span rest)
{
    return SPAN("");
}

/* A field of the request by its variable's name: lower case, "_" for "-". */
static bool name_fits(struct span field, struct span name)
{
    if (field.len != name.len)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = (char)ascii_lower((unsigned char)field.ptr[i]);

        if ((c == '-' ? '_' : c) != name.ptr[i])
            return false;
    }
    return true;
}

/* Several fields of the name are joined, cookies with "; ". */
static struct span get_http(struct exchange *x, struct span rest)
{
    const struct http_fields *f = &x->request.fields;
    const char *glue = span_eq(rest, SPAN("cookie")) ? "; " : ", ";
    struct span value = NONE;

    for (unsigned i = 0; i < f->count; i++) {
        if (!name_fits(http_name(f, i), rest))
            continue;
        if (value.ptr == NULL)
            value = http_value(f, i);
        else
            value = arena_printf(&x->arena, "%.*s%s%.*s", SPAN_ARG(value),
                                 glue, SPAN_ARG(http_value(f, i)));
    }
    return value;
}

static struct span get_content_type(struct exchange *x, struct span rest)
{
    return http_get(&x->request.fields, SPAN("Content-Type"));
}

/* The decoded body's length once it has been read, else what the client
 * says. */
static struct span get_content_length(struct exchange *x, struct span rest)
{
    if (x->request.framing == HTTP_CHUNKED && x->body.done)
        return number(x, x->body.length);
    return http_get(&x->request.fields, SPAN("Content-Length"));
}

/* name=value among items that `separator` divides. */
static struct span find_pair(struct span list, char separator,
                             struct span name)
{
    struct span item;

    while (span_next(&list, separator, &item)) {
        item = separator == ';' ? span_trim(item) : item;
        if (item.len > name.len && item.ptr[name.len] == '=' &&
            span_eq_nocase((struct span){item.ptr, name.len}, name))
            return (struct span){item.ptr + name.len + 1,
                                 item.len - name.len - 1};
    }
    return NONE;
}

static struct span get_arg(struct exchange *x, struct span rest)
{
    return find_pair(x->args, '&', rest);
}

static struct span get_cookie(struct exchange *x, struct span rest)
{
    const struct http_fields *f = &x->request.fields;

    for (unsigned i = 0; i < f->count; i++)
        if (span_eq_nocase(http_name(f, i), SPAN("Cookie"))) {
            struct span value = find_pair(http_value(f, i), ';', rest);

            if (value.ptr != NULL)
                return value;
        }
    return NONE;
}

static struct span get_status(struct exchange *x, struct span rest)
{
    return arena_printf(&x->arena, "%03d", x->out.status);
}

static struct span get_bytes_sent(struct exchange *x, struct span rest)
{
    return number(x, x->out.sent);
}

static struct span get_body_bytes_sent(struct exchange *x, struct span rest)
{
    const struct answer *out = &x->out;

    return number(x, out->sent > out->head_len ? out->sent - out->head_len : 0);
}

static struct span get_sent_http(struct exchange *x, struct span rest)
{
    const struct answer *out = &x->out;

    if (span_eq(rest, SPAN("content_type")))
        return out->type.len > 0 ? out->type : NONE;
    if (span_eq(rest, SPAN("content_length")))
        return out->length >= 0 ? number(x, (uint64_t)out->length) : NONE;
    if (span_eq(rest, SPAN("location")))
        return out->location.len > 0 ? out->location : NONE;
    for (const struct out_field *f = out->fields; f != NULL; f = f->next)
        if (name_fits(f->name, rest))
            return f->value;
    return NONE;
}

static struct span get_connection(struct exchange *x, struct span rest)
{
    return number(x, x->client->serial);
}

static struct span get_connection_requests(struct exchange *x,
                                           struct span rest)
{
    return number(x, x->client->requests);
}

static struct span get_msec(struct exchange *x, struct span rest)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return seconds(x, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static struct span get_time_local(struct exchange *x, struct span rest)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[64];

    localtime_r(&now, &tm);
    strftime(text, sizeof text, "%d/%b/%Y:%H:%M:%S %z", &tm);
    return arena_copy(&x->arena, span_of(text));
}

static struct span get_time_iso8601(struct exchange *x, struct span rest)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[64];
    size_t n;

    localtime_r(&now, &tm);
    n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &tm);
    /* +0100 is written +01:00 here */
    return arena_printf(&x->arena, "%.*s:%s", (int)n - 2, text, text + n - 2);
}

static struct span get_pid(struct exchange *x, struct span rest)
{
    return number(x, (uint64_t)getpid());
}

static struct span get_version(struct exchange *x, struct span rest)
{
    return SPAN(STRATA_VERSION);
}

static struct span get_request_completion(struct exchange *x,
                                          struct span rest)
{
    return x->out.ended && x->out.first == NULL ? SPAN("OK") : SPAN("");
}

static struct span get_forwarded_for(struct exchange *x, struct span rest)
{
    struct span before = get_http(x, SPAN("x_forwarded_for"));

    if (before.ptr == NULL)
        return span_of(x->client->peer_host);
    return arena_printf(&x->arena, "%.*s, %s", SPAN_ARG(before),
                        x->client->peer_host);
}

/* A capture of the location's regular expression, or else of the server's
 * name, by its number or its name. */
struct span get_capture(struct exchange *x, struct span name)
{
    bool number = ascii_is_digit(name.ptr[0]);
    int n;

    if (number && x->regex != NULL)
        return x->captures[name.ptr[0] - '0'];
    if (number)
        return x->server_captures[name.ptr[0] - '0'];
    n = x->regex != NULL ? regex_named(x->regex, name) : -1;
    if (n >= 0 && n < FRONT_CAPTURES)
        return x->captures[n];
    n = x->server_regex != NULL ? regex_named(x->server_regex, name) : -1;
    return n >= 0 && n < FRONT_CAPTURES ? x->server_captures[n] : NONE;
}

static const struct variable request_variables[] = {
    {"0", get_capture},
    {"1", get_capture},
    {"2", get_capture},
    {"3", get_capture},
    {"4", get_capture},
    {"5", get_capture},
    {"6", get_capture},
    {"7", get_capture},
    {"8", get_capture},
    {"9", get_capture},
    {"arg_", get_arg},
    {"args", get_args},
    {"body_bytes_sent", get_body_bytes_sent},
    {"bytes_sent", get_bytes_sent},
    {"connection", get_connection},
    {"connection_requests", get_connection_requests},
    {"content_length", get_content_length},
    {"content_type", get_content_type},
    {"cookie_", get_cookie},
    {"document_uri", get_uri},
    {"http_", get_http},
    {"https", get_empty},
    {"is_args", get_is_args},
    {"msec", get_msec},
    {"nginx_version", get_version},
    {"pid", get_pid},
    {"proxy_add_x_forwarded_for", get_forwarded_for},
    {"query_string", get_args},
    {"request", get_request},
    {"request_completion", get_request_completion},
    {"request_length", get_request_length},
    {"request_method", get_request_method},
    {"request_time", get_request_time},
    {"request_uri", get_request_uri},
    {"scheme", get_scheme},
    {"sent_http_", get_sent_http},
    {"status", get_status},
    {"time_iso8601", get_time_iso8601},
    {"time_local", get_time_local},
    {"uri", get_uri},
    {0},
};

const struct module request_variables_module = {
    .name = "request_variables",
    .index = MODULE_INDEX,
    .variables = request_variables,
};
