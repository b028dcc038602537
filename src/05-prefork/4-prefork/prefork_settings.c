/* prefork_settings: from words to settings to a configuration; the second half
 * of prefork_options.h. */

#include "prefork_options.h"

#include <stdlib.h>
#include <string.h>

static const struct wsgi_option *const tables[] = {prefork_options,
                                                   wsgi_options, NULL};

static const struct wsgi_option *find_option(struct span name)
{
    const struct wsgi_option *o = wsgi_option_named(prefork_options, name);

    return o ? o : wsgi_option_named(wsgi_options, name);
}

static const struct wsgi_option *find_letter(char letter)
{
    const struct wsgi_option *o = wsgi_option_lettered(prefork_options, letter);

    return o ? o : wsgi_option_lettered(wsgi_options, letter);
}

/* On the command line a name may be cut short, as getopt_long has it, as long
 * as one option alone begins so. */
static const struct wsgi_option *find_begun(struct span name, struct err *err)
{
    const struct wsgi_option *found = find_option(name);

    if (found)
        return found;
    for (const struct wsgi_option *const *table = tables; *table; table++)
        for (const struct wsgi_option *o = *table; o->name; o++) {
            if (!span_starts(span_of(o->name), name))
                continue;
            if (found) {
                err_set(err, "option --%.*s could be --%s or --%s",
                        SPAN_ARG(name), found->name, o->name);
                return NULL;
            }
            found = o;
        }
    if (!found)
        err_set(err, "there is no option --%.*s; --help lists them all",
                SPAN_ARG(name));
    return found;
}

/* The words of the command line, and the place in them. */
struct words {
    struct settings *settings;
    int left;
    char **next;
};

static bool add_word(struct words *w, const struct wsgi_option *o,
                     const char *value, struct err *err)
{
    return settings_add(w->settings, span_of(o->name), value, NULL, 0, err);
}

/* The value of option o: `glued`, or the next word. */
static bool add_valued(struct words *w, const struct wsgi_option *o,
                       const char *glued, struct err *err)
{
    if (!glued && w->left == 0)
        return err_set(err, "option --%s wants a value: %s", o->name,
                       o->value_name ? o->value_name : "VALUE");
    if (!glued) {
        glued = *w->next++;
        w->left--;
    }
    return add_word(w, o, glued, err);
}

static bool take_long(struct words *w, const char *word, struct err *err)
{
    struct span name = span_of(word);
    const char *equals = span_chr(name, '=');
    const struct wsgi_option *o;

    if (equals)
        name.len = (size_t)(equals - word);
    o = find_begun(name, err);
    if (!o)
        return false;
    if (o->arg == WSGI_FLAG)
        return add_word(w, o, equals ? equals + 1 : NULL, err);
    return add_valued(w, o, equals ? equals + 1 : NULL, err);
}

/* -M, -Mp2, -p2, -p 2 */
static bool take_short(struct words *w, const char *letters, struct err *err)
{
    for (; *letters; letters++) {
        const struct wsgi_option *o = find_letter(*letters);
        if (!o)
            return err_set(err, "there is no option -%c; --help lists them all",
                           *letters);
        if (o->arg == WSGI_VALUE)
            return add_valued(w, o, letters[1] ? letters + 1 : NULL, err);
        if (!add_word(w, o, NULL, err))
            return false;
    }
    return true;
}

static bool take_bare(struct words *w, const char *word, struct err *err)
{
    if (!strstr(word, ".ini") && !strstr(word, ".json"))
        return err_set(err,
                       "found \"%s\", expected an option or a "
                       "configuration file (.ini, .json)",
                       word);
    return settings_add(w->settings, SPAN("ini"), word, NULL, 0, err);
}

bool prefork_read_command_line(struct settings *s, int argc, char **argv,
                               struct err *err)
{
    struct words w = {s, argc - 1, argv + 1};

    while (w.left > 0) {
        const char *word = *w.next++;
        bool ok;
        w.left--;
        if (word[0] == '-' && word[1] == '-' && word[2])
            ok = take_long(&w, word + 2, err);
        else if (word[0] == '-' && word[1] && word[1] != '-')
            ok = take_short(&w, word + 1, err);
        else
            ok = take_bare(&w, word, err);
        if (!ok)
            return false;
    }
    return true;
}

/* *err = the place of list[i], then what `why` says. */
static bool fail_at(const struct setting *at, const struct err *why,
                    struct err *err)
{
    struct buf place;

    buf_init(&place, 400);
    settings_place(at, &place);
    err_set(err, "%.*s%s", SPAN_ARG(buf_span(&place)), why->text);
    buf_free(&place);
    return false;
}

static bool apply_one(struct prefork_config *c, struct settings *s, size_t i,
                      struct err *err)
{
    const struct wsgi_option *o = find_option(span_of(s->list[i].key));
    struct err why;
    char *value;
    bool ok;

    if (!o)
        return true;
    ok = settings_expand(s, i, &value, &why) &&
         wsgi_option_apply(&c->wsgi, o, value, &why);
    free(value);
    return ok || fail_at(&s->list[i], &why, err);
}

/* A key in a file that is no option and that no value has named: a slip of the
 * pen, or one of uWSGI's options that there is not. */
static bool remark(struct prefork_config *c, const struct setting *at,
                   struct err *err)
{
    struct err why, remark;

    if (c->strict) {
        err_set(&why, "[strict-mode] unknown config directive: %s", at->key);
        return fail_at(at, &why, err);
    }
    err_set(&why,
            "\"%s\" is no option of strata-prefork and no value uses it as "
            "%%(%s): it has no effect",
            at->key, at->key);
    fail_at(at, &why, &remark);
    return wsgi_add_text(&c->remarks, remark.text, err);
}

bool prefork_apply(struct prefork_config *c, struct settings *s,
                   struct err *err)
{
    for (size_t i = 0; i < s->count; i++)
        if (!apply_one(c, s, i, err))
            return false;
    for (size_t i = 0; i < s->count; i++)
        if (s->list[i].file && !s->list[i].used &&
            !find_option(span_of(s->list[i].key)) &&
            !remark(c, &s->list[i], err))
            return false;
    c->wsgi.multiprocess = c->processes > 1;
    c->wsgi.multithread = c->threads > 1;
    c->wsgi.processes = (unsigned)c->processes;
    return true;
}
