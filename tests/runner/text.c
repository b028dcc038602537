/* text: reading TEXTs, and making patterns of them. */

#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_REPEAT (64u << 20)

static const char *const class_names[] = {
    [TEXT_BYTES] = "",    [TEXT_ANY] = "any",       [TEXT_LINE] = "line",
    [TEXT_WORD] = "word", [TEXT_DIGITS] = "digits", [TEXT_HEX] = "hex",
    [TEXT_DATE] = "date", [TEXT_NOW] = "now",
};

const char *text_class_name(enum text_class class)
{
    return class_names[class];
}

static enum text_class find_class(struct span name)
{
    for (int i = TEXT_ANY; i <= TEXT_NOW; i++)
        if (span_eq(name, span_of(class_names[i])))
            return i;
    return TEXT_BYTES;
}

static struct text_atom *add_atom(struct text *t, struct mem *m)
{
    t->atoms = mem_grow(m, t->atoms, t->count, sizeof *t->atoms);
    t->atoms[t->count] = (struct text_atom){0};
    return &t->atoms[t->count++];
}

void text_add(struct text *t, struct mem *m, struct span bytes)
{
    if (bytes.len)
        add_atom(t, m)->bytes = mem_copy(m, bytes);
}

static const struct {
    char letter, byte;
} escapes[] = {{'r', '\r'}, {'n', '\n'},  {'t', '\t'}, {'0', '\0'},
               {'s', ' '},  {'\\', '\\'}, {'{', '{'}};

/* One escape at *s, which begins with a backslash; its byte goes to *byte. */
static bool take_escape(struct span *s, char *byte, struct err *e)
{
    uint64_t value;

    if (s->len >= 4 && s->ptr[1] == 'x' &&
        span_hex((struct span){s->ptr + 2, 2}, &value)) {
        *byte = (char)value;
        *s = (struct span){s->ptr + 4, s->len - 4};
        return true;
    }
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
        if (s->len >= 2 && s->ptr[1] == escapes[i].letter) {
            *byte = escapes[i].byte;
            *s = (struct span){s->ptr + 2, s->len - 2};
            return true;
        }
    return err_set(e,
                   "\"%.*s\" is no escape: there are \\r \\n \\t \\0 \\s "
                   "\\\\ \\{ and \\xHH",
                   s->len < 4 ? (int)s->len : 4, s->ptr);
}

/* Bytes up to the next brace, escapes undone. */
static bool take_bytes(struct span *s, struct buf *out, struct err *e)
{
    while (s->len && s->ptr[0] != '{') {
        char byte = s->ptr[0];

        if (byte != '\\')
            *s = (struct span){s->ptr + 1, s->len - 1};
        else if (!take_escape(s, &byte, e))
            return false;
        buf_add_char(out, byte);
    }
    return true;
}

static bool add_repeat(struct buf *out, struct span args, struct err *e)
{
    struct span count = SPAN_INIT(""), rest = args;
    struct buf one;
    uint64_t n;
    bool good;

    span_next(&rest, ' ', &count);
    if (!span_decimal(count, &n) || rest.len == 0)
        return err_set(e, "{repeat %.*s}: expected {repeat N TEXT}",
                       SPAN_ARG(args));
    buf_init(&one, TEXT_MAX_REPEAT);
    good = take_bytes(&rest, &one, e);
    if (good && n > TEXT_MAX_REPEAT / (one.len ? one.len : 1))
        good = err_set(e, "{repeat %.*s} is more than 64 MiB", SPAN_ARG(args));
    for (uint64_t i = 0; good && i < n; i++)
        buf_add_span(out, buf_span(&one));
    buf_free(&one);
    return good;
}

static bool add_le16(struct buf *out, struct span args, struct err *e)
{
    uint64_t n;

    if (!span_decimal(args, &n) || n > 65535)
        return err_set(e, "{le16 %.*s}: expected a number up to 65535",
                       SPAN_ARG(args));
    buf_add_char(out, (char)(n & 0xff));
    return buf_add_char(out, (char)(n >> 8));
}

static bool add_file(struct text_atom *atom, struct mem *m, struct span args,
                     struct err *e)
{
    struct span path = SPAN_INIT(""), from, to, rest = args;

    atom->kind = TEXT_FILE;
    atom->to = UINT64_MAX;
    span_next(&rest, ' ', &path);
    atom->bytes = mem_copy(m, path);
    if (rest.len == 0)
        return true;
    span_next(&rest, '-', &from);
    to = rest;
    if (span_decimal(from, &atom->from) && span_decimal(to, &atom->to))
        return true;
    return err_set(e, "{file %.*s}: expected {file PATH} or {file PATH A-B}",
                   SPAN_ARG(args));
}

static bool is_name(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= 'a' && s.ptr[i] <= 'z') ||
              (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') ||
              (s.ptr[i] >= '0' && s.ptr[i] <= '9')))
            return false;
    return s.len > 0;
}

/* {any}, {tag=any}, {tag}. */
static bool add_word(struct text_atom *atom, struct mem *m, struct span word,
                     bool pattern, struct err *e)
{
    struct span name = SPAN_INIT(""), rest = word;

    span_next(&rest, '=', &name);
    if (rest.len == 0) {
        rest = name;
        name.len = 0;
    }
    atom->class = find_class(rest);
    if (atom->class != TEXT_BYTES) {
        if (!pattern)
            return err_set(e, "{%.*s} matches bytes; here they are sent",
                           SPAN_ARG(word));
        if (name.len && (!is_name(name) || find_class(name) != TEXT_BYTES))
            return err_set(e, "{%.*s}: \"%.*s\" cannot be a name",
                           SPAN_ARG(word), SPAN_ARG(name));
        atom->capture = mem_copy(m, name);
        return true;
    }
    if (name.len || !is_name(rest))
        return err_set(e, "{%.*s} is not known; a brace alone is \\{",
                       SPAN_ARG(word));
    atom->kind = TEXT_NAME;
    atom->bytes = mem_copy(m, rest);
    return true;
}

