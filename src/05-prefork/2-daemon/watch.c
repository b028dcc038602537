/* watch: each file is looked at by stat, and what it is now is compared with
 * what it was. */

#include "watch.h"

#include <stdlib.h>
#include <string.h>

static struct watched look(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return (struct watched){0};
    return (struct watched){
        .mtime = st.st_mtim, .size = st.st_size, .inode = st.st_ino};
}

bool watch_add(struct watch *w, struct span path)
{
    struct watched *list, now;
    char *copy;

    for (size_t i = 0; i < w->count; i++)
        if (span_eq(span_of(w->list[i].path), path))
            return true;
    if (w->count == w->room) {
        list = realloc(w->list, (w->room * 2 + 64) * sizeof *list);
        if (list == NULL)
            return false;
        w->list = list;
        w->room = w->room * 2 + 64;
    }
    copy = strndup(path.ptr, path.len);
    if (copy == NULL)
        return false;
    now = look(copy);
    now.path = copy;
    w->list[w->count++] = now;
    return true;
}

static bool differs(const struct watched *a, const struct watched *b)
{
    return a->mtime.tv_sec != b->mtime.tv_sec ||
           a->mtime.tv_nsec != b->mtime.tv_nsec || a->size != b->size ||
           a->inode != b->inode;
}

const char *watch_changed(struct watch *w)
{
    const char *changed = NULL;

    for (size_t i = 0; i < w->count; i++) {
        struct watched *old = &w->list[i], now = look(old->path);
        if (now.inode == 0 || !differs(old, &now))
            continue;
        now.path = old->path;
        *old = now;
        changed = now.path;
    }
    return changed;
}

void watch_clear(struct watch *w)
{
    for (size_t i = 0; i < w->count; i++)
        free(w->list[i].path);
    free(w->list);
    *w = (struct watch){0};
}
