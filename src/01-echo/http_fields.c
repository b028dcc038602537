/* http_fields: one field line at a time.
 *
 * A browser's head is some 500 bytes in a dozen lines, so the speed of the
 * parser is the speed of two loops: one over a field's name, one that looks for
 * control bytes in its value.  Both take sixteen bytes at once. */

#include "http_fields.h"

#include <endian.h>
#include <string.h>

/* tchar of RFC 9110 5.6.2: letters, digits, and fifteen marks. */
const bool http_token_chars[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1,
    ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1, ['^'] = 1, ['_'] = 1,
    ['`'] = 1, ['|'] = 1, ['~'] = 1,
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};

bool http_is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t') || c == 0x7f;
}

bool http_is_token(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!http_is_token_char(s.ptr[i]))
            return false;
    return s.len > 0;
}

struct span http_get(const struct http_fields *f, struct span name)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->list[i].name.len == name.len &&
            span_eq_nocase(http_name(f, i), name))
            return http_value(f, i);
    return (struct span){NULL, 0};
}

bool http_list_has(struct span value, struct span token)
{
    struct span item;

    while (span_next(&value, ',', &item))
        if (span_eq_nocase(span_trim(item), token))
            return true;
    return false;
}

bool http_list_next(struct http_list *list, struct span *item)
{
    const struct http_fields *f = list->fields;

    for (;;) {
        while (span_next(&list->rest, ',', item)) {
            *item = span_trim(*item);
            if (item->len > 0)
                return true;
        }
        while (list->line < f->count &&
               !span_eq_nocase(http_name(f, list->line), list->name))
            list->line++;
        if (list->line >= f->count)
            return false;
        list->rest = http_value(f, list->line++);
    }
}

bool http_fields_have(const struct http_fields *f, struct span name,
                      struct span token)
{
    struct http_list list = {.fields = f, .name = name};
    struct span item;

    while (http_list_next(&list, &item))
        if (span_eq_nocase(item, token))
            return true;
    return false;
}

/* Sixteen bytes that are worked on together: gcc and clang make of these the
 * vector instructions of whatever processor they compile for. */
typedef unsigned char lanes __attribute__((vector_size(16)));

static lanes load(const char *s)
{
    lanes v;

    memcpy(&v, s, sizeof v);
    return v;
}

static bool is_zero(lanes v)
{
    uint64_t half[2];

    memcpy(half, &v, sizeof half);
    return (half[0] | half[1]) == 0;
}

/* The number of the first lane that is not 0; 16 when all are.  The vector is
 * taken for two numbers whose lowest byte is the first lane, and the zeros
 * below the lowest bit are counted. */
static unsigned first_lane(lanes v)
{
    uint64_t half[2];

    memcpy(half, &v, sizeof half);
    if (half[0])
        return (unsigned)__builtin_ctzll(le64toh(half[0])) / 8;
    if (half[1])
        return 8 + (unsigned)__builtin_ctzll(le64toh(half[1])) / 8;
    return sizeof v;
}

/* The first byte of a line that is no token char; its LF is none.  Nearly all
 * names are letters and "-": those are seen sixteen at once, where the line has
 * so many bytes, and what is left is looked up.  A comparison gives 0xff in the
 * lanes where it is true and 0 in the others. */
static const char *token_end(const char *p, const char *end)
{
    if (end - p >= (ptrdiff_t)sizeof(lanes)) {
        lanes v = load(p), letter = (v | 0x20) - 'a';

        p += first_lane((lanes)((letter > 25) & (v != '-')));
    }
    while (http_is_token_char(*p))
        p++;
    return p;
}

/* True when no byte of [s, end), which is sixteen bytes or more, is below
 * `bound` or DEL.  All lines of sane requests are so, hence no block is asked
 * by itself; the last block ends with the text, wherever it begins. */
static inline bool no_low(const char *s, const char *end, unsigned char bound)
{
    lanes v = load(end - sizeof v), low = (lanes)((v < bound) | (v == 0x7f));

    for (; end - s > (ptrdiff_t)sizeof v; s += sizeof v) {
        v = load(s);
        low |= (lanes)((v < bound) | (v == 0x7f));
    }
    return is_zero(low);
}

bool http_is_visible(struct span s)
{
    if (s.len >= sizeof(lanes))
        return no_low(s.ptr, s.ptr + s.len, ' ' + 1);
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] <= ' ' || s.ptr[i] == 0x7f)
            return false;
    return true;
}

/* True when [value, end) holds no control byte; what is before it in the line
 * is known to hold none.  Tab is allowed but rare: it costs a second look. */
static bool is_text(const char *line, const char *value, const char *end)
{
    if (end - line >= (ptrdiff_t)sizeof(lanes) && no_low(value, end, ' '))
        return true;
    for (; value < end; value++)
        if (http_is_control(*value))
            return false;
    return true;
}

/* Why a line whose name is followed by `c` is no field line. */
static const char *name_problem(size_t name_len, char c)
{
    if (name_len == 0 && ascii_is_blank(c))
        return "a field line begins with a blank (obsolete line folding)";
    if (name_len == 0 && c == ':')
        return "a field has an empty name";
    if (ascii_is_blank(c))
        return "a blank stands in or after a field name";
    if (c == '\r' || c == '\n')
        return "a field line has no colon";
    return "a field name holds a byte that no name may have";
}

const char *http_field_line(struct http_fields *f, uint32_t at, uint32_t len)
{
    const char *line = f->base + at;
    const char *end = line + len - 1; /* of the value; first: the LF */
    const char *value, *colon = token_end(line, end);
    struct http_field *field = &f->list[f->count];

    if (colon == line || *colon != ':')
        return name_problem((size_t)(colon - line), *colon);
    field->name = (struct http_slice){at, (uint32_t)(colon - line)};
    if (end[-1] == '\r')
        end--;
    value = colon + 1;
    if (!is_text(line, value, end))
        return "a field value holds a control byte";
    while ((unsigned char)end[-1] <= ' ')
        end--; /* blanks and tabs; the colon ends this */
    while (value < end && (unsigned char)*value <= ' ')
        value++;
    field->value = (struct http_slice){(uint32_t)(value - f->base),
                                       (uint32_t)(end - value)};
    f->count++;
    return NULL;
}
