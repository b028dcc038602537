/* value: a value is a list of parts, each a literal text or a variable.  Names
 * that nobody knows yet are noted with their place, and judged at the end. */

#include "value.h"

#include <string.h>

struct value_part {
    struct value_part *next;
    struct span text; /* the literal, or what is handed to the variable */
    const struct variable *variable; /* or NULL */
};

struct value {
    struct value_part *parts;
};

/* A variable that the configuration defines. */
struct value_name {
    struct value_name *next;
    struct variable variable;
};

/* A name that was used before anything defined it, and where. */
struct value_use {
    struct value_use *next;
    struct value_part *part; /* its text is the name */
    struct span file;
    unsigned line;
};

static bool is_name_char(char c)
{
    return ascii_is_alnum(c) || c == '_';
}

/* --- Names ------------------------------------------------------------- */

/* A row that has the whole name ends the search; one that has its beginning
 * waits for a better one. */
static const struct variable *find_row(const struct variable *row,
                                       struct span name,
                                       const struct variable **prefix)
{
    for (; row != NULL && row->name != NULL; row++) {
        struct span known = span_of(row->name);

        if (!span_ends(known, SPAN("_"))) {
            if (span_eq(name, known))
                return row;
        } else if (span_starts(name, known)) {
            *prefix = row;
        }
    }
    return NULL;
}

const struct variable *variable_find(const struct conf *cf, struct span name,
                                     struct span *rest)
{
    const struct variable *found = NULL, *prefix = NULL;

    *rest = name;
    for (const struct module *const *m = cf->modules; *m != NULL; m++)
        if ((found = find_row((*m)->variables, name, &prefix)) != NULL)
            return found;
    if (prefix != NULL) {
        *rest = span_from(name, strlen(prefix->name));
        return prefix;
    }
    for (const struct value_name *n = cf->names; n != NULL; n = n->next)
        if (span_eq(name, span_of(n->variable.name)))
            return &n->variable;
    return NULL;
}

struct define {
    struct conf *cf;
    struct span (*get)(struct exchange *x, struct span name);
    bool failed;
};

static void define_name(void *context, struct span name)
{
    struct define *d = context;
    struct value_name *n = arena_alloc(d->cf->arena, sizeof *n);
    struct span copy = arena_copy(d->cf->arena, name);

    if (n == NULL || copy.ptr == NULL) {
        d->failed = true;
        return;
    }
    *n = (struct value_name){d->cf->names, {copy.ptr, d->get}};
    d->cf->names = n;
}

bool value_define_captures(struct conf *cf, const struct regex *re,
                           struct span (*get)(struct exchange *x,
                                              struct span name))
{
    struct define d = {cf, get, false};

    regex_names(re, define_name, &d);
    return !d.failed;
}

static bool note_use(struct conf *cf, struct value_part *part)
{
    struct value_use *use = arena_alloc(cf->arena, sizeof *use);

    if (use == NULL)
        return false;
    *use = (struct value_use){cf->uses, part, cf->file, cf->line};
    cf->uses = use;
    return true;
}

bool value_check_names(struct conf *cf)
{
    for (const struct value_use *use = cf->uses; use != NULL; use = use->next) {
        struct value_part *part = use->part;

        part->variable = variable_find(cf, part->text, &part->text);
        if (part->variable == NULL) {
            cf->file = use->file;
            cf->line = use->line;
            return conf_error(cf, "unknown \"%.*s\" variable",
                              SPAN_ARG(part->text));
        }
    }
    return true;
}

/* --- Compiling --------------------------------------------------------- */

size_t value_name_length(struct span text)
{
    size_t i = 1;

    if (text.len > 1 && text.ptr[1] == '{') {
        const char *end = span_chr(text, '}');

        return end != NULL ? (size_t)(end + 1 - text.ptr) : text.len;
    }
    if (text.len > 1 && ascii_is_digit(text.ptr[1]))
        return 2;
    while (i < text.len && is_name_char(text.ptr[i]))
        i++;
    return i;
}

/* Takes "$name" or "${name}" off the front of *text. */
static bool value_take_name(struct conf *cf, struct span *text,
                            struct span *name)
{
    size_t n = value_name_length(*text);
    bool braces = text->len > 1 && text->ptr[1] == '{';
    size_t skip = braces ? 2 : 1;

    *name = (struct span){text->ptr + skip, n - skip};
    if (braces) {
        if (text->ptr[n - 1] != '}')
            return conf_error(
                cf, "the closing bracket in \"%.*s\" variable is missing",
                SPAN_ARG(*name));
        name->len--;
    }
    if (name->len == 0)
        return conf_error(cf, "invalid variable name in \"%.*s\"",
                          SPAN_ARG(*text));
    span_skip(text, n);
    return true;
}

static bool compile_part(struct conf *cf, struct span *text,
                         struct value_part *part)
{
    struct span name;

    part->text = span_until(*text, '$');
    if (part->text.len > 0) {
        span_skip(text, part->text.len);
        return true;
    }
    if (!value_take_name(cf, text, &name))
        return false;
    part->variable = variable_find(cf, name, &part->text);
    return part->variable != NULL || note_use(cf, part);
}

struct value *value_compile(struct conf *cf, struct span text)
{
    struct value *v = arena_zalloc(cf->arena, sizeof *v);
    struct value_part **last = v != NULL ? &v->parts : NULL;

    while (v != NULL && text.len > 0) {
        *last = arena_zalloc(cf->arena, sizeof **last);
        if (*last == NULL || !compile_part(cf, &text, *last))
            return NULL;
        last = &(*last)->next;
    }
    return v;
}

bool conf_set_value(struct conf *cf, const struct conf_row *row,
                    void *settings)
{
    struct value **slot = (struct value **)((char *)settings + row->offset);

    *slot = value_compile(cf, cf->words[1]);
    return *slot != NULL;
}

/* --- Evaluating -------------------------------------------------------- */

static struct span part_eval(struct exchange *x, const struct value_part *p)
{
    return p->variable != NULL ? p->variable->get(x, p->text) : p->text;
}

struct span value_eval(struct arena *a, struct exchange *x,
                       const struct value *v)
{
    struct buf text = arena_text(a);

    if (v->parts == NULL)
        return (struct span){"", 0};
    if (v->parts->next == NULL)
        return part_eval(x, v->parts);
    for (const struct value_part *p = v->parts; p != NULL; p = p->next)
        buf_add_span(&text, part_eval(x, p));
    return arena_text_end(&text);
}
