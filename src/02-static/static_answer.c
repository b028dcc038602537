/* static_answer: the order in which the questions are asked.
 *
 * Method, file, kind of file, preconditions, ranges: whoever fails one is
 * told about that one. */

#include "static_answer.h"

#include "http_response.h"
#include "uri.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* The status is `status`, and there is no file to send after all. */
static void give_up(struct static_answer *a, int status)
{
    if (a->file.fd >= 0)
        close(a->file.fd);
    a->file.fd = -1;
    a->status = status;
}

/* Opens the first index file of the directory `path`.  Only a name that is
 * not there lets the next one have its turn: an index file that may not be
 * read is 403, and so is a directory without one. */
static int open_index(struct static_answer *a, const char *path,
                      const struct static_config *config)
{
    char full[PATH_MAX];
    int status;

    for (const char *const *name = config->index; *name != NULL; name++) {
        int n = snprintf(full, sizeof full, "%s%s", path, *name);

        if (n < 0 || (size_t)n >= sizeof full)
            return 404;
        status = file_open(&a->file, config->root, full, config->links);
        if (status == 0)
            a->index = span_of(*name);
        if (status != 404 || errno != ENOENT)
            return status;
    }
    status = file_open(&a->file, config->root, path, config->links);
    return status ? status : 403;
}

/* A boundary must not occur in the file.  Nobody who wrote the file could know
 * this number, which is why nginx's, a counter, is not good enough. */
static uint64_t new_boundary(void)
{
    uint64_t n;

    if (getrandom(&n, sizeof n, GRND_NONBLOCK) != sizeof n)
        n = (uint64_t)net_now();
    return n;
}

/* The file is there and may be read: what is said of it. */
static void describe(struct static_answer *a, struct span name,
                     const struct static_config *config)
{
    a->status = 200;
    a->type = mime_type(config->types, name, config->default_type);
    a->mtime = a->file.mtime;
    if (config->etag)
        a->etag_len = etag_format(a->etag, a->file.mtime, a->file.size);
}

bool static_serves(struct span method)
{
    return span_eq(method, SPAN("GET")) || span_eq(method, SPAN("HEAD")) ||
           span_eq(method, SPAN("POST"));
}

void static_open(struct static_answer *a, const struct http_request *r,
                 const char *path, const struct static_config *config)
{
    struct span method = http_request_span(r, r->method);
    bool post = span_eq(method, SPAN("POST"));
    bool slash = span_ends(span_of(path), SPAN("/"));
    int status;

    *a = (struct static_answer){.file.fd = -1, .mtime = -1};
    if (conditional_repeated(r)) {
        a->status = 400;
        return;
    }
    if (!static_serves(method)) {
        a->status = 405;
        return;
    }
    status = slash ? open_index(a, path, config)
                   : file_open(&a->file, config->root, path, config->links);
    if (status) {
        a->status = status;
    } else if (a->file.directory) {
        a->status = 301;
        a->directory = true;
    } else if (post) {
        give_up(a, 405);
    } else {
        describe(a, slash ? a->index : span_of(path), config);
    }
}

/* The Content-Range of range i. */
static void write_range(char *text, const struct static_answer *a, int i)
{
    snprintf(text, STATIC_RANGE_MAX, "bytes %llu-%llu/%llu",
             (unsigned long long)a->range[i].first,
             (unsigned long long)a->range[i].last,
             (unsigned long long)a->file.size);
}

/* What has to be said of the ranges: of one in a field, of several in the type,
 * of none that could be served how long the file is. */
static void describe_ranges(struct static_answer *a)
{
    if (a->ranges < 0) {
        snprintf(a->content_range, sizeof a->content_range, "bytes */%llu",
                 (unsigned long long)a->file.size);
    } else if (a->ranges == 1) {
        write_range(a->content_range, a, 0);
    } else if (a->ranges > 1) {
        a->boundary = new_boundary();
        snprintf(a->multipart, sizeof a->multipart,
                 "multipart/byteranges; boundary=%020llu",
                 (unsigned long long)a->boundary);
    }
}

void static_select(struct static_answer *a, const struct http_request *r,
                   const struct static_config *config)
{
    struct span etag = {a->etag, a->etag_len};
    int status = conditional_check(r, etag, a->mtime, config->exact_times);

    if (status) {
        give_up(a, status);
        return;
    }
    a->ranges = range_parse(r, a->file.size, etag, a->mtime, a->range,
                            config->max_ranges);
    if (a->ranges < 0)
        give_up(a, 416);
    else if (a->ranges > 0)
        a->status = 206;
    else
        a->accept_ranges = config->max_ranges > 0;
    describe_ranges(a);
}

