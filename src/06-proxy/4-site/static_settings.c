/* static_settings: root, alias, index, types and their like. */

#include "static_settings.h"
#include "static_file.h"
#include "location.h"
#include "module.h"
#include "value.h"
#include "request_variables.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define WHERE (CONF_HTTP | CONF_SERVER | CONF_LOCATION)

void static_count(struct span path, unsigned *names, unsigned *ups)
{
    struct span name;

    *names = *ups = 0;
    while (span_next(&path, '/', &name)) {
        if (span_eq(name, SPAN("..")))
            ++*ups;
        else if (name.len > 0 && !span_eq(name, SPAN(".")))
            ++*names;
    }
}

/* What stands behind the "$" is captured by a regular expression, be it one
 * further down. */
static bool is_capture(const struct conf *cf, struct span dollar)
{
    const struct variable *v;
    size_t skip = dollar.len > 1 && dollar.ptr[1] == '{' ? 2 : 1;
    struct span name = {dollar.ptr + skip, dollar.len - 2 * skip + 1}, rest;

    if (dollar.len < skip)
        return false;
    v = variable_find(cf, name, &rest);
    return v == NULL || v->get == get_capture;
}

static bool count_text(struct conf *cf, struct static_root *root,
                       struct span text)
{
    char *kept = arena_alloc(cf->arena, text.len + 1);
    size_t n = 0, len = 0;

    if (kept == NULL)
        return false;
    root->varies = span_chr(text, '$') != NULL;
    for (; text.len > 0; text.ptr += n, text.len -= n) {
        n = text.ptr[0] == '$' ? value_name_length(text) : 1;
        if (text.ptr[0] == '$' && is_capture(cf, (struct span){text.ptr, n}))
            continue;
        memcpy(kept + len, text.ptr, n);
        len += n;
    }
    static_count((struct span){kept, len}, &root->names, &root->ups);
    return true;
}

/* A path that does not begin with a variable is relative to the prefix, and
 * where that is relative (-p .) to where the program was started: the worker
 * looks for files from "/". */
static struct span path_from_root(struct conf *cf, struct span path)
{
    char here[PATH_MAX];

    if (span_starts(path, SPAN("$")))
        return path;
    path = conf_path(cf, path);
    if (!span_starts(path, SPAN("/")) && getcwd(here, sizeof here) != NULL)
        path = arena_printf(cf->arena, "%s/%.*s", here, SPAN_ARG(path));
    return path;
}

/* What alias stands for ends where the location's name ends, so a final slash
 * counts and is kept; the URI that follows a root brings its own. */
static struct static_root *new_root(struct conf *cf, struct span path,
                                    const struct location *alias)
{
    struct static_root *root = arena_zalloc(cf->arena, sizeof *root);

    path = path_from_root(cf, path);
    if (root == NULL || path.ptr == NULL)
        return NULL;
    if (alias != NULL) {
        root->alias = true;
        root->skip = alias->kind == LOCATION_REGEX ? SIZE_MAX
                                                   : alias->name.len;
    } else {
        while (path.len > 1 && path.ptr[path.len - 1] == '/')
            path.len--;
    }
    root->value = value_compile(cf, path);
    return root->value != NULL && count_text(cf, root, path) ? root : NULL;
}

/* A scope has one of the two. */
static bool set_place(struct conf *cf, const struct conf_row *row,
                      struct static_settings *s,
                      const struct location *alias)
{
    if (s->root != NULL && s->root->alias != (alias != NULL))
        return conf_error(cf, "\"%s\" directive is duplicate, \"%s\" "
                              "directive was specified earlier",
                          row->name, alias != NULL ? "root" : "alias");
    if (s->root != NULL)
        return conf_error(cf, "\"%s\" directive is duplicate", row->name);
    s->root = new_root(cf, cf->words[1], alias);
    return s->root != NULL;
}

static bool set_root(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    return set_place(cf, row, settings, NULL);
}

static bool set_alias(struct conf *cf, const struct conf_row *row,
                      void *settings)
{
    const struct location *l = location_of(cf->scope);

    if (l->kind == LOCATION_NAMED)
        return conf_error(cf, "the \"alias\" directive cannot be used inside "
                              "the named location");
    return set_place(cf, row, settings, l);
}

