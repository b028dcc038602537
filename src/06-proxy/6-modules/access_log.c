/* access_log: formats are values, evaluated when the exchange ends; every
 * variable's text is escaped so that no client can forge a line. */

#include "error_log.h"
#include "exchange.h"
#include "log_file.h"
#include "module.h"
#include "value.h"

#include <errno.h>

extern const struct module access_log_module;

/* A format is compiled word by word, each variable between its literals, so
 * that the variables can be escaped and the literals not. */
struct log_part {
    struct log_part *next;
    struct value *value;
    bool literal;
};

enum log_escape { ESCAPE_DEFAULT, ESCAPE_JSON, ESCAPE_NONE };

struct log_format {
    struct log_format *next;
    struct span name;
    enum log_escape escape;
    struct log_part *parts;
};

struct access_log {
    struct access_log *next;
    struct log_file *file; /* NULL: off */
    const struct log_format *format;
    struct value *condition; /* if=, or NULL */
};

struct access_log_settings {
    struct access_log *logs;
    struct log_format *formats; /* in the main scope: all of them */
};

/* Quotes, backslashes and control bytes as nginx writes them: \xNN. */
static void escape_default(struct buf *line, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c < 32 || c > 126 || c == '"' || c == '\\')
            buf_printf(line, "\\x%02X", c);
        else
            buf_add_char(line, (char)c);
    }
}

/* The bytes of the character that s begins with, in UTF-8 (RFC 3629 4); 0 when
 * it is none.  What the second byte may be depends on the first: else the same
 * character could be written in two ways. */
static size_t utf8_length(struct span s)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first, of the second */
        unsigned char length;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0, k = 2;

    while (p[0] > forms[i].last)
        if (++i == COUNT(forms))
            return 0;
    if (p[0] < forms[i].first || forms[i].length > s.len)
        return 0;
    if (forms[i].length > 1 && (p[1] < forms[i].low || p[1] > forms[i].high))
        return 0;
    while (k < forms[i].length && (p[k] & 0xc0) == 0x80)
        k++;
    return k >= forms[i].length ? forms[i].length : 0;
}

/* JSON is UTF-8 (RFC 8259 8.1), and clients send any byte: one that begins no
 * character is written as the one for "no character", and the line stays one
 * that can be read.  nginx lets it pass. */
static void escape_json(struct buf *line, struct span s)
{
    static const char letters[] = "btn\0fr";

    while (s.len > 0) {
        unsigned char c = (unsigned char)s.ptr[0];
        size_t n = utf8_length(s);

        if (n == 0)
            buf_add_text(line, "\\uFFFD");
        else if (c == '"' || c == '\\')
            buf_printf(line, "\\%c", c);
        else if (c >= 8 && c <= 13 && c != 11)
            buf_printf(line, "\\%c", letters[c - 8]);
        else if (c < 32)
            buf_printf(line, "\\u%04X", c);
        else
            buf_add(line, s.ptr, n);
        s = span_from(s, n > 0 ? n : 1);
    }
}

static void add_part(struct exchange *x, struct buf *line,
                     const struct log_format *f, const struct log_part *p)
{
    struct span text = value_eval(&x->arena, x, p->value);

    if (p->literal || f->escape == ESCAPE_NONE)
        buf_add_span(line, text);
    else if (f->escape == ESCAPE_JSON)
        escape_json(line, text);
    else if (text.ptr == NULL)
        buf_add_char(line, '-');
    else
        escape_default(line, text);
}

/* A line has no bound but those of the values in it: what is cut off would be
 * its end, and the next one would stand behind it.  A full disk stops the log,
 * not the service. */
static void write_line(struct exchange *x, const struct access_log *log)
{
    struct buf text = arena_text(&x->arena);
    struct span line;

    for (const struct log_part *p = log->format->parts; p != NULL; p = p->next)
        add_part(x, &text, log->format, p);
    buf_add_char(&text, '\n');
    line = arena_text_end(&text);
    if (line.ptr != NULL)
        log_file_write(log->file, line);
    else
        exchange_log(x, ERROR_LOG_ALERT, ENOMEM, "a line of \"%.*s\" is lost",
                     SPAN_ARG(log->file->path));
}

static bool condition_holds(struct exchange *x, const struct access_log *log)
{
    struct span value;

    if (log->condition == NULL)
        return true;
    value = value_eval(&x->arena, x, log->condition);
    return value.len > 0 && !span_eq(value, SPAN("0"));
}

static int access_log_handler(struct exchange *x)
{
    const struct access_log_settings *s =
        CONF_OF(x->scope, &access_log_module);

    for (const struct access_log *log = s->logs; log != NULL; log = log->next)
        if (log->file != NULL && condition_holds(x, log))
            write_line(x, log);
    return NEXT_HANDLER;
}

/* Cuts a format's text before each "$" and after each variable's name. */
static bool add_log_parts(struct conf *cf, struct log_part ***last,
                          struct span text)
{
    while (text.len > 0) {
        struct log_part *p = arena_zalloc(cf->arena, sizeof *p);
        size_t n = 1;

        if (p == NULL)
            return false;
        p->literal = text.ptr[0] != '$';
        if (p->literal)
            while (n < text.len && text.ptr[n] != '$')
                n++;
        else
            n = value_name_length(text);
        p->value = value_compile(cf, (struct span){text.ptr, n});
        if (p->value == NULL)
            return false;
        span_skip(&text, n);
        **last = p;
        *last = &p->next;
    }
    return true;
}

