/* settings_ini: uWSGI's kind of ini file.
 *
 *     # a comment, at the start of a line only; so is ;
 *     [uwsgi]
 *     master = true
 *     socket=127.0.0.1:9090
 *     need-app
 *
 * The first "=" separates; blanks around key and value are cut, nothing else:
 * quotes stay, and a # inside of a value belongs to it. */

#include "settings_file.h"

#include <stdlib.h>
#include <string.h>

struct ini {
    const struct settings_source *source;
    const char *section; /* the one that counts */
    bool inside;         /* of it */
    bool found;
    unsigned line;
};

static bool bad_line(const struct ini *ini, struct span line,
                     const char *expected, struct err *err)
{
    return err_set(err, "%s:%u: found \"%.*s\", expected %s", ini->source->name,
                   ini->line, SPAN_ARG(line), expected);
}

static bool take_section(struct ini *ini, struct span line, struct err *err)
{
    const char *end = span_chr(line, ']');

    if (end == NULL)
        return bad_line(ini, line, "a \"]\" after the section's name", err);
    ini->inside = span_eq(span_from(span_until(line, ']'), 1),
                          span_of(ini->section));
    ini->found |= ini->inside;
    return true;
}

static bool take_setting(struct ini *ini, struct span line, struct err *err)
{
    const char *equals = span_chr(line, '=');
    struct span key = span_trim(span_until(line, '=')), rest;
    char *value = NULL;
    bool ok;

    if (equals != NULL) {
        rest = span_trim(span_after(line, equals));
        value = strndup(rest.ptr, rest.len);
        if (value == NULL)
            return err_set(err, "out of memory");
    }
    if (key.len == 0)
        ok = bad_line(ini, line, "a key before the \"=\"", err);
    else if (equals == NULL &&
             (span_chr(key, ' ') != NULL || span_chr(key, '\t') != NULL))
        ok = bad_line(ini, line, "key = value", err);
    else
        ok = ini->source->emit(ini->source, key, value, ini->line, err);
    free(value);
    return ok;
}

static bool take_line(struct ini *ini, struct span raw, struct err *err)
{
    struct span line;
    struct buf text;
    bool ok;

    if (span_ends(raw, SPAN("\r")))
        raw.len--;
    buf_init(&text, SETTINGS_MAX_VALUE);
    if (!settings_magic(&text, ini->source, raw)) {
        buf_free(&text);
        return err_set(err, "%s:%u: the line is longer than %d bytes",
                       ini->source->name, ini->line, SETTINGS_MAX_VALUE);
    }
    line = span_trim(buf_span(&text));
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
        ok = true;
    else if (line.ptr[0] == '[')
        ok = take_section(ini, line, err);
    else
        ok = !ini->inside || take_setting(ini, line, err);
    buf_free(&text);
    return ok;
}

bool settings_read_ini(const struct settings_source *source, struct span text,
                       struct err *err)
{
    struct ini ini = {.source = source,
                      .section =
                          source->section != NULL ? source->section : "uwsgi"};
    struct span line;

    while (span_next(&text, '\n', &line)) {
        ini.line++;
        if (!take_line(&ini, line, err))
            return false;
    }
    if (!ini.found)
        return err_set(err, "%s: there is no section [%s] in it", source->name,
                       ini.section);
    return true;
}