/* The inside of a pair of braces. */
static bool add_brace(struct text *t, struct mem *m, struct span inside,
                      bool pattern, struct err *e)
{
    struct span word = SPAN_INIT(""), args = inside;
    struct buf out;
    bool good;

    span_next(&args, ' ', &word);
    if (span_eq(word, SPAN("file")))
        return add_file(add_atom(t, m), m, args, e);
    if (!span_eq(word, SPAN("repeat")) && !span_eq(word, SPAN("le16")))
        return add_word(add_atom(t, m), m, inside, pattern, e);
    buf_init(&out, 2 * (size_t)TEXT_MAX_REPEAT);
    good = word.len == 4 ? add_le16(&out, args, e) : add_repeat(&out, args, e);
    if (good)
        text_add(t, m, buf_span(&out));
    buf_free(&out);
    return good;
}

bool text_parse(struct text *t, struct mem *m, struct span source, bool pattern,
                struct err *e)
{
    struct span rest = source;

    while (rest.len) {
        struct buf bytes;
        const char *end;
        bool good;

        buf_init(&bytes, SIZE_MAX);
        good = take_bytes(&rest, &bytes, e);
        text_add(t, m, buf_span(&bytes));
        buf_free(&bytes);
        if (!good)
            return false;
        if (rest.len == 0)
            break;
        end = span_chr(rest, '}');
        if (!end)
            return err_set(e,
                           "\"%.*s\": the brace is not closed; a brace "
                           "alone is \\{",
                           SPAN_ARG(rest));
        if (!add_brace(
                t, m, (struct span){rest.ptr + 1, (size_t)(end - rest.ptr - 1)},
                pattern, e))
            return false;
        rest.len -= (size_t)(end + 1 - rest.ptr);
        rest.ptr = end + 1;
    }
    return true;
}

static bool read_file(const struct text_atom *atom, const struct text_env *env,
                      struct buf *out, struct err *e)
{
    char block[65536];
    char *path = NULL;
    uint64_t at = atom->from;
    FILE *file;

    if (asprintf(&path, "%s/%s", env->files, atom->bytes.ptr) < 0)
        return err_set(e, "out of memory");
    file = fopen(path, "rb");
    free(path);
    if (!file)
        return err_set(e, "{file %s}: cannot open it below %s: %s",
                       atom->bytes.ptr, env->files, strerror(errno));
    fseeko(file, (off_t)atom->from, SEEK_SET);
    while (at <= atom->to) {
        uint64_t left = atom->to - at;
        size_t want = left < sizeof block ? (size_t)left + 1 : sizeof block;
        size_t got = fread(block, 1, want, file);

        if (got == 0)
            break;
        buf_add(out, block, got);
        at += got;
    }
    fclose(file);
    return true;
}

/* Bytes join the bytes before them. */
static void add_piece(struct pattern *p, struct mem *m, struct buf *bytes)
{
    if (bytes->len == 0)
        return;
    p->pieces = mem_grow(m, p->pieces, p->count, sizeof *p->pieces);
    p->pieces[p->count++] =
        (struct text_piece){.bytes = mem_copy(m, buf_span(bytes))};
    bytes->len = 0;
}

static bool resolve_atom(const struct text_atom *atom,
                         const struct text_env *env, struct buf *bytes,
                         struct err *e)
{
    struct span value;

    if (atom->kind == TEXT_FILE)
        return read_file(atom, env, bytes, e);
    if (atom->kind == TEXT_PIECE)
        return buf_add_span(bytes, atom->bytes);
    value = env->lookup(env->context, atom->bytes);
    if (!value.ptr)
        return err_set(e,
                       "{%.*s} stands for nothing here: it is neither a "
                       "pattern, nor an address, nor captured before",
                       SPAN_ARG(atom->bytes));
    return buf_add_span(bytes, value);
}

bool text_resolve(const struct text *t, const struct text_env *env,
                  struct mem *m, struct pattern *p, struct err *e)
{
    struct buf bytes;
    bool good = true;

    *p = (struct pattern){0};
    buf_init(&bytes, SIZE_MAX);
    for (size_t i = 0; good && i < t->count; i++) {
        const struct text_atom *atom = &t->atoms[i];

        if (atom->class == TEXT_BYTES) {
            good = resolve_atom(atom, env, &bytes, e);
            continue;
        }
        add_piece(p, m, &bytes);
        p->pieces = mem_grow(m, p->pieces, p->count, sizeof *p->pieces);
        p->pieces[p->count++] =
            (struct text_piece){.class = atom->class, .capture = atom->capture};
    }
    if (good)
        add_piece(p, m, &bytes);
    buf_free(&bytes);
    return good;
}

struct span pattern_bytes(const struct pattern *p)
{
    return p->count ? p->pieces[0].bytes : SPAN("");
}

void text_escape(struct buf *out, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        const char *name = NULL;

        for (size_t k = 0; k < sizeof escapes / sizeof escapes[0]; k++)
            if (c == (unsigned char)escapes[k].byte && c != ' ' && c != '\0')
                name = &escapes[k].letter;
        if (name)
            buf_printf(out, "\\%c", *name);
        else if (c < 0x20 || c > 0x7e)
            buf_printf(out, "\\x%02x", c);
        else
            buf_add_char(out, (char)c);
    }
}
