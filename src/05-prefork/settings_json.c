/* settings_json: {"uwsgi": {"master": true, "processes": 2, "env": ["A=1"]}}.
 *
 * A number is taken as it is written, true is "true", false and null are
 * "false", an array is the same key once for each of its elements. */

#include "settings_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The line where a key stands.  jansson knows lines only while it parses, so
 * this looks for the key, quoted, with a colon behind it; 0 when it is written
 * in another way (with escapes). */
static unsigned line_of(struct span text, const char *key)
{
    size_t len = strlen(key);
    unsigned line = 1;

    for (size_t i = 0; i + len + 2 < text.len; i++) {
        if (text.ptr[i] == '\n')
            line++;
        if (text.ptr[i] != '"' || text.ptr[i + len + 1] != '"' ||
            memcmp(text.ptr + i + 1, key, len) != 0)
            continue;
        size_t next = i + len + 2;
        while (next < text.len && strchr(" \t\r\n", text.ptr[next]))
            next++;
        if (next < text.len && text.ptr[next] == ':')
            return line;
    }
    return 0;
}

struct json_file {
    struct settings *settings;
    const struct settings_source *source;
    struct span text;
};

static bool add(const struct json_file *f, const char *key, const char *value,
                struct err *err)
{
    struct buf text;
    bool ok;

    buf_init(&text, SETTINGS_MAX_VALUE);
    ok = settings_magic(&text, f->source, span_of(value)) &&
         buf_add_char(&text, 0);
    if (ok)
        ok = settings_add(f->settings, span_of(key), text.ptr, f->source->name,
                          line_of(f->text, key), err);
    else
        err_set(err, "%s: the value of \"%s\" is longer than %d bytes",
                f->source->name, key, SETTINGS_MAX_VALUE);
    buf_free(&text);
    return ok;
}

static bool add_number(const struct json_file *f, const char *key,
                       const json_t *value, struct err *err)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    bool ok = text ? add(f, key, text, err) : err_set(err, "out of memory");

    free(text);
    return ok;
}

static bool add_any(const struct json_file *f, const char *key,
                    const json_t *value, struct err *err)
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

bool settings_read_json(struct settings *s,
                        const struct settings_source *source, struct span text,
                        struct err *err)
{
    const char *section = source->section ? source->section : "uwsgi", *key;
    struct json_file f = {s, source, text};
    json_error_t error;
    json_t *root = json_loadb(text.ptr ? text.ptr : "", text.len,
                              JSON_REJECT_DUPLICATES, &error);
    json_t *object = json_object_get(root, section), *value;
    bool ok = true;

    if (!root)
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
