/* bytes: spans are compared and cut, buffers grow by doubling up to their
 * bound, and errors become one sentence. */

#include "bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The smallest allocation: a small message takes one malloc, not five. */
#define BUF_FIRST 512

struct span span_of(const char *text)
{
    return (struct span){text, text != NULL ? strlen(text) : 0};
}

/* memcmp must not be given NULL, not even with a length of 0, and an empty
 * span may well hold it. */
bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Most texts that are equal are so to the letter, and memcmp is fast. */
bool span_eq_nocase(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    if (span_eq(a, b))
        return true;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    return true;
}

bool span_starts(struct span s, struct span prefix)
{
    return s.len >= prefix.len &&
           span_eq((struct span){s.ptr, prefix.len}, prefix);
}

bool span_starts_nocase(struct span s, struct span prefix)
{
    return s.len >= prefix.len &&
           span_eq_nocase((struct span){s.ptr, prefix.len}, prefix);
}

bool span_skip_prefix(struct span *s, struct span prefix)
{
    if (!span_starts(*s, prefix))
        return false;
    span_skip(s, prefix.len);
    return true;
}

bool span_ends(struct span s, struct span suffix)
{
    return s.len >= suffix.len &&
           span_eq(span_from(s, s.len - suffix.len), suffix);
}

const char *span_chr(struct span s, char c)
{
    return s.len == 0 ? NULL : memchr(s.ptr, c, s.len);
}

struct span span_until(struct span s, char c)
{
    const char *at = span_chr(s, c);

    return at != NULL ? (struct span){s.ptr, (size_t)(at - s.ptr)} : s;
}

struct span span_after(struct span s, const char *at)
{
    return span_from(s, (size_t)(at - s.ptr) + 1);
}

struct span span_trim(struct span s)
{
    while (s.len > 0 && ascii_is_blank(s.ptr[0]))
        span_skip(&s, 1);
    while (s.len > 0 && ascii_is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool span_next(struct span *rest, char separator, struct span *item)
{
    if (rest->len == 0)
        return false;
    *item = span_until(*rest, separator);
    span_skip(rest, item->len + (item->len < rest->len));
    return true;
}

/* The test against overflow stands before the multiplication: after it, the
 * number would have wrapped already.  The rest is still looked at when the
 * number is too large, for "999...9x" is no number at all. */
static bool parse_number(struct span s, unsigned base, uint64_t *value)
{
    uint64_t n = 0;
    bool fits = true;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)ascii_hex(s.ptr[i]);

        if (digit >= base) /* and -1 as well, which is now the largest */
            return false;
        if (n > (UINT64_MAX - digit) / base)
            fits = false;
        else
            n = n * base + digit;
    }
    *value = fits ? n : UINT64_MAX;
    return fits;
}

bool span_decimal(struct span s, uint64_t *value)
{
    return parse_number(s, 10, value);
}

bool span_hex(struct span s, uint64_t *value)
{
    return parse_number(s, 16, value);
}

size_t bytes_decimal(char *text, uint64_t value)
{
    char digits[BYTES_DECIMAL], *first = digits + sizeof digits - 1;
    size_t len;

    *first = 0;
    do
        *--first = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    len = (size_t)(digits + sizeof digits - 1 - first);
    memcpy(text, first, len + 1);
    return len;
}

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
    free(b->ptr);
    buf_init(b, b->max);
}

/* Doubling makes n appended bytes cost O(n) copies altogether. */
bool buf_reserve(struct buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap : BUF_FIRST;
    char *ptr;

    if (b->cap - b->len >= n && BYTES_STAYS(b->cap))
        return true;
    if (n > b->max - b->len) {
        errno = ENOBUFS;
        return false;
    }
    while (cap - b->len < n && cap <= b->max / 2)
        cap *= 2;
    if (cap - b->len < n || cap > b->max)
        cap = b->max;
    ptr = b->grow != NULL ? b->grow(b, cap) : realloc(b->ptr, cap);
    if (ptr == NULL)
        return false;
    b->ptr = ptr;
    b->cap = cap;
    return true;
}

bool buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (n == 0)
        return true;
    if (!buf_reserve(b, n))
        return false;
    memcpy(b->ptr + b->len, bytes, n);
    b->len += n;
    return true;
}

bool buf_add_span(struct buf *b, struct span s)
{
    return buf_add(b, s.ptr, s.len);
}

bool buf_add_text(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

bool buf_add_char(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

/* Most texts fit into the room that is there; one that does not is printed
 * again, for now its length is known. */
bool buf_vprintf(struct buf *b, const char *format, va_list args)
{
    size_t room = b->cap - b->len;
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(room ? b->ptr + b->len : NULL, room, format, args);
    if (n >= 0 && (size_t)n >= room) {
        if (buf_reserve(b, (size_t)n + 1))
            vsnprintf(b->ptr + b->len, (size_t)n + 1, format, again);
        else
            n = -1;
    }
    va_end(again);
    if (n > 0)
        b->len += (size_t)n;
    return n >= 0;
}

bool buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    bool ok;

    va_start(args, format);
    ok = buf_vprintf(b, format, args);
    va_end(args);
    return ok;
}

void buf_consume(struct buf *b, size_t n)
{
    b->len -= n;
    if (n > 0 && b->len > 0)
        memmove(b->ptr, b->ptr + n, b->len);
    if (!BYTES_KEPT(1) && b->cap > 0)
        buf_reserve(b, 0);
}

bool err_set(struct err *err, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return false;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}