static bool set_index(struct conf *cf, const struct conf_row *row,
                      void *settings)
{
    struct static_settings *s = settings;
    struct index_name **last = &s->index;

    while (*last != NULL)
        last = &(*last)->next;
    for (unsigned i = 1; i < cf->count; i++) {
        struct index_name *n = arena_zalloc(cf->arena, sizeof *n);

        if (n == NULL || (n->name = value_compile(cf, cf->words[i])) == NULL)
            return false;
        if (cf->words[i].len == 0)
            return conf_error(cf, "index \"\" in \"index\" directive is "
                                  "invalid");
        *last = n;
        last = &n->next;
    }
    return true;
}

static void free_types(void *types)
{
    mime_free(types);
}

static struct mime_table *new_types(struct conf *cf)
{
    struct mime_table *types = mime_new();

    if (types == NULL || !arena_on_reset(cf->arena, free_types, types))
        return NULL;
    return types;
}

/* types { text/html html htm; } */
static bool set_types(struct conf *cf, const struct conf_row *row,
                      void *settings)
{
    struct static_settings *s = settings;

    if (s->types == NULL && (s->types = new_types(cf)) == NULL)
        return false;
    return conf_block(cf, CONF_TYPES, cf->scope, s->types);
}

static bool set_type(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    for (unsigned i = 1; i < cf->count; i++)
        if (!mime_add(cf->subject, cf->words[i], cf->words[0]))
            return false;
    return true;
}

static const struct conf_choice modified_choices[] = {
    {"off", 0}, {"exact", 1}, {"before", 2}, {NULL, 0}};

#define AT(member) offsetof(struct static_settings, member)

static const struct conf_row static_rows[] = {
    CONF_POINTED("root", WHERE, 1, 1, set_root, AT(root)),
    CONF_SETTER("alias", CONF_LOCATION, 1, 1, set_alias),
    CONF_LIST("index", WHERE, 1, CONF_MANY, set_index, AT(index)),
    {"types", WHERE, 0, 0, true, set_types, CONF_CHAIN, AT(types), 0,
     NULL},
    CONF_SETTER(CONF_ANY_NAME, CONF_TYPES, 0, CONF_MANY, set_type),
    CONF_TEXT("default_type", WHERE, AT(default_type)),
    CONF_FLAG("etag", WHERE, AT(etag), 1),
    CONF_CHOICE("if_modified_since", WHERE, AT(if_modified_since), 1,
                modified_choices),
    CONF_COUNT("max_ranges", WHERE, AT(max_ranges), INT32_MAX, &conf_any_count),
    CONF_FLAG("log_not_found", WHERE, AT(log_not_found), 1),
    {0},
};

/* Where nothing is configured nginx knows three types, one index, one root. */
static bool static_finish(struct conf *cf, void *settings, const void *parent)
{
    static const struct span plain = SPAN_INIT("text/plain");
    struct static_settings *s = settings;

    if (parent != NULL)
        return true;
    if (s->root == NULL && (s->root = new_root(cf, SPAN("html"), NULL)) == NULL)
        return false;
    if (s->default_type == NULL)
        s->default_type = &plain;
    if (s->index == NULL) {
        s->index = arena_zalloc(cf->arena, sizeof *s->index);
        if (s->index == NULL)
            return false;
        s->index->name = value_compile(cf, SPAN("index.html"));
    }
    if (s->types == NULL) {
        s->types = new_types(cf);
        return s->types != NULL &&
               mime_add(s->types, SPAN("html"), SPAN("text/html")) &&
               mime_add(s->types, SPAN("gif"), SPAN("image/gif")) &&
               mime_add(s->types, SPAN("jpg"), SPAN("image/jpeg"));
    }
    return true;
}

static const struct handler static_handlers[] = {
    {CONTENT, static_handler},
    {0},
};

const struct module static_module = {
    .name = "static",
    .index = MODULE_INDEX,
    .rows = static_rows,
    .settings = sizeof(struct static_settings),
    .finish = static_finish,
    .variables = static_variables,
    .handlers = static_handlers,
};
