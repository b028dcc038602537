/* http_fields: one field line at a time.
 *
 * A browser's head is some 700 bytes, most of them field values, so the speed
 * of the parser is the speed of one loop: the one that looks for control
 * bytes in a line.  It looks at sixteen bytes at once. */

#include "http_fields.h"

#include <string.h>

/* tchar of RFC 9110 5.6.2: letters, digits, and fifteen marks. */
static const bool token_chars[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1,
    ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1, ['^'] = 1, ['_'] = 1,
    ['`'] = 1, ['|'] = 1, ['~'] = 1,
    ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
};

bool http_is_token_char(unsigned char c)
{
    return token_chars[c];
}

bool http_is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t') || c == 0x7f;
}

bool http_is_token(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!token_chars[(unsigned char)s.ptr[i]])
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

/* Sixteen bytes that are worked on together: gcc and clang make of these the
 * vector instructions of whatever processor they compile for. */
typedef unsigned char lanes __attribute__((vector_size(16)));

/* Each lane that holds a control byte becomes 0xff, the others 0: this is
 * http_is_control sixteen times. */
static lanes find_controls(const char *s)
{
    lanes v;

    memcpy(&v, s, sizeof v);
    return (lanes)(((v < 0x20) & (v != '\t')) | (v == 0x7f));
}

static bool is_zero(lanes v)
{
    uint64_t half[2];

    memcpy(half, &v, sizeof half);
    return (half[0] | half[1]) == 0;
}

/* True when s[0 .. len) holds no control byte.  The last sixteen bytes may
 * overlap with those before them; a text shorter than that is filled up with
 * blanks. */
static bool is_text(const char *s, size_t len)
{
    lanes found = {0};
    char padded[sizeof found];

    if (len < sizeof found) {
        memset(padded, ' ', sizeof padded);
        memcpy(padded, s, len);
        return is_zero(find_controls(padded));
    }
    for (size_t i = 0; i < len - sizeof found; i += sizeof found)
        found |= find_controls(s + i);
    return is_zero(found | find_controls(s + len - sizeof found));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Why a line whose name is followed by `c` is no field line. */
static const char *name_problem(size_t name_len, char c)
{
    if (name_len == 0 && is_blank(c))
        return "a field line begins with a blank (obsolete line folding)";
    if (name_len == 0 && c == ':')
        return "a field has an empty name";
    if (is_blank(c))
        return "a blank stands in or after a field name";
    if (c == '\r' || c == '\n')
        return "a field line has no colon";
    return "a field name holds a byte that no name may have";
}

const char *http_field_line(struct http_fields *f, uint32_t at, uint32_t len)
{
    const char *line = f->base + at;
    const char *end = line + len - 1; /* of the value; first: the LF */
    const char *value, *colon = line;
    struct http_field *field = &f->list[f->count];

    while (token_chars[(unsigned char)*colon])
        colon++; /* the LF is no token char and ends this */
    if (colon == line || *colon != ':')
        return name_problem((size_t)(colon - line), *colon);
    if (end[-1] == '\r')
        end--;
    if (!is_text(line, (size_t)(end - line)))
        return "a field value holds a control byte";
    value = colon + 1;
    while (value < end && is_blank(*value))
        value++;
    while (end > value && is_blank(end[-1]))
        end--;
    field->name.at = at;
    field->name.len = (uint32_t)(colon - line);
    field->value.at = at + (uint32_t)(value - line);
    field->value.len = (uint32_t)(end - value);
    f->count++;
    return NULL;
}