void static_answer(struct static_answer *a, const struct http_request *r,
                   const char *path, const struct static_config *config)
{
    static_open(a, r, path, config);
    if (a->status == 200)
        static_select(a, r, config);
}

/* "[::1]:80" is "[::1]", "Example.org.:8080" is "Example.org". */
static struct span host_alone(struct span host)
{
    const char *end = span_chr(host, span_starts(host, SPAN("[")) ? ']' : ':');

    if (end != NULL)
        host.len = (size_t)(end - host.ptr) + (*end == ']');
    if (span_ends(host, SPAN(".")))
        host.len--;
    return host;
}

bool static_add_origin(struct buf *out, struct span host,
                       const struct net_addr *local)
{
    char text[NET_ADDR_TEXT];
    unsigned port = net_port(local);

    net_print(local, text);
    if (host.len == 0)
        host = span_of(text);
    if (span_starts(host, SPAN("unix:")))
        return true;
    if (!buf_add_text(out, "http://"))
        return false;
    host = host_alone(host);
    for (size_t i = 0; i < host.len; i++)
        if (!buf_add_char(out, (char)ascii_lower(host.ptr[i])))
            return false;
    return port == 0 || port == 80 || buf_printf(out, ":%u", port);
}

bool static_add_location(struct buf *out, struct span origin,
                         const struct static_answer *a, struct span path,
                         struct span query)
{
    while (origin.len == 0 && span_starts(path, SPAN("//")))
        span_skip(&path, 1);
    return buf_add_text(out, "Location: ") && buf_add_span(out, origin) &&
           uri_escape(out, path, URI_ESCAPE_PATH) &&
           uri_escape(out, a->index, URI_ESCAPE_PATH) &&
           buf_add_char(out, '/') &&
           (query.len == 0 ||
            (buf_add_char(out, '?') && buf_add_span(out, query))) &&
           buf_add(out, "\r\n", 2);
}

static uint64_t range_length(const struct http_range *range)
{
    return range->last - range->first + 1;
}

/* The framing of part i, or of the end; returns its length as snprintf does,
 * so that static_length counts what static_add_part will write. */
static size_t format_part(char *out, size_t room, const struct static_answer *a,
                          int i)
{
    unsigned long long boundary = a->boundary;
    char range[STATIC_RANGE_MAX];

    if (i == a->ranges)
        return (size_t)snprintf(out, room, "\r\n--%020llu--\r\n", boundary);
    write_range(range, a, i);
    return (size_t)snprintf(out, room,
                            "\r\n--%020llu\r\n"
                            "Content-Type: %.*s\r\n"
                            "Content-Range: %s\r\n\r\n",
                            boundary, SPAN_ARG(a->type), range);
}

bool static_add_part(struct buf *out, const struct static_answer *a, int i)
{
    size_t n = format_part(NULL, 0, a, i);

    if (!buf_reserve(out, n + 1))
        return false;
    out->len += format_part(out->ptr + out->len, n + 1, a, i);
    return true;
}

uint64_t static_length(const struct static_answer *a)
{
    uint64_t length = 0;

    if (a->ranges <= 0)
        return a->file.size;
    for (int i = 0; i < a->ranges; i++)
        length += range_length(&a->range[i]);
    if (a->ranges > 1)
        for (int i = 0; i <= a->ranges; i++)
            length += format_part(NULL, 0, a, i);
    return length;
}

bool static_add_fields(struct buf *out, const struct static_answer *a)
{
    bool body = a->status == 200 || a->status == 206;
    struct span type = a->ranges > 1 ? span_of(a->multipart) : a->type;
    char date[HTTP_DATE_LEN];

    if (!body && a->status != 304)
        return true;
    if (body && !(http_add_field(out, SPAN("Content-Type"), type) &&
                  http_add_length(out, static_length(a))))
        return false;
    if (a->mtime == -1)
        return true;
    http_date_format(date, a->mtime);
    return http_add_field(out, SPAN("Last-Modified"),
                          (struct span){date, sizeof date});
}

bool static_add_validators(struct buf *out, const struct static_answer *a)
{
    struct span etag = {a->etag, a->etag_len};
    bool tagged = a->status == 200 || a->status == 206 || a->status == 304;

    if (tagged && etag.len > 0 && !http_add_field(out, SPAN("ETag"), etag))
        return false;
    if (a->accept_ranges)
        return http_add_field(out, SPAN("Accept-Ranges"), SPAN("bytes"));
    return a->content_range[0] == '\0' ||
           http_add_field(out, SPAN("Content-Range"),
                          span_of(a->content_range));
}
