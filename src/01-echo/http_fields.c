/* http_fields: one field line at a time.
 *
 * A browser's head is some 600 bytes, most of them field values, so the speed
 * of the parser is the speed of one loop: the one that looks for control
 * bytes in a value.  It looks at eight bytes at once. */

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

/* Every byte of a word set to c. */
#define EACH(c) (UINT64_C(0x0101010101010101) * (c))

/* True when a byte of the word is below 0x20 or is 0x7f.  A byte minus 0x20
 * has its high bit set when the byte was smaller, or was at least 0xa0; the
 * "& ~word" drops the second.  The byte 0x7f is found as the zero of
 * word ^ 0x7f, in the same manner. */
static bool has_control(uint64_t word)
{
    uint64_t del = word ^ EACH(0x7f);

    return (((word - EACH(0x20)) & ~word) | ((del - EACH(0x01)) & ~del)) &
           EACH(0x80);
}

/* True when s holds no control byte except tab (RFC 9110 5.5).  A word with a
 * tab is looked at again, byte by byte: tabs are rare. */
static bool is_field_text(const char *s, size_t len)
{
    size_t i = 0;

    while (i < len) {
        size_t end = len;

        if (len - i >= 8) {
            uint64_t word;

            memcpy(&word, s + i, 8);
            end = i + 8;
            if (!has_control(word))
                i = end;
        }
        for (; i < end; i++)
            if (http_is_control(s[i]))
                return false;
    }
    return true;
}

/* Why a line whose name is followed by `c` is no field line. */
static const char *name_problem(size_t name_len, char c)
{
    if (name_len == 0 && (c == ' ' || c == '\t'))
        return "a field line begins with a blank (obsolete line folding)";
    if (name_len == 0 && c == ':')
        return "a field has an empty name";
    if (c == ' ' || c == '\t')
        return "a blank stands in or after a field name";
    if (c == '\r' || c == '\n')
        return "a field line has no colon";
    return "a field name holds a byte that no name may have";
}

const char *http_field_line(struct http_fields *f, uint32_t at, uint32_t len)
{
    const char *line = f->base + at;
    uint32_t end = len - 1; /* of the value; first: the place of the LF */
    uint32_t i = 0;
    uint32_t name_len;

    while (token_chars[(unsigned char)line[i]])
        i++; /* the LF is no token char and ends this */
    if (i == 0 || line[i] != ':')
        return name_problem(i, line[i]);
    name_len = i++;
    if (line[end - 1] == '\r')
        end--;
    while (i < end && (line[i] == ' ' || line[i] == '\t'))
        i++;
    while (end > i && (line[end - 1] == ' ' || line[end - 1] == '\t'))
        end--;
    if (!is_field_text(line + i, end - i))
        return "a field value holds a control byte";
    f->list[f->count++] = (struct http_field){
        .name = {at, name_len},
        .value = {at + i, end - i},
    };
    return NULL;
}
