/* conf: reads files and looks words up in tables.
 *
 * The parser is a loop: collect words up to `;` or `{`, find the row, check
 * what the row says, call its function.  A block's function opens scopes as it
 * likes and calls conf_block, which is the same loop again; `include` is the
 * one directive that the parser itself knows. */

#include "conf.h"
#include "conf_lex.h"
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bounds against a file that includes itself, and against /dev/zero. */
#define CONF_MAX_DEPTH 100
#define CONF_MAX_FILE  (64 << 20)

/* The message and where it is true. */
static void with_place(const struct conf *cf, struct err *to,
                       const char *format, va_list args)
{
    char text[sizeof to->text];

    vsnprintf(text, sizeof text, format, args);
    if (cf->line == 0)
        err_set(to, "%s", text);
    else if (cf->file.len == 0)
        err_set(to, "%s in command line", text);
    else
        err_set(to, "%s in %s:%u", text, cf->file.ptr, cf->line);
}

bool conf_error(struct conf *cf, const char *format, ...)
{
    va_list args;

    if (cf->err->text[0] != '\0')
        return false;
    va_start(args, format);
    with_place(cf, cf->err, format, args);
    va_end(args);
    return false;
}

void conf_warn(struct conf *cf, const char *format, ...)
{
    struct err warning;
    va_list args;

    if (cf->warn == NULL)
        return;
    va_start(args, format);
    with_place(cf, &warning, format, args);
    va_end(args);
    cf->warn(cf, warning.text);
}

static struct span join(struct conf *cf, struct span dir, struct span path)
{
    if (span_starts(path, SPAN("/")))
        return arena_copy(cf->arena, path);
    return arena_printf(cf->arena, "%.*s%.*s", SPAN_ARG(dir), SPAN_ARG(path));
}

struct span conf_path(struct conf *cf, struct span path)
{
    return join(cf, cf->prefix, path);
}

struct span conf_include_path(struct conf *cf, struct span path)
{
    return join(cf, cf->conf_dir, path);
}

/* --- Words ------------------------------------------------------------- */

/* Room for one word more; the arrays double, and what they leave behind in
 * the arena is less than what they hold. */
static bool grow_words(struct conf *cf)
{
    unsigned n = cf->count;
    struct span *words;
    bool *quoted;

    if (n > 0 && (n < 4 || (n & (n - 1)) != 0))
        return true;
    n = n < 4 ? 4 : n * 2;
    words = arena_alloc(cf->arena, n * sizeof *words);
    quoted = arena_alloc(cf->arena, n * sizeof *quoted);
    if (words == NULL || quoted == NULL)
        return false;
    if (cf->count > 0) {
        memcpy(words, cf->words, cf->count * sizeof *words);
        memcpy(quoted, cf->quoted, cf->count * sizeof *quoted);
    }
    cf->words = words;
    cf->quoted = quoted;
    return true;
}

static bool add_word(struct conf *cf, struct span raw, bool quoted)
{
    char *text = arena_alloc(cf->arena, raw.len + 1);
    size_t len;

    if (text == NULL || !grow_words(cf))
        return false;
    len = conf_lex_unescape(text, raw);
    text[len] = '\0';
    cf->words[cf->count] = (struct span){text, len};
    cf->quoted[cf->count++] = quoted;
    return true;
}

/* A token that cannot stand where it stands, in nginx's words.  The text of
 * -g is no file and has no blocks, so there only `;` can be missing. */
static bool misplaced(struct conf *cf, enum conf_token token)
{
    static const char marks[] = {[CONF_TOKEN_SEMICOLON] = ';',
                                 [CONF_TOKEN_OPEN] = '{',
                                 [CONF_TOKEN_CLOSE] = '}'};

    if (token == CONF_TOKEN_STRAY)
        return conf_error(cf, "unexpected \"%c\"", cf->lex->stray);
    if (token != CONF_TOKEN_END && token != CONF_TOKEN_CUT)
        return conf_error(cf, "unexpected \"%c\"", marks[token]);
    if (cf->file.len == 0)
        return conf_error(cf, "unexpected end of parameter, expecting \";\"");
    return conf_error(cf, "unexpected end of file, expecting \";\" or \"}\"");
}

/* Collects the words of the next directive.  *ends_with is the `;` or `{`
 * after it; or, with no words, the `}` or the end. */
static bool read_words(struct conf *cf, enum conf_token *ends_with)
{
    struct span raw;
    bool quoted;

    cf->count = 0;
    while ((*ends_with = conf_lex_next(cf->lex, &raw, &quoted)) ==
           CONF_TOKEN_WORD)
        if (!add_word(cf, raw, quoted))
            return false;
    cf->line = cf->lex->line;
    switch (*ends_with) {
    case CONF_TOKEN_SEMICOLON:
    case CONF_TOKEN_OPEN:
        return cf->count > 0 || misplaced(cf, *ends_with);
    case CONF_TOKEN_CLOSE:
    case CONF_TOKEN_END:
        return cf->count == 0 || misplaced(cf, *ends_with);
    default:
        return misplaced(cf, *ends_with);
    }
}

