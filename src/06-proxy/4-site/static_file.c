/* static_file: finds the file that a URI means and answers with it. */

#include "static_file.h"
#include "answer.h"
#include "error_log.h"
#include "exchange.h"
#include "front_worker.h"
#include "phases.h"
#include "redirect.h"
#include "static_answer.h"
#include "static_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct static_settings *settings_of(const struct exchange *x)
{
    return CONF_OF(x->scope, &static_module);
}

/* What a client sends may be a part of the path: a variable in root or alias,
 * or the end of a URI whose beginning an alias takes away ("/img../x" where
 * /img is an alias of /data/).  The path must still have all the names of the
 * directive's text, so no variable was empty or ".", and no more "..". */
static bool stays_inside(const struct static_root *root, struct span path)
{
    unsigned names, ups;

    static_count(path, &names, &ups);
    return names >= root->names && ups <= root->ups &&
           span_chr(path, '\0') == NULL;
}

static struct span document_root(struct exchange *x)
{
    const struct static_root *root = settings_of(x)->root;
    struct span path = value_eval(&x->arena, x, root->value);

    if (root->varies && !stays_inside(root, path))
        return (struct span){NULL, 0};
    return path;
}

/* root + URI; or alias + what follows its location's name in the URI, and for
 * a regular expression's the alias alone. */
static int static_find(struct exchange *x, struct span *path)
{
    const struct static_root *root = settings_of(x)->root;
    struct span folder = document_root(x);
    size_t skip = root->skip < x->uri.len ? root->skip : x->uri.len;
    struct span rest = span_from(x->uri, skip);

    if (folder.ptr == NULL)
        return 403;
    *path = arena_printf(&x->arena, "%.*s%.*s", SPAN_ARG(folder),
                         SPAN_ARG(rest));
    if (path->ptr == NULL)
        return 500;
    return stays_inside(root, *path) ? 0 : 403;
}

static struct span get_document_root(struct exchange *x, struct span rest)
{
    return document_root(x);
}

static struct span get_request_filename(struct exchange *x, struct span rest)
{
    struct span path;

    return static_find(x, &path) == 0 ? path : (struct span){NULL, 0};
}

const struct variable static_variables[] = {
    {"document_root", get_document_root},
    {"request_filename", get_request_filename},
    {0},
};

struct span static_type(struct exchange *x)
{
    const struct static_settings *s = settings_of(x);

    return mime_type(s->types, x->uri, *s->default_type);
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

static void static_refuse(struct exchange *x, int status, const char *path,
                          int errnum)
{
    static_explain(x, status, path, errnum);
    exchange_error(x, status);
}

/* What an index file's name makes of the URI.  Nobody normalises the new one,
 * so a ".." in it, which a variable may hold, is refused.  None for that and
 * without memory, and then an error was answered. */
static struct span static_target(struct exchange *x, struct span name)
{
    struct span target =
        span_starts(name, SPAN("/"))
            ? arena_copy(&x->arena, name)
            : arena_printf(&x->arena, "%.*s%.*s", SPAN_ARG(x->uri),
                           SPAN_ARG(name));
    unsigned names, ups = 0;