/* escape=default|json|none: then the text begins a word later. */
static bool format_escape(struct conf *cf, enum log_escape *escape,
                          unsigned *first)
{
    static const char *const names[] = {
        [ESCAPE_DEFAULT] = "default",
        [ESCAPE_JSON] = "json",
        [ESCAPE_NONE] = "none",
    };
    struct span word = cf->words[2];

    if (!span_skip_prefix(&word, SPAN("escape=")))
        return true;
    *first = 3;
    for (unsigned i = 0; i < COUNT(names); i++)
        if (span_eq(word, span_of(names[i]))) {
            *escape = i;
            return true;
        }
    return conf_error(cf, "unknown log format escaping \"%.*s\"",
                      SPAN_ARG(word));
}

/* "combined" is a format like others, made when somebody first wants it. */
static const struct span combined = SPAN_INIT("combined");

static struct log_format *find_format(struct conf *cf, struct span name)
{
    struct access_log_settings *all = conf_main(cf->scope, &access_log_module);
    struct log_format *f = all->formats;

    while (f != NULL && !span_eq(f->name, name))
        f = f->next;
    return f;
}

/* A new format with the texts of the words from `first` on. */
static struct log_format *add_format(struct conf *cf, struct span name,
                                     const struct span *texts, unsigned count,
                                     enum log_escape escape)
{
    struct access_log_settings *all = conf_main(cf->scope, &access_log_module);
    struct log_format *f = arena_zalloc(cf->arena, sizeof *f);
    struct log_part **last;

    if (f == NULL)
        return NULL;
    f->name = name;
    f->escape = escape;
    last = &f->parts;
    for (unsigned i = 0; i < count; i++)
        if (!add_log_parts(cf, &last, texts[i]))
            return NULL;
    f->next = all->formats;
    all->formats = f;
    return f;
}

/* log_format NAME [escape=...] TEXT ... */
static bool set_log_format(struct conf *cf, const struct conf_row *row,
                           void *settings)
{
    enum log_escape escape = ESCAPE_DEFAULT;
    unsigned first = 2;

    if (find_format(cf, cf->words[1]) != NULL ||
        span_eq(cf->words[1], combined))
        return conf_error(cf, "duplicate \"log_format\" name \"%.*s\"",
                          SPAN_ARG(cf->words[1]));
    return format_escape(cf, &escape, &first) &&
           add_format(cf, cf->words[1], cf->words + first, cf->count - first,
                      escape) != NULL;
}

static struct log_format *format_named(struct conf *cf, struct span name)
{
    static const struct span text =
        SPAN_INIT("$remote_addr - $remote_user [$time_local] "
                  "\"$request\" $status $body_bytes_sent "
                  "\"$http_referer\" \"$http_user_agent\"");
    struct log_format *f = find_format(cf, name);

    if (f != NULL)
        return f;
    if (span_eq(name, combined))
        return add_format(cf, combined, &text, 1, ESCAPE_DEFAULT);
    conf_error(cf, "unknown log format \"%.*s\"", SPAN_ARG(name));
    return NULL;
}

static bool log_options(struct conf *cf, struct access_log *log)
{
    for (unsigned i = 3; i < cf->count; i++) {
        struct span word = cf->words[i];

        if (!span_skip_prefix(&word, SPAN("if=")))
            return conf_error(cf, "invalid parameter \"%.*s\"",
                              SPAN_ARG(word));
        log->condition = value_compile(cf, word);
        if (log->condition == NULL)
            return false;
    }
    return true;
}

static struct access_log *add_log(struct conf *cf,
                                  struct access_log_settings *s)
{
    struct access_log *log = arena_zalloc(cf->arena, sizeof *log);
    struct access_log **last = &s->logs;

    while (*last != NULL)
        last = &(*last)->next;
    return *last = log;
}

static bool open_log(struct conf *cf, struct access_log *log, struct span path,
                     struct span format)
{
    log->file = log_file_named(cf, path);
    log->format = format_named(cf, format);
    return log->file != NULL && log->format != NULL;
}

/* access_log off; access_log FILE [FORMAT [if=VALUE]] */
static bool set_access_log(struct conf *cf, const struct conf_row *row,
                           void *settings)
{
    struct access_log *log = add_log(cf, settings);

    if (log == NULL)
        return false;
    if (cf->count == 2 && span_eq(cf->words[1], SPAN("off")))
        return true;
    return open_log(cf, log, cf->words[1],
                    cf->count > 2 ? cf->words[2] : combined) &&
           log_options(cf, log);
}

/* Where nothing is said, requests are logged as nginx logs them. */
static bool access_log_finish(struct conf *cf, void *settings,
                              const void *parent)
{
    struct access_log_settings *s = settings;
    struct access_log *log;

    if (s->logs != NULL || parent == NULL || cf->http == NULL)
        return true;
    log = add_log(cf, s);
    return log != NULL && open_log(cf, log, cf->access_log, combined);
}

#define AT(member) offsetof(struct access_log_settings, member)

static const struct conf_row access_log_rows[] = {
    CONF_SETTER("log_format", CONF_HTTP, 2, CONF_MANY, set_log_format),
    CONF_LIST("access_log", CONF_HTTP | CONF_SERVER | CONF_LOCATION, 1,
              CONF_MANY, set_access_log, AT(logs)),
    {0},
};

static const struct handler access_log_handlers[] = {
    {LOG, access_log_handler},
    {0},
};

const struct module access_log_module = {
    .name = "access_log",
    .index = MODULE_INDEX,
    .rows = access_log_rows,
    .settings = sizeof(struct access_log_settings),
    .finish = access_log_finish,
    .handlers = access_log_handlers,
};
