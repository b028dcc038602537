/* settings_json: {"uwsgi": {"master": true, "processes": 2, "env": ["A=1"]}}.
 *
 * A number is taken as it is written, true is "true", false and null are
 * "false", an array is the same key once for each of its elements. */

#include "settings_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct json_file {
    const struct settings_source *source;
    struct span text; /* from the key that was found last */
    unsigned line;    /* where that stands */
};

/* The line where a key stands.  jansson knows lines only while it parses, so
 * this looks for the key, quoted, with a colon behind it; 0 when it is written
 * in another way (with escapes).  The keys come in the file's order, so the
 * search goes on where the last one ended, and all of them together read the
 * file once. */
static unsigned line_of(struct json_file *f, const char *key)
{
    size_t len = strlen(key);

    for (; len + 2 < f->text.len; f->text.ptr++, f->text.len--) {
        const char *at = f->text.ptr;
        size_t next = len + 2;
        if (*at == '\n')
            f->line++;
        if (*at != '"' || at[len + 1] != '"' || memcmp(at + 1, key, len) != 0)
            continue;
        while (next < f->text.len && strchr(" \t\r\n", at[next]) != NULL)
            next++;
        if (next < f->text.len && at[next] == ':')
            return f->line;
    }
    return 0;
}

static bool add(struct json_file *f, const char *key, const char *value,
                struct err *err)
{
    struct buf text;
    bool ok;

    buf_init(&text, SETTINGS_MAX_VALUE);
    ok = settings_magic(&text, f->source, span_of(value)) &&
         buf_add_char(&text, 0);
    if (ok)
        ok = f->source->emit(f->source, span_of(key), text.ptr, line_of(f, key),
                             err);
    else
        err_set(err, "%s: the value of \"%s\" is longer than %d bytes",
                f->source->name, key, SETTINGS_MAX_VALUE);
    buf_free(&text);
    return ok;
}

static bool add_number(struct json_file *f, const char *key,
                       const json_t *value, struct err *err)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    bool ok = text != NULL ? add(f, key, text, err)
                           : err_set(err, "out of memory");

    free(text);
    return ok;
}

static bool add_any(struct json_file *f, const char *key, const json_t *value,
                    struct err *err)
{
    size_t i;
    json_t *element;

    switch (json_typeof(value)) {
    case JSON_STRING:
        return add(f, key, json_string_value(value), err);
    case JSON_INTEGER:
    case JSON_REAL:
        return add_number(f, key, value, err);
    case JSON_TRUE:
        return add(f, key, "true", err);
    case JSON_FALSE:
    case JSON_NULL:
        return add(f, key, "false", err);
    case JSON_ARRAY:
        json_array_foreach(value, i, element)
        {
            if (!json_is_array(element) && !add_any(f, key, element, err))
                return false;
        }
        return true;
    case JSON_OBJECT: /* another program's, or a section for an include */
        return true;
    }
    return true;
}

bool settings_read_json(const struct settings_source *source, struct span text,
                        struct err *err)
{
    const char *section = source->section != NULL ? source->section : "uwsgi";
    const char *key;
    struct json_file f = {source, text, 1};
    json_error_t error;
    json_t *root = json_loadb(text.ptr != NULL ? text.ptr : "", text.len,
                              JSON_REJECT_DUPLICATES, &error);
    json_t *object = json_object_get(root, section), *value;
    bool ok = true;

    if (root == NULL)
        return err_set(err, "%s:%d: column %d: %s", source->name, error.line,
                       error.column, error.text);
    if (!json_is_object(object))
        ok = err_set(err,
                     "%s: expected {\"%s\": {...}} in it, an object of "
                     "that name",
                     source->name, section);
    else
        json_object_foreach(object, key, value)
        {
            if (ok)
                ok = add_any(&f, key, value, err);
        }
    json_decref(root);
    return ok;
}
