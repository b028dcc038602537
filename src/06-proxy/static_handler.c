/* static_handler: finds the file that a URI means and answers with it. */

#include "static_handler.h"
#include "error_log.h"
#include "front_conf.h"
#include "static_answer.h"
#include "static_settings.h"
#include "uri.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct static_settings *settings_of(const struct exchange *x)
{
    return CONF_OF(x->scope, &static_module);
}

struct span static_document_root(struct exchange *x)
{
    const struct static_settings *s = settings_of(x);

    return value_eval(x, s->alias != NULL ? s->alias : s->root);
}

/* root + URI; or alias + what follows the location's name in the URI, and in
 * a regular expression's location the alias alone. */
struct span static_filename(struct exchange *x)
{
    const struct static_settings *s = settings_of(x);
    struct span rest = x->uri;
    size_t skip = 0;

    if (s->alias != NULL && x->location != NULL) {
        skip = x->location->kind == LOCATION_REGEX ? rest.len
                                                   : x->location->name.len;
        if (skip > rest.len)
            skip = rest.len;
    }
    rest.ptr += skip;
    rest.len -= skip;
    return arena_printf(&x->arena, "%.*s%.*s",
                        SPAN_ARG(static_document_root(x)), SPAN_ARG(rest));
}

struct span static_type(struct exchange *x)
{
    const struct static_settings *s = settings_of(x);

    return mime_type(s->types, x->uri, *s->default_type);
}

/* A URI that ends in "/" becomes that of the first index file there is, and
 * goes through the locations again.  True when it did, or an error was
 * answered. */
static bool static_index(struct exchange *x, struct span directory)
{
    for (struct index_name *n = settings_of(x)->index; n; n = n->next) {
        struct span name = value_eval(x, n->name);
        struct span path;
        struct stat st;

        if (name.len > 0 && name.ptr[0] == '/') {
            exchange_redirect(x, name, x->args);
            return true;
        }
        path = arena_printf(&x->arena, "%.*s%.*s", SPAN_ARG(directory),
                            SPAN_ARG(name));
        if (path.ptr != NULL && stat(path.ptr, &st) == 0) {
            exchange_redirect(x,
                              arena_printf(&x->arena, "%.*s%.*s",
                                           SPAN_ARG(x->uri), SPAN_ARG(name)),
                              x->args);
            return true;
        }
    }
    return false;
}

struct span static_with_slash(struct exchange *x)
{
    struct buf text;
    struct span copy;

    buf_init(&text, SIZE_MAX);
    uri_escape(&text, x->uri, URI_ESCAPE_PATH);
    buf_add_char(&text, '/');
    if (x->args.len > 0) {
        buf_add_char(&text, '?');
        buf_add_span(&text, x->args);
    }
    copy = arena_copy(&x->arena, buf_span(&text));
    buf_free(&text);
    return copy;
}

static void static_close(void *fd)
{
    close((int)(intptr_t)fd);
}

/* What nginx's error log says of a file that was not sent. */
static void static_explain(struct exchange *x, int status, const char *path,
                           int errnum)
{
    if (status == 403 && span_ends(span_of(path), SPAN("/")))
        exchange_log(x, ERROR_LOG_ERROR, 0,
                     "directory index of \"%s\" is forbidden", path);
    else if (status != 405 && status != 404)
        exchange_log(x, ERROR_LOG_ERROR, errnum, "open() \"%s\" failed", path);
    else if (status == 404 && settings_of(x)->log_not_found)
        exchange_log(x, ERROR_LOG_ERROR, errnum, "open() \"%s\" failed", path);
}

static void static_send_parts(struct exchange *x,
                              const struct static_answer *a)
{
    for (int i = 0; i <= a->ranges; i++) {
        struct buf text;

        buf_init(&text, SIZE_MAX);
        if (static_add_part(&text, a, i))
            answer_bytes(x, arena_copy(&x->arena, buf_span(&text)), NULL);
        buf_free(&text);
        if (i < a->ranges)
            answer_file(x, a->file.fd, a->range[i].first,
                        a->range[i].last - a->range[i].first + 1);
    }
}

static void static_send(struct exchange *x, const struct static_answer *a)
{
    if (a->ranges > 1)
        static_send_parts(x, a);
    else if (a->ranges == 1)
        answer_file(x, a->file.fd, a->range[0].first,
                    a->range[0].last - a->range[0].first + 1);
    else
        answer_file(x, a->file.fd, 0, a->file.size);
}

static bool static_range_fields(struct exchange *x,
                                const struct static_answer *a)
{
    struct answer *out = &x->out;

    if (a->ranges > 1) {
        out->type = arena_printf(&x->arena,
                                 "multipart/byteranges; boundary=%020llu",
                                 (unsigned long long)a->boundary);
        return out->type.ptr != NULL;
    }
    if (a->ranges == 1)
        return answer_field(
            x, SPAN("Content-Range"),
            arena_printf(&x->arena, "bytes %llu-%llu/%llu",
                         (unsigned long long)a->range[0].first,
                         (unsigned long long)a->range[0].last,
                         (unsigned long long)a->file.size));
    return true;
}

static void static_represent(struct exchange *x, const struct static_answer *a)
{
    struct answer *out = &x->out;

    if (a->file.fd >= 0 &&
        !arena_on_reset(&x->arena, static_close,
                        (void *)(intptr_t)a->file.fd)) {
        exchange_error(x, 500);
        return;
    }
    out->status = a->status;
    out->mtime = a->mtime;
    out->etag =
        arena_copy(&x->arena, (struct span){a->etag, a->etag_len});
    if (a->status != 304) {
        out->type = a->type;
        out->length = (int64_t)static_length(a);
        out->accept_ranges = a->accept_ranges;
    }
    if (!static_range_fields(x, a)) {
        exchange_error(x, 500);
        return;
    }
    answer_begin(x);
    if (a->file.fd >= 0)
        static_send(x, a);
    answer_end(x);
}

static void static_answered(struct exchange *x, const struct static_answer *a,
                            const char *path, int errnum)
{
    switch (a->status) {
    case 200:
    case 206:
    case 304:
        static_represent(x, a);
        return;
    case 301:
        x->out.location = static_with_slash(x);
        break;
    case 416:
        answer_field(x, SPAN("Content-Range"),
                     arena_printf(&x->arena, "bytes */%llu",
                                  (unsigned long long)a->file.size));
        break;
    case 412:
        break;
    default:
        static_explain(x, a->status, path, errnum);
    }
    exchange_error(x, a->status);
}

void static_handler(struct exchange *x)
{
    static const char *const no_index[] = {NULL};
    const struct static_settings *s = settings_of(x);
    struct span path = static_filename(x);
    struct static_answer a;
    struct static_config config = {
        .root = x->worker->root,
        .index = no_index,
        .types = s->types,
        .default_type = *s->default_type,
        .links = FILE_LINKS_FOLLOW,
        .etag = s->etag,
        .exact_times = s->if_modified_since == 1,
        .max_ranges = s->max_ranges < HTTP_MAX_RANGES ? (int)s->max_ranges
                                                      : HTTP_MAX_RANGES,
    };

    if (path.ptr == NULL) {
        exchange_error(x, 500);
        return;
    }
    if (span_ends(x->uri, SPAN("/")) && static_index(x, path))
        return;
    static_answer(&a, &x->request, path.ptr, &config);
    static_answered(x, &a, path.ptr, errno);
}
