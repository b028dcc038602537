/* prefork_settings: from words to settings to a configuration; the second half
 * of prefork_options.h. */

#include "prefork_options.h"
#include "wsgi_command_line.h"

#include <stdlib.h>
#include <string.h>

static const struct wsgi_option *const tables[] = {prefork_options,
                                                   wsgi_options, NULL};

/* A word that is no option names a configuration file. */
static bool add(void *whose, const struct wsgi_option *o, const char *value,
                struct err *err)
{
    if (o != NULL)
        return settings_add(whose, span_of(o->name), value, NULL, 0, err);
    if (strstr(value, ".ini") == NULL && strstr(value, ".json") == NULL)
        return err_set(err,
                       "found \"%s\", expected an option or a "
                       "configuration file (.ini, .json)",
                       value);
    return settings_add(whose, SPAN("ini"), value, NULL, 0, err);
}

bool prefork_read_command_line(struct settings *s, char **argv, struct err *err)
{
    const struct wsgi_command_line line = {tables, add, s};

    return wsgi_read_command_line(&line, argv, err);
}

static bool apply_one(struct prefork_config *c, struct settings *s, size_t i,
                      struct err *err)
{
    const struct wsgi_option *o =
        wsgi_option_in(tables, span_of(s->list[i].key));
    struct err why;
    char *value;
    bool ok;

    if (o == NULL)
        return true;
    ok = settings_expand(s, i, &value, &why) &&
         wsgi_option_apply(&c->wsgi, o, value, &why);
    free(value);
    return ok || settings_fail(&s->list[i], &why, err);
}

/* A key in a file that is no option and that no value has named: a slip of the
 * pen, or one of uWSGI's options that there is not. */
static bool remark(struct prefork_config *c, const struct setting *at,
                   struct err *err)
{
    struct err why, remark;

    if (c->strict) {
        err_set(&why, "[strict-mode] unknown config directive: %s", at->key);
        return settings_fail(at, &why, err);
    }
    err_set(&why,
            "\"%s\" is no option of strata-prefork and no value uses it as "
            "%%(%s): it has no effect",
            at->key, at->key);
    settings_fail(at, &why, &remark);
    return wsgi_add_text(&c->remarks, remark.text, err);
}

bool prefork_apply(struct prefork_config *c, struct settings *s,
                   struct err *err)
{
    for (size_t i = 0; i < s->count; i++)
        if (!apply_one(c, s, i, err))
            return false;
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i].file != NULL && !s->list[i].used &&
            wsgi_option_in(tables, span_of(s->list[i].key)) == NULL &&
            !remark(c, &s->list[i], err))
            return false;
    c->wsgi.multiprocess = c->processes > 1;
    c->wsgi.multithread = c->threads > 1;
    c->wsgi.processes = (unsigned)c->processes;
    return true;
}
