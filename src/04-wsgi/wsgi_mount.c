/* wsgi_mount: see wsgi_mount.h. */

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
    struct wsgi_mount *list;
    struct wsgi_mount new = {NULL, NULL};

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
    for (size_t i = 0; new.path != NULL &&i < c->mount_count; i++)
        if (strcmp(list[i].path, new.path) == 0) {
            free(new.path);
            return err_set(err, "\"%s\": %s is mounted there already", text,
                           list[i].app);
        }
    if (new.path == NULL || (new.app = strdup(equals + 1)) == NULL) {
        free(new.path);
        return err_set(err, "out of memory");
    }
    list[c->mount_count++] = new;
    return true;
}
