/* wsgi_mount: which application a path is for.
 *
 * A few mounts are compared one after the other; the longest that fits wins, so
 * their order does not matter. */

#include "wsgi_mount.h"

#include <stdlib.h>
#include <string.h>

/* "/app" is at "/app", and so is "/app/x"; "/apple" is not. */
static bool is_at(struct span path, struct span mount)
{
    return mount.len > 0 && span_starts(path, mount) &&
           (path.len == mount.len || path.ptr[mount.len] == '/');
}

size_t wsgi_mount_find(const struct wsgi_config *c, struct span script_name,
                       struct span path, size_t *cut)
{
    size_t found = c->mount_count;

    *cut = 0;
    for (size_t i = 0; c->manage_script_name && i < c->mount_count; i++) {
        struct span mount = span_of(c->mounts[i].path);
        if (mount.len > *cut && is_at(path, mount)) {
            found = i;
            *cut = mount.len;
        }
    }
    for (size_t i = 0; found == c->mount_count && i < c->mount_count; i++)
        if (span_eq(span_of(c->mounts[i].path), script_name))
            return i;
    return found;
}

static const struct wsgi_mount *mounted_at(const struct wsgi_config *c,
                                           const char *path)
{
    for (size_t i = 0; i < c->mount_count; i++)
        if (strcmp(c->mounts[i].path, path) == 0)
            return &c->mounts[i];
    return NULL;
}

/* The path without the slashes at its end: "/" is "", which SCRIPT_NAME is at
 * the root. */
static char *trimmed(struct span path)
{
    while (span_ends(path, SPAN("/")))
        path.len--;
    return strndup(path.ptr, path.len);
}

bool wsgi_mount_add(struct wsgi_config *c, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');
    const struct wsgi_mount *other;
    struct wsgi_mount *list, new;

    if (text[0] != '/' || equals == NULL || equals[1] == 0)
        return err_set(err,
                       "\"%s\": expected PATH=APP, such as /shop=shop.py or "
                       "/shop=shop:application",
                       text);
    list = realloc(c->mounts, (c->mount_count + 1) * sizeof *list);
    if (list == NULL)
        return err_set(err, "out of memory");
    c->mounts = list;
    new.path = trimmed((struct span){text, (size_t)(equals - text)});
    new.app = strdup(equals + 1);
    if (new.path == NULL || new.app == NULL)
        err_set(err, "out of memory");
    else if ((other = mounted_at(c, new.path)) != NULL)
        err_set(err, "\"%s\": %s is mounted there already", text, other->app);
    else {
        list[c->mount_count++] = new;
        return true;
    }
    free(new.path);
    free(new.app);
    return false;
}
