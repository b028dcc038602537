/* uri: the path of a request target, decoded and normalised.
 *
 * One pass: each byte is decoded once, and a segment is judged when it is
 * complete, decoded.  So "%2e%2e" is ".." and "%2f" is "/", whoever wrote it
 * in which way, and "%252e" is the four bytes "%2e" and nothing more. */

#include "uri.h"

#include <string.h>

/* The byte that stands at raw[*at], decoded; *at moves past it.  -1 for a bad
 * escape and for NUL, which would end the path early for the kernel. */
static int decode_byte(struct span raw, size_t *at)
{
    int high, low;
    char c = raw.ptr[(*at)++];

    if (c != '%')
        return c == '\0' ? -1 : (unsigned char)c;
    if (raw.len - *at < 2)
        return -1;
    high = ascii_hex(raw.ptr[*at]);
    low = ascii_hex(raw.ptr[*at + 1]);
    *at += 2;
    if (high < 0 || low < 0 || (high == 0 && low == 0))
        return -1;
    return high * 16 + low;
}

/* A path being written: out[0 .. len), its last segment from `segment` on. */
struct path {
    char *out;
    size_t len, segment;
};

/* Resolves the last segment if it is "." or ".."; the path then ends in the
 * "/" that is left.  False when ".." leads above the root. */
static bool end_segment(struct path *p, bool *resolved)
{
    const char *s = p->out + p->segment;
    size_t n = p->len - p->segment;

    *resolved = (n == 1 || n == 2) && s[0] == '.' && s[n - 1] == '.';
    if (!*resolved)
        return true;
    p->len = p->segment;
    if (n == 1)
        return true;
    if (p->len == 1)
        return false;
    do
        p->len--;
    while (p->out[p->len - 1] != '/');
    p->segment = p->len;
    return true;
}

static bool end_with_slash(struct path *p, bool merge_slashes)
{
    bool resolved;

    if (!end_segment(p, &resolved))
        return false;
    if (!resolved && !(merge_slashes && p->len > 0 && p->segment == p->len))
        p->out[p->len++] = '/';
    p->segment = p->len;
    return true;
}

long uri_normalise(char *out, struct span raw, bool merge_slashes)
{
    struct path p = {.out = out};
    bool resolved;
    size_t at = 0;

    if (raw.len == 0 || raw.ptr[0] != '/')
        return -1;
    while (at < raw.len && raw.ptr[at] != '#') {
        int c = decode_byte(raw, &at);

        if (c < 0)
            return -1;
        if (c != '/')
            p.out[p.len++] = (char)c;
        else if (!end_with_slash(&p, merge_slashes))
            return -1;
    }
    return end_segment(&p, &resolved) ? (long)p.len : -1;
}

int uri_path(struct buf *out, struct span raw, bool merge_slashes)
{
    long len = 0;

    out->len = 0;
    if (!buf_reserve(out, raw.len + 1))
        return 500;
    if (raw.len > 0)
        len = uri_normalise(out->ptr, raw, merge_slashes);
    if (len < 0)
        return 400;
    out->len = (size_t)len;
    out->ptr[len] = '\0';
    return 0;
}

struct span uri_query(struct span raw, struct span query)
{
    return span_chr(raw, '#') != NULL ? (struct span){0}
                                      : span_until(query, '#');
}

static bool is_escaped(unsigned char c, enum uri_escape what)
{
    static const char *const marks[] = {
        [URI_ESCAPE_PATH] = "\"#%<>?\\^`{|}",
        [URI_ESCAPE_ARG] = "\"#%&+;<>?\\^`{|}",
    };

    if (what == URI_ESCAPE_CONTROLS)
        return c <= ' ' || c == 0x7f;
    return c <= ' ' || c >= 0x7f || strchr(marks[what], c) != NULL;
}

bool uri_escape(struct buf *out, struct span s, enum uri_escape what)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t room = s.len;
    char *p;

    for (size_t i = 0; i < s.len; i++)
        if (is_escaped((unsigned char)s.ptr[i], what))
            room += 2;
    if (!buf_reserve(out, room))
        return false;
    p = out->ptr + out->len;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (is_escaped(c, what)) {
            *p++ = '%';
            *p++ = hex[c >> 4];
            *p++ = hex[c & 15];
        } else {
            *p++ = (char)c;
        }
    }
    out->len += room;
    return true;
}