    if (target.ptr != NULL)
        static_count(target, &names, &ups);
    if (target.ptr != NULL && ups == 0)
        return target;
    exchange_error(x, ups > 0 ? 403 : 500);
    return (struct span){NULL, 0};
}

/* A URI that ends in "/" becomes that of the first index file there is, and
 * goes through the locations again.  True when it did, or an error was
 * answered: that a file is not there is one thing, that nobody could look for
 * it is another. */
static bool static_index(struct exchange *x, struct span directory)
{
    for (struct index_name *n = settings_of(x)->index; n != NULL; n = n->next) {
        struct span name = value_eval(&x->arena, x, n->name);
        struct span target = static_target(x, name), path;
        struct stat st;

        if (target.ptr == NULL)
            return true;
        path = arena_printf(&x->arena, "%.*s%.*s", SPAN_ARG(directory),
                            SPAN_ARG(name));
        if (path.ptr == NULL) {
            exchange_error(x, 500);
            return true;
        }
        if (span_starts(name, SPAN("/")) || stat(path.ptr, &st) == 0) {
            exchange_redirect(x, target, x->args);
            return true;
        }
        if (errno != ENOENT && errno != ENOTDIR) {
            static_refuse(x, file_status(errno), path.ptr, errno);
            return true;
        }
    }
    return false;
}

static void static_close(void *fd)
{
    close((int)(intptr_t)fd);
}

static void static_send_parts(struct exchange *x,
                              const struct static_answer *a)
{
    for (int i = 0; i <= a->ranges; i++) {
        struct buf text = arena_text(&x->arena);
        struct span part;

        static_add_part(&text, a, i);
        part = arena_text_end(&text);
        if (part.ptr == NULL) {
            x->out.failed = true;
            return;
        }
        answer_bytes(x, part, NULL);
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
    if (a->ranges > 1) {
        x->out.type = arena_copy(&x->arena, span_of(a->multipart));
        return x->out.type.ptr != NULL;
    }
    return a->content_range[0] == '\0' ||
           answer_field(x, SPAN("Content-Range"),
                        arena_copy(&x->arena, span_of(a->content_range)));
}

/* What the whole is: a 200.  It may become something else before it is sent.
 * The URI says of what type it is, whatever an alias names. */
static void static_describe(struct exchange *x, struct static_answer *a)
{
    struct answer *out = &x->out;

    a->type = static_type(x);
    out->status = 200;
    out->type = a->type;
    out->length = (int64_t)a->file.size;
    out->mtime = a->mtime;
    out->etag = arena_copy(&x->arena, (struct span){a->etag, a->etag_len});
    answer_choose(x);
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
    out->length = (int64_t)static_length(a);
    out->accept_ranges = a->accept_ranges;
    if (a->status == 304)
        out->type.len = 0;
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
        exchange_error(x, redirect_with_slash(x));
        return;
    case 416:
        static_range_fields(x, a);
        break;
    case 412:
        break;
    default:
        static_explain(x, a->status, path, errnum);
    }
    exchange_error(x, a->status);
}

/* An alias may end in "/" where the URI does not, and the other way round.
 * What the URI says counts: without a "/" it means a file, or a directory that
 * is redirected to, and "folder/." is that directory; with one it means a
 * directory. */
static const char *static_as_asked(struct exchange *x, struct span path)
{
    bool slash = span_ends(x->uri, SPAN("/"));

    if (slash == span_ends(path, SPAN("/")))
        return path.ptr;
    return arena_printf(&x->arena, "%.*s%s", SPAN_ARG(path), slash ? "/" : ".")
        .ptr;
}

static void static_serve(struct exchange *x)
{
    static const char *const no_index[] = {NULL};
    const struct static_settings *s = settings_of(x);
    const char *asked;
    struct span path;
    int status = static_find(x, &path);
    struct static_answer a;
    int errnum;
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

    if (status != 0) {
        exchange_log(x, ERROR_LOG_ERROR, 0,
                     status == 403 ? "the request leads out of its root"
                                   : "out of memory");
        exchange_error(x, status);
        return;
    }
    if (span_ends(x->uri, SPAN("/")) && static_serves(x->method) &&
        static_index(x, path))
        return;
    asked = static_as_asked(x, path);
    if (asked == NULL) {
        exchange_error(x, 500);
        return;
    }
    static_open(&a, &x->request, asked, &config);
    errnum = errno;
    if (a.status == 200) {
        static_describe(x, &a);
        if (x->out.coded)
            config.max_ranges = 0;
        static_select(&a, &x->request, &config);
    }
    static_answered(x, &a, path.ptr, errnum);
}

int static_handler(struct exchange *x)
{
    static_serve(x);
    return ANSWERED;
}