/* --- Directives -------------------------------------------------------- */

static conf_set set_include;

/* `include` may stand everywhere, so it belongs to no module. */
static const struct conf_row include_row =
    CONF_SETTER("include", ~0u, 1, 1, set_include);

/* The row for a directive here, and its module (NULL: include).  The same
 * name may have several rows, one a place (`server`, `keepalive_timeout`);
 * *known tells whether there is one anywhere. */
static const struct conf_row *find_row(const struct conf *cf,
                                       const struct module **module,
                                       bool *known)
{
    const struct conf_row *any = NULL;
    const struct module *any_module = NULL;

    *known = false;
    *module = NULL;
    if (span_eq(cf->words[0], span_of(include_row.name)))
        return &include_row;
    for (const struct module *const *m = cf->modules; *m != NULL; m++)
        for (const struct conf_row *r = (*m)->rows;
             r != NULL && r->name != NULL; r++) {
            bool here = (r->where & cf->where) != 0;

            if (here && strcmp(r->name, CONF_ANY_NAME) == 0) {
                any = r;
                any_module = *m;
            } else if (span_eq(cf->words[0], span_of(r->name))) {
                *known = true;
                *module = *m;
                if (here)
                    return r;
            }
        }
    *module = any_module;
    return any;
}

static bool run_directive(struct conf *cf, enum conf_token ends_with)
{
    const char *name = cf->words[0].ptr;
    int arguments = (int)cf->count - 1;
    const struct module *module;
    const struct conf_row *row;
    void *settings = NULL;
    bool known;

    row = find_row(cf, &module, &known);
    if (row == NULL && known)
        return conf_error(cf, "\"%s\" directive is not allowed here", name);
    if (row == NULL)
        return conf_error(cf, "unknown directive \"%s\"", name);
    if (!row->block && ends_with == CONF_TOKEN_OPEN) {
        if (strcmp(row->name, CONF_ANY_NAME) == 0)
            return misplaced(cf, ends_with);
        return conf_error(cf, "directive \"%s\" is not terminated by \";\"",
                          name);
    }
    if (row->block && ends_with != CONF_TOKEN_OPEN)
        return conf_error(cf, "directive \"%s\" has no opening \"{\"", name);
    if (arguments < row->min || arguments > row->max)
        return conf_error(cf, "invalid number of arguments in \"%s\" directive",
                          name);
    if (module != NULL)
        settings = CONF_OF(cf->scope, module);
    if (conf_is_set(row, settings) && row->kind != CONF_BITS &&
        row->kind != CONF_CHAIN)
        return conf_error(cf, "\"%s\" directive is duplicate", name);
    return row->set(cf, row, settings);
}

/* The loop: directives up to the "}" of a block, or to the end of a text. */
static bool run_directives(struct conf *cf, bool in_block)
{
    enum conf_token ends_with;

    if (++cf->depth > CONF_MAX_DEPTH)
        return conf_error(cf,
                          "blocks and included files nest deeper than %d; "
                          "does a file include itself?",
                          CONF_MAX_DEPTH);
    while (read_words(cf, &ends_with)) {
        if (ends_with == CONF_TOKEN_CLOSE && !in_block)
            return misplaced(cf, ends_with);
        if (ends_with == CONF_TOKEN_END && in_block)
            return conf_error(cf, "unexpected end of file, expecting \"}\"");
        if (ends_with == CONF_TOKEN_CLOSE || ends_with == CONF_TOKEN_END) {
            cf->depth--;
            return true;
        }
        if (!run_directive(cf, ends_with))
            return false;
    }
    return false;
}

bool conf_block(struct conf *cf, unsigned where, struct conf_scope *scope,
                void *subject)
{
    const struct conf before = *cf;
    bool ok;

    if (cf->file.len == 0)
        return conf_error(cf, "block directives are not supported in -g "
                              "option");
    cf->where = where;
    cf->scope = scope;
    cf->subject = subject;
    cf->words = NULL;
    ok = run_directives(cf, true);
    cf->where = before.where;
    cf->scope = before.scope;
    cf->subject = before.subject;
    cf->words = before.words;
    cf->quoted = before.quoted;
    cf->count = before.count;
    if (ok && scope != before.scope) {
        scope->file = cf->file;
        scope->line = cf->line;
    }
    return ok;
}

/* --- Files ------------------------------------------------------------- */

static bool read_all(struct conf *cf, int fd, const char *path,
                     struct buf *text)
{
    ssize_t n;

