/* module: the settings of modules: fresh for a block, inherited from the one
 * around it, finished and so complete. */

#include "module.h"

static bool is_number(const struct conf_row *row)
{
    return row->kind == CONF_NUMBER || row->kind == CONF_BITS;
}

/* The slot of a row in a module's settings: one of the two, by its kind. */
static int64_t *number_of(const struct conf_row *row, const void *settings)
{
    return (int64_t *)((char *)settings + row->offset);
}

static void **pointer_of(const struct conf_row *row, const void *settings)
{
    return (void **)((char *)settings + row->offset);
}

bool conf_is_set(const struct conf_row *row, const void *settings)
{
    if (row->kind == CONF_OTHER)
        return false;
    return is_number(row) ? *number_of(row, settings) != CONF_UNSET
                          : *pointer_of(row, settings) != NULL;
}

static bool fresh_settings(struct conf *cf, const struct module *module,
                           struct conf_scope *scope)
{
    void *settings;

    if (module->settings == 0)
        return true;
    settings = arena_zalloc(cf->arena, module->settings);
    if (settings == NULL)
        return false;
    for (const struct conf_row *r = module->rows; r != NULL && r->name != NULL;
         r++)
        if (is_number(r))
            *number_of(r, settings) = CONF_UNSET;
    CONF_OF(scope, module) = settings;
    return true;
}

struct conf_scope *conf_open_scope(struct conf *cf)
{
    struct conf_scope *scope;
    size_t count = 0;

    while (cf->modules[count] != NULL)
        count++;
    scope = arena_zalloc(cf->arena, sizeof *scope +
                                        count * sizeof *scope->settings);
    if (scope == NULL)
        return NULL;
    for (const struct module *const *m = cf->modules; *m != NULL; m++)
        if (!fresh_settings(cf, *m, scope))
            return NULL;
    scope->parent = cf->scope;
    *cf->last_scope = scope;
    cf->last_scope = &scope->next;
    return scope;
}

/* Fills what this scope left unset.  Two rows may share a slot (one setting,
 * two places): the second finds it filled. */
static void merge(const struct module *module, void *settings,
                  const void *parent)
{
    for (const struct conf_row *r = module->rows; r != NULL && r->name != NULL;
         r++) {
        if (r->kind == CONF_OTHER || conf_is_set(r, settings))
            continue;
        if (is_number(r))
            *number_of(r, settings) =
                parent != NULL ? *number_of(r, parent) : r->fallback;
        else if (parent != NULL)
            *pointer_of(r, settings) = *pointer_of(r, parent);
    }
}

/* Scopes are listed as they were opened, so parents are complete before their
 * children look at them.  What is found wrong only now is reported, as in
 * nginx, where the outermost block around the scope ends. */
static bool finish_scope(struct conf *cf, struct conf_scope *scope)
{
    const struct conf_scope *outermost = scope;

    while (outermost->parent != NULL && outermost->parent->parent != NULL)
        outermost = outermost->parent;
    cf->scope = scope;
    cf->file = outermost->file;
    cf->line = outermost->line;
    for (const struct module *const *m = cf->modules; *m != NULL; m++) {
        void *settings = CONF_OF(scope, *m);
        void *parent =
            scope->parent != NULL ? CONF_OF(scope->parent, *m) : NULL;

        merge(*m, settings, parent);
        if ((*m)->finish != NULL && !(*m)->finish(cf, settings, parent))
            return false;
    }
    return true;
}

bool conf_finish_scopes(struct conf *cf)
{
    struct conf_scope *before = cf->scope;

    for (struct conf_scope *s = cf->scopes; s != NULL; s = s->next)
        if (!finish_scope(cf, s))
            return false;
    cf->scope = before;
    return true;
}
