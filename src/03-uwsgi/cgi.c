/* cgi: a table of variables, and then the fields, those of one name joined.
 *
 * The mapping from field names to variable names loses information: case is
 * folded, and "-" becomes "_".  Whatever two different fields could both
 * become is therefore decided here, before the mapping, where the difference
 * can still be seen. */

#include "cgi.h"
#include "http_hop.h"

#include <stdlib.h>

/* Room for a variable that is put together here.  The head's own length is
 * bound enough: what a join adds to a value (", ") is less than what its line
 * loses (a name, the colon, the line's end); "HTTP_" and "/?" are the rest. */
static void scratch_init(struct buf *scratch, const struct http_request *r)
{
    buf_init(scratch, (size_t)r->head_len + 64);
}

/* "GET /path?query" as the origin form has it, whatever the request had.  The
 * absolute form is put together anew: a URI without a path has its "/" from
 * elsewhere in the head.  *scratch is made here, for the caller to free. */
static bool request_uri(const struct http_request *r, struct buf *scratch,
                        struct span *uri)
{
    scratch_init(scratch, r);
    if (r->form != HTTP_ABSOLUTE_FORM) {
        *uri = http_request_span(r, r->target);
        return true;
    }
    if (!buf_add_span(scratch, http_request_span(r, r->path)))
        return false;
    if (r->has_query &&
        !(buf_add_char(scratch, '?') &&
          buf_add_span(scratch, http_request_span(r, r->query))))
        return false;
    *uri = buf_span(scratch);
    return true;
}

bool cgi_variables(const struct http_request *r, const struct cgi_server *s,
                   cgi_emit *emit, void *context)
{
    struct span uri;
    struct buf scratch;
    bool ok = request_uri(r, &scratch, &uri);
    const struct {
        struct span name, value;
        bool if_not_empty;
    } table[] = {
        {SPAN("QUERY_STRING"), http_request_span(r, r->query), false},
        {SPAN("REQUEST_METHOD"), http_request_span(r, r->method), false},
        {SPAN("CONTENT_TYPE"), http_get(&r->fields, SPAN("Content-Type")),
         false},
        {SPAN("CONTENT_LENGTH"), s->content_length, false},
        {SPAN("REQUEST_URI"), uri, false},
        {SPAN("PATH_INFO"), s->path, false},
        {SPAN("DOCUMENT_ROOT"), s->document_root, true},
        {SPAN("SERVER_PROTOCOL"),
         r->minor == 0 ? SPAN("HTTP/1.0") : SPAN("HTTP/1.1"), false},
        {SPAN("REQUEST_SCHEME"), s->scheme, false},
        {SPAN("REMOTE_ADDR"), s->remote_addr, false},
        {SPAN("REMOTE_PORT"), s->remote_port, true},
        {SPAN("SERVER_PORT"), s->port, false},
        {SPAN("SERVER_NAME"), s->name, false},
    };
    for (size_t i = 0; ok && i < COUNT(table); i++)
        if (table[i].value.len != 0 || !table[i].if_not_empty)
            ok = emit(context, table[i].name, table[i].value);
    buf_free(&scratch);
    return ok && cgi_fields(r, false, emit, context);
}

/* A token may hold more than letters, digits and "-"; the rest would either
 * meet a dashed name after the mapping ("X_Forwarded_For") or make a variable
 * that no shell and no CGI program can name. */
bool cgi_name_is_plain(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_alnum(name.ptr[i]) && name.ptr[i] != '-')
            return false;
    return true;
}

static bool passed(struct span name, bool all_names)
{
    return (all_names || cgi_name_is_plain(name)) &&
           !http_ends_here(name, HOP_VARIABLES);
}

static bool add_variable_name(struct buf *out, struct span name)
{
    if (!buf_add_text(out, "HTTP_") || !buf_add_span(out, name))
        return false;
    for (char *p = out->ptr + out->len - name.len; p < out->ptr + out->len; p++)
        if (*p == '-')
            *p = '_';
        else if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    return true;
}