    do {
        if (!buf_reserve(text, 4096))
            return errno == ENOBUFS &&
                   conf_error(cf, "\"%s\" is larger than %d bytes", path,
                              CONF_MAX_FILE);
        n = read(fd, text->ptr + text->len, text->cap - text->len);
        if (n > 0)
            text->len += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n == 0 || conf_error(cf, "read() \"%s\" failed (%d: %s)", path,
                                errno, strerror(errno));
}

/* Listed once, however often it is included. */
static void list_file(struct conf *cf, struct conf_file *file)
{
    for (struct conf_file *f = cf->files; f != NULL; f = f->next)
        if (span_eq(f->path, file->path))
            return;
    *cf->last_file = file;
    cf->last_file = &file->next;
}

/* The text of a file, kept in the arena and listed for -T. */
static struct conf_file *load_file(struct conf *cf, struct span path)
{
    struct conf_file *file = arena_alloc(cf->arena, sizeof *file);
    struct buf text;
    int fd;
    bool ok;

    if (file == NULL)
        return NULL;
    fd = open(path.ptr, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        conf_error(cf, "open() \"%s\" failed (%d: %s)", path.ptr, errno,
                   strerror(errno));
        return NULL;
    }
    buf_init(&text, CONF_MAX_FILE);
    ok = read_all(cf, fd, path.ptr, &text);
    close(fd);
    *file =
        (struct conf_file){path, arena_copy(cf->arena, buf_span(&text)), NULL};
    buf_free(&text);
    if (!ok || file->text.ptr == NULL)
        return NULL;
    list_file(cf, file);
    return file;
}

/* Reads directives from a text; `name` is empty for the text of -g. */
static bool run_text(struct conf *cf, struct span name, struct span text)
{
    const struct conf before = *cf;
    struct conf_lex lex;

    conf_lex_init(&lex, text);
    cf->lex = &lex;
    cf->file = name;
    cf->line = 1;
    cf->words = NULL;
    if (!run_directives(cf, false))
        return false;
    cf->lex = before.lex;
    cf->file = before.file;
    cf->line = before.line;
    cf->words = before.words;
    cf->quoted = before.quoted;
    cf->count = before.count;
    return true;
}

static bool run_file(struct conf *cf, struct span path)
{
    struct conf_file *file = load_file(cf, path);

    return file != NULL && run_text(cf, path, file->text);
}

/* A pattern may match nothing: an empty conf.d is no mistake.  A plain name
 * must exist. */
static bool set_include(struct conf *cf, const struct conf_row *row,
                        void *settings)
{
    struct span path = conf_include_path(cf, cf->words[1]);
    bool ok = true;
    glob_t found;

    if (path.ptr == NULL)
        return false;
    if (strpbrk(path.ptr, "*?[") == NULL)
        return run_file(cf, path);
    switch (glob(path.ptr, 0, NULL, &found)) {
    case 0:
        break;
    case GLOB_NOMATCH:
        return true;
    default:
        return conf_error(cf, "glob() \"%s\" failed", path.ptr);
    }
    for (size_t i = 0; ok && i < found.gl_pathc; i++) {
        path = arena_copy(cf->arena, span_of(found.gl_pathv[i]));
        ok = path.ptr != NULL && run_file(cf, path);
    }
    globfree(&found);
    return ok;
}

/* --- The whole --------------------------------------------------------- */

static bool is_among(const struct module *const *list, const struct module *m)
{
    while (*list != NULL && *list != m)
        list++;
    return *list != NULL;
}

/* Makes the list that counts from here on: of the modules that have what they
 * need. */
static bool keep_modules(struct conf *cf)
{
    const struct module **kept;
    unsigned count = 0;

    while (cf->modules[count] != NULL)
        count++;
    kept = arena_zalloc(cf->arena, (count + 1) * sizeof *kept);
    if (kept == NULL)
        return false;
    count = 0;
    for (const struct module *const *m = cf->modules; *m != NULL; m++)
        if ((*m)->needs == NULL || is_among(kept, (*m)->needs)) {
            *(*m)->index = count;
            kept[count++] = *m;
        }
    cf->modules = kept;
    return true;
}

static bool prepare(struct conf *cf, struct span path)
{
    const char *slash = strrchr(path.ptr, '/');

    if (!keep_modules(cf))
        return false;
    cf->scope = cf->scopes = NULL;
    cf->last_scope = &cf->scopes;
    cf->files = NULL;
    cf->last_file = &cf->files;
    cf->log_files = NULL;
    cf->names = NULL;
    cf->uses = NULL;
    cf->conf_dir = (struct span){
        path.ptr, slash != NULL ? (size_t)(slash - path.ptr) + 1 : 0};
    cf->depth = 0;
    cf->where = CONF_MAIN;
    cf->file = (struct span){"", 0};
    cf->line = 0;
    cf->scope = conf_open_scope(cf);
    return cf->scope != NULL;
}

struct conf_scope *conf_read(struct conf *cf, const char *path,
                             struct span globals)
{
    struct span name = arena_copy(cf->arena, span_of(path));
    struct conf_scope *root = NULL;

    cf->err->text[0] = '\0';
    if (name.ptr != NULL && prepare(cf, name))
        root = cf->scope;
    if (root != NULL && run_text(cf, (struct span){"", 0}, globals) &&
        run_file(cf, name) && conf_finish_scopes(cf))
        return root;
    conf_error(cf, "out of memory"); /* where nobody has said anything else */
    return NULL;
}
