/* conf_scope: settings of a block, what they inherit, and what makes them
 * complete. */

#include "conf_scope.h"
#include "module.h"

/* The slot of a row in a module's settings; NULL where the row has none. */
static void *slot_of(const struct conf_row *row, void *settings)
{
    return row->kind == CONF_OTHER ? NULL : (char *)settings + row->offset;
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
    for (const struct conf_row *r = module->rows; r->name != NULL; r++)
        if (r->kind == CONF_NUMBER)
            *(int64_t *)slot_of(r, settings) = CONF_UNSET;
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
static void merge(const struct module *module, void *settings, void *parent)
{
    for (const struct conf_row *r = module->rows; r->name != NULL; r++) {
        void *mine = slot_of(r, settings);
        void *theirs = parent == NULL ? NULL : slot_of(r, parent);

        if (r->kind == CONF_NUMBER && *(int64_t *)mine == CONF_UNSET)
            *(int64_t *)mine = theirs ? *(int64_t *)theirs : r->fallback;
        else if (r->kind == CONF_POINTER && theirs != NULL &&
                 *(void **)mine == NULL)
            *(void **)mine = *(void **)theirs;
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
        void *parent = scope->parent ? CONF_OF(scope->parent, *m) : NULL;

        merge(*m, settings, parent);
        if ((*m)->finish != NULL && !(*m)->finish(cf, settings, parent))
            return conf_error(cf, "out of memory");
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
