/* wsgi_command_line: word for word, each handed on as soon as it is known what
 * it is: an option that names a file is to be settled where it stands.
 * getopt_long knows one table, prints by itself, and orders the words anew. */

#include "wsgi_command_line.h"

#include <string.h>

const struct wsgi_option *
wsgi_option_in(const struct wsgi_option *const *tables, struct span name)
{
    const struct wsgi_option *found = NULL;

    for (; *tables != NULL && found == NULL; tables++)
        found = wsgi_option_named(*tables, name);
    return found;
}

static const struct wsgi_option *
find_letter(const struct wsgi_option *const *tables, char letter)
{
    const struct wsgi_option *found = NULL;

    for (; *tables != NULL && found == NULL; tables++)
        found = wsgi_option_lettered(*tables, letter);
    return found;
}

/* The whole name, or the one that begins so. */
static const struct wsgi_option *
find_begun(const struct wsgi_option *const *tables, struct span name,
           struct err *err)
{
    const struct wsgi_option *found = wsgi_option_in(tables, name);

    if (found != NULL)
        return found;
    for (; *tables != NULL; tables++)
        for (const struct wsgi_option *o = *tables; o->name != NULL; o++) {
            if (!span_starts(span_of(o->name), name))
                continue;
            if (found != NULL) {
                err_set(err, "option --%.*s could be --%s or --%s",
                        SPAN_ARG(name), found->name, o->name);
                return NULL;
            }
            found = o;
        }
    if (found == NULL)
        err_set(err, "there is no option --%.*s; --help lists them all",
                SPAN_ARG(name));
    return found;
}

/* Option o with its value: `glued`, or the next word. */
static bool take_valued(const struct wsgi_command_line *line,
                        const struct wsgi_option *o, const char *glued,
                        char ***next, struct err *err)
{
    const char *value = glued != NULL ? glued : **next;

    if (value == NULL)
        return err_set(err, "option --%s wants a value: %s", o->name,
                       o->value_name != NULL ? o->value_name : "VALUE");
    if (glued == NULL)
        ++*next;
    return line->take(line->whose, o, value, err);
}

static bool take_long(const struct wsgi_command_line *line, const char *word,
                      char ***next, struct err *err)
{
    struct span name = span_until(span_of(word), '=');
    const char *value = word[name.len] == '=' ? word + name.len + 1 : NULL;
    const struct wsgi_option *o = find_begun(line->tables, name, err);

    if (o == NULL)
        return false;
    return o->arg == WSGI_FLAG ? line->take(line->whose, o, value, err)
                               : take_valued(line, o, value, next, err);
}

/* -M, -Mp2, -p2, -p 2 */
static bool take_letters(const struct wsgi_command_line *line,
                         const char *letters, char ***next, struct err *err)
{
    for (; *letters != '\0'; letters++) {
        const struct wsgi_option *o = find_letter(line->tables, *letters);

        if (o == NULL)
            return err_set(err, "there is no option -%c; --help lists them all",
                           *letters);
        if (o->arg == WSGI_VALUE)
            return take_valued(line, o, letters[1] ? letters + 1 : NULL, next,
                               err);
        if (!line->take(line->whose, o, NULL, err))
            return false;
    }
    return true;
}

bool wsgi_read_command_line(const struct wsgi_command_line *line, char **argv,
                            struct err *err)
{
    bool ok = true;

    for (char **next = argv + 1; ok && *next != NULL;) {
        const char *word = *next++;

        if (word[0] == '-' && word[1] == '-' && word[2] != '\0')
            ok = take_long(line, word + 2, &next, err);
        else if (word[0] == '-' && word[1] != '\0' && word[1] != '-')
            ok = take_letters(line, word + 1, &next, err);
        else
            ok = line->take(line->whose, NULL, word, err);
    }
    return ok;
}