/* The fields that are passed, those of one name side by side.  A client may
 * send as many fields as there is room for; to compare each with every other
 * would cost the square of their number, to sort them hardly more than to read
 * them. */
struct groups {
    const struct http_fields *fields;
    uint16_t *sorted; /* by name, and of one name by place */
    unsigned count;
    uint16_t *start; /* of each field: its place in `sorted` if it is the first
                      * of its name, else NONE */
};

#define NONE UINT16_MAX

static int by_name(const void *left, const void *right, void *fields)
{
    uint16_t i = *(const uint16_t *)left, j = *(const uint16_t *)right;
    struct span a = http_name(fields, i), b = http_name(fields, j);

    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    for (size_t at = 0; at < a.len; at++) {
        int difference = ascii_lower(a.ptr[at]) - ascii_lower(b.ptr[at]);
        if (difference != 0)
            return difference;
    }
    return i - j;
}

static bool find_groups(struct groups *g, const struct http_fields *f,
                        bool all_names)
{
    g->fields = f;
    g->count = 0;
    g->sorted = malloc(2 * (f->count + 1) * sizeof *g->sorted);
    if (g->sorted == NULL)
        return false;
    g->start = g->sorted + f->count;
    for (unsigned i = 0; i < f->count; i++) {
        g->start[i] = NONE;
        if (passed(http_name(f, i), all_names))
            g->sorted[g->count++] = (uint16_t)i;
    }
    qsort_r(g->sorted, g->count, sizeof *g->sorted, by_name, (void *)f);
    for (unsigned k = 0; k < g->count; k++)
        if (k == 0 || !span_eq_nocase(http_name(f, g->sorted[k - 1]),
                                      http_name(f, g->sorted[k])))
            g->start[g->sorted[k]] = (uint16_t)k;
    return true;
}

/* Appends the values of the fields behind the first of a group, each with the
 * separator before it. */
static bool join_repeats(const struct groups *g, unsigned first,
                         struct buf *out)
{
    bool cookie = span_eq_nocase(http_name(g->fields, first), SPAN("Cookie"));
    struct span separator = cookie ? SPAN("; ") : SPAN(", ");

    for (unsigned k = g->start[first] + 1u;
         k < g->count && g->start[g->sorted[k]] == NONE; k++)
        if (!buf_add_span(out, separator) ||
            !buf_add_span(out, http_value(g->fields, g->sorted[k])))
            return false;
    return true;
}

/* Builds name and value of the variable for a group, one behind the other in
 * *scratch, and emits them. */
static bool emit_group(const struct groups *g, unsigned first,
                       struct buf *scratch, cgi_emit *emit, void *context)
{
    struct span name, value;
    size_t name_len;

    scratch->len = 0;
    if (!add_variable_name(scratch, http_name(g->fields, first)))
        return false;
    name_len = scratch->len;
    if (!buf_add_span(scratch, http_value(g->fields, first)) ||
        !join_repeats(g, first, scratch))
        return false;
    name = (struct span){scratch->ptr, name_len};
    value = (struct span){scratch->ptr + name_len, scratch->len - name_len};
    return emit(context, name, value);
}

bool cgi_fields(const struct http_request *r, bool all_names, cgi_emit *emit,
                void *context)
{
    struct span host = http_request_span(r, r->host);
    struct groups groups;
    struct buf scratch;
    bool ok = true;

    if (host.len != 0 && !emit(context, SPAN("HTTP_HOST"), host))
        return false;
    if (!find_groups(&groups, &r->fields, all_names))
        return false;
    scratch_init(&scratch, r);
    for (unsigned i = 0; ok && i < r->fields.count; i++)
        if (groups.start[i] != NONE)
            ok = emit_group(&groups, i, &scratch, emit, context);
    buf_free(&scratch);
    free(groups.sorted);
    return ok;
}

bool cgi_is_version(struct span protocol)
{
    const char *p = protocol.ptr;

    return protocol.len == 8 && span_starts(protocol, SPAN("HTTP/")) &&
           ascii_is_digit(p[5]) && p[6] == '.' && ascii_is_digit(p[7]);
}
