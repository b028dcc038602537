/* settings: reads each source into the list, and the files that it names. */

#include "settings.h"
#include "settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void settings_free(struct settings *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->list[i].key);
        free(s->list[i].value);
        free(s->list[i].file);
    }
    free(s->list);
    *s = (struct settings){0};
}

bool settings_fail(const struct setting *at, const struct err *why,
                   struct err *err)
{
    if (at->file != NULL && at->line)
        return err_set(err, "%s:%u: %s", at->file, at->line, why->text);
    if (at->file != NULL)
        return err_set(err, "%s: %s", at->file, why->text);
    return err_set(err, "%s", why->text);
}

/* All signals are blocked meanwhile, in a master that reloads as well: it must
 * not wait for ever. */
ssize_t settings_read_on(int fd, struct buf *text)
{
    struct pollfd file = {.fd = fd, .events = POLLIN};
    ssize_t n;

    if (!buf_reserve(text, 1))
        return -1;
    if (poll(&file, 1, SETTINGS_WAIT) == 0) {
        errno = ETIME;
        return -1;
    }
    n = read(fd, text->ptr + text->len, text->cap - text->len);
    text->len += n > 0 ? (size_t)n : 0;
    return n;
}

static bool read_whole(struct buf *text, const char *name, struct err *err)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n;

    buf_init(text, SETTINGS_MAX_FILE);
    if (fd < 0)
        return err_set(err, "cannot open %s: %s", name, strerror(errno));
    do
        n = settings_read_on(fd, text);
    while (n > 0);
    if (n < 0 && errno == ENOBUFS)
        err_set(err, "%s is larger than %d bytes", name, SETTINGS_MAX_FILE);
    else if (n < 0)
        err_set(err, "cannot read %s: %s", name, strerror(errno));
    close(fd);
    return n == 0;
}

/* The ":" before the section of "file.ini:section", or NULL.  A colon inside
 * of the path is none: what stands before it has no extension. */
static char *section_colon(char *name)
{
    char *colon = strrchr(name, ':');
    struct span file = {name, colon != NULL ? (size_t)(colon - name) : 0};

    if (span_ends(file, SPAN(".ini")) || span_ends(file, SPAN(".json")))
        return colon;
    return NULL;
}

static bool add_from(const struct settings_source *source, struct span key,
                     const char *value, unsigned line, struct err *err)
{
    return settings_add(source->to, key, value, source->name, line, err);
}

static bool read_source(const struct settings_source *source, struct err *err)
{
    struct buf text;
    bool ok = read_whole(&text, source->name, err);

    if (ok && span_chr(buf_span(&text), 0) != NULL)
        ok = err_set(err, "%s holds a NUL byte: it is no text", source->name);
    else if (ok && span_ends(span_of(source->name), SPAN(".json")))
        ok = settings_read_json(source, buf_span(&text), err);
    else if (ok)
        ok = settings_read_ini(source, buf_span(&text), err);
    buf_free(&text);
    return ok;
}

bool settings_read(struct settings *s, const char *name, struct err *err)
{
    char *copy = strdup(name),
         *colon = copy != NULL ? section_colon(copy) : NULL;
    char *path = NULL;
    bool ok = false;

    if (colon != NULL)
        *colon = 0;
    if (copy != NULL)
        path = realpath(copy, NULL);
    if (copy != NULL && path == NULL && access(copy, F_OK) == 0)
        path = strdup(copy); /* a pipe: a shell's <(...) */
    if (s->depth >= SETTINGS_MAX_DEPTH)
        err_set(err, "%s: files name files more than %d deep", name,
                SETTINGS_MAX_DEPTH);
    else if (s->files >= SETTINGS_MAX_FILES)
        err_set(err, "%s: files name more than %d files", name,
                SETTINGS_MAX_FILES);
    else if (copy == NULL)
        err_set(err, "out of memory");
    else if (path == NULL)
        err_set(err, "cannot open %s: %s", copy, strerror(errno));
    else {
        s->depth++;
        s->files++;
        ok = read_source(
            &(struct settings_source){
                copy, path, colon != NULL ? colon + 1 : NULL, add_from, s},
            err);
        s->depth--;
    }
    free(path);
    free(copy);
    return ok;
}

static bool append(struct settings *s, struct span key, const char *value,
                   const char *file, unsigned line, struct err *err)
{
    struct setting *new;

    if (s->count == s->room) {
        size_t room = s->room > 0 ? s->room * 2 : 32;
        struct setting *list = realloc(s->list, room * sizeof *list);

        if (list == NULL)
            return err_set(err, "out of memory");
        s->list = list;
        s->room = room;
    }
    new = &s->list[s->count++];
    *new = (struct setting){.key = strndup(key.ptr, key.len),
                            .value = value != NULL ? strdup(value) : NULL,
                            .file = file != NULL ? strdup(file) : NULL,
                            .line = line};
    if (new->key == NULL || (value != NULL && new->value == NULL) ||
        (file != NULL && new->file == NULL))
        return err_set(err, "out of memory");
    return true;
}

/* The setting that was appended last names a file: it makes way for it.  A name
 * that begins with ":" is another section of the same file. */
static bool include(struct settings *s, struct err *err)
{
    struct setting at = s->list[s->count - 1];
    struct buf name;
    char *value;
    struct err why;
    bool ok;

    buf_init(&name, 8192);
    ok = settings_expand(s, s->count - 1, &value, &why);
    s->count--;
    if (ok && (value == NULL || !*value))
        ok = err_set(&why, "\"%s\" wants the name of a file", at.key);
    if (ok && value[0] == ':' && at.file != NULL)
        buf_add_text(&name, at.file);
    if (ok)
        ok = buf_printf(&name, "%s", value) && buf_add_char(&name, 0) &&
             settings_read(s, name.ptr, &why);
    if (!ok)
        settings_fail(&at, &why, err);
    buf_free(&name);
    free(value);
    free(at.key);
    free(at.value);
    free(at.file);
    return ok;
}

/* KEY=VALUE.  It is meant as a placeholder, so nobody is told that it is no
 * option. */
static bool add_placeholder(struct settings *s, const char *text,
                            const char *file, unsigned line, struct err *err)
{
    const char *equals = text != NULL ? strchr(text, '=') : NULL;

    if (equals == NULL)
        return err_set(err, "set-placeholder: found \"%s\", expected KEY=VALUE",
                       text != NULL ? text : "");
    if (!append(s, (struct span){text, (size_t)(equals - text)}, equals + 1,
                file, line, err))
        return false;
    s->list[s->count - 1].used = true;
    return true;
}

bool settings_add(struct settings *s, struct span key, const char *value,
                  const char *file, unsigned line, struct err *err)
{
    if (span_eq(key, SPAN("set-ph")) || span_eq(key, SPAN("set-placeholder")))
        return add_placeholder(s, value, file, line, err);
    if (!append(s, key, value, file, line, err))
        return false;
    if (span_eq(key, SPAN("ini")) || span_eq(key, SPAN("include")) ||
        span_eq(key, SPAN("json")))
        return include(s, err);
    return true;
}
