/* value: compiling and evaluating text with variables; see value.h. */

#include "value.h"
#include "exchange.h"
#include "front_conf.h"
#include "variables.h"

#include <ctype.h>
#include <string.h>

/* A part of a value: literal text, a variable of the table, or the name of a
 * capture. */
struct value_part {
    struct value_part *next;
    struct span text; /* the literal, the variable's rest, the name */
    const struct variable *variable;
    enum { PART_TEXT, PART_VARIABLE, PART_NUMBER, PART_NAME } kind;
    unsigned number;
};

struct value {
    struct value_part *parts;
};

/* A name that some regular expression of the configuration captures. */
struct value_name {
    struct value_name *next;
    struct span name;
};

/* A name that was used before anything defined it, and where. */
struct value_use {
    struct value_use *next;
    struct span name, file;
    unsigned line;
};

static bool is_name_char(unsigned char c)
{
    return isalnum(c) || c == '_';
}

static bool value_add(struct conf *cf, struct value_part ***last,
                      const struct value_part *part)
{
    struct value_part *p = arena_alloc(cf->arena, sizeof *p);

    if (p == NULL)
        return false;
    *p = *part;
    p->next = NULL;
    **last = p;
    *last = &p->next;
    return true;
}

static bool value_note_use(struct conf *cf, struct span name)
{
    struct front_conf *fc = cf->http;
    struct value_use *use = arena_alloc(cf->arena, sizeof *use);

    if (use == NULL)
        return false;
    *use = (struct value_use){fc->uses, name, cf->file, cf->line};
    fc->uses = use;
    return true;
}

/* What the name after a "$" stands for. */
static bool value_resolve(struct conf *cf, struct span name,
                          struct value_part *part)
{
    part->variable = variable_find(name, &part->text);
    part->kind = PART_VARIABLE;
    if (part->variable != NULL)
        return true;
    if (name.len == 1 && name.ptr[0] >= '0' && name.ptr[0] <= '9') {
        part->kind = PART_NUMBER;
        part->number = (unsigned)(name.ptr[0] - '0');
        return true;
    }
    part->kind = PART_NAME;
    part->text = name;
    return value_note_use(cf, name);
}

size_t value_name_length(struct span text)
{
    size_t i = 1;

    if (text.len > 1 && text.ptr[1] == '{') {
        const char *end = span_chr(text, '}');

        return end != NULL ? (size_t)(end + 1 - text.ptr) : text.len;
    }
    if (text.len > 1 && isdigit((unsigned char)text.ptr[1]))
        return 2;
    while (i < text.len && is_name_char((unsigned char)text.ptr[i]))
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
    text->ptr += n;
    text->len -= n;
    return true;
}

struct value *value_compile(struct conf *cf, struct span text)
{
    struct value *v = arena_zalloc(cf->arena, sizeof *v);
    struct value_part **last, part;

    if (v == NULL)
        return NULL;
    last = &v->parts;
    while (text.len > 0) {
        const char *dollar = span_chr(text, '$');
        struct span name;

        memset(&part, 0, sizeof part);
        if (dollar == text.ptr) {
            if (!value_take_name(cf, &text, &name) ||
                !value_resolve(cf, name, &part))
                return NULL;
        } else {
            part.text.ptr = text.ptr;
            part.text.len = dollar ? (size_t)(dollar - text.ptr) : text.len;
            text.ptr += part.text.len;
            text.len -= part.text.len;
        }
        if (!value_add(cf, &last, &part))
            return NULL;
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

static struct span part_eval(struct exchange *x, const struct value_part *p)
{
    int n;

    switch (p->kind) {
    case PART_TEXT:
        return p->text;
    case PART_VARIABLE:
        return p->variable->get(x, p->text);
    case PART_NUMBER:
        return x->regex != NULL ? x->captures[p->number]
                                : x->server_captures[p->number];
    case PART_NAME:
        n = x->regex ? regex_named(x->regex, p->text) : -1;
        if (n >= 0 && n < FRONT_CAPTURES)
            return x->captures[n];
        n = x->server_regex ? regex_named(x->server_regex, p->text) : -1;
        if (n >= 0 && n < FRONT_CAPTURES)
            return x->server_captures[n];
        break;
    }
    return (struct span){NULL, 0};
}

struct span value_eval(struct exchange *x, const struct value *v)
{
    struct buf text;
    struct span result;

    if (v->parts == NULL)
        return (struct span){"", 0};
    if (v->parts->next == NULL)
        return part_eval(x, v->parts);
    buf_init(&text, SIZE_MAX);
    for (const struct value_part *p = v->parts; p != NULL; p = p->next)
        if (!buf_add_span(&text, part_eval(x, p))) {
            buf_free(&text); /* the beginning alone would be another value */
            return (struct span){NULL, 0};
        }
    result = arena_copy(&x->arena, buf_span(&text));
    buf_free(&text);
    return result;
}

struct define {
    struct conf *cf;
    bool failed;
};

static void value_define(void *context, struct span name)
{
    struct define *d = context;
    struct front_conf *fc = d->cf->http;
    struct value_name *n = arena_alloc(d->cf->arena, sizeof *n);
    struct span copy = arena_copy(d->cf->arena, name);

    if (n == NULL || copy.ptr == NULL) {
        d->failed = true;
        return;
    }
    *n = (struct value_name){fc->names, copy};
    fc->names = n;
}

bool value_define_captures(struct conf *cf, const struct regex *re)
{
    struct define d = {cf, false};

    regex_names(re, value_define, &d);
    return !d.failed;
}

bool value_check_names(struct conf *cf)
{
    const struct front_conf *fc = cf->http;

    for (const struct value_use *use = fc->uses; use; use = use->next) {
        const struct value_name *n = fc->names;

        while (n != NULL && !span_eq(n->name, use->name))
            n = n->next;
        if (n == NULL) {
            cf->file = use->file;
            cf->line = use->line;
            return conf_error(cf, "unknown \"%.*s\" variable",
                              SPAN_ARG(use->name));
        }
    }
    return true;
}
