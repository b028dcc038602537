/* match: a backtracking matcher, bounded in its steps. */

#include "match.h"

#include <string.h>

#define DATE_LEN  29
#define NOW_SLACK 5 /* seconds */

/* A pattern with many {any} against a large subject could try for ever; past
 * this many steps it counts as no match. */
#define MAX_STEPS (4u << 20)

struct matcher {
    const struct pattern *p;
    struct span s;
    enum match_how how;
    bool lines, final;
    bool ran_out; /* a branch came to the end of the bytes */
    unsigned steps;
    struct match *m;
};

static bool match_from(struct matcher *x, size_t piece, size_t at);

static void note(struct matcher *x, size_t at, size_t piece, size_t piece_at)
{
    if (at < x->m->at)
        return;
    x->m->at = at;
    x->m->piece = piece;
    x->m->piece_at = piece_at;
}

bool match_date(struct span s, time_t *t)
{
    char text[DATE_LEN + 1], again[64];
    struct tm tm = {0};
    const char *end;

    if (s.len != DATE_LEN)
        return false;
    memcpy(text, s.ptr, DATE_LEN);
    text[DATE_LEN] = '\0';
    end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    if (!end || *end)
        return false;
    *t = timegm(&tm);
    strftime(again, sizeof again, "%a, %d %b %Y %H:%M:%S GMT", gmtime(t));
    return strcmp(text, again) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool in_class(enum text_class class, char c, bool lines)
{
    switch (class) {
    case TEXT_DIGITS:
        return is_digit(c);
    case TEXT_HEX:
        return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
    case TEXT_WORD:
        return c != ' ' && c != '\t' && c != '\r' && c != '\n';
    case TEXT_LINE:
        return c != '\r' && c != '\n';
    default:
        return lines || (c != '\r' && c != '\n');
    }
}

static void capture(struct matcher *x, size_t piece, size_t at, size_t len)
{
    const struct text_piece *p = &x->p->pieces[piece];
    size_t n = x->m->captured;

    if (p->capture.len == 0 || n == MATCH_MAX_CAPTURES)
        return;
    x->m->captures[n].name = p->capture;
    x->m->captures[n].value = (struct span){x->s.ptr + at, len};
    x->m->captured++;
}

/* The class took `len` bytes: what of the rest? */
static bool match_after(struct matcher *x, size_t piece, size_t at, size_t len)
{
    size_t captured = x->m->captured;

    capture(x, piece, at, len);
    if (match_from(x, piece + 1, at + len))
        return true;
    x->m->captured = captured;
    return false;
}

static bool match_time(struct matcher *x, size_t piece, size_t at)
{
    struct span rest = {x->s.ptr + at, x->s.len - at};
    time_t t;

    if (rest.len < DATE_LEN) {
        x->ran_out = true;
    } else {
        rest.len = DATE_LEN;
        if (match_date(rest, &t) &&
            (x->p->pieces[piece].class == TEXT_DATE ||
             (t >= time(NULL) - NOW_SLACK && t <= time(NULL) + NOW_SLACK)))
            return match_after(x, piece, at, DATE_LEN);
    }
    note(x, at, piece, 0);
    return false;
}

/* {any} takes as little as will do; the last of a pattern takes what there
 * is.  The others take as much as they can. */
static bool match_class(struct matcher *x, size_t piece, size_t at)
{
    enum text_class class = x->p->pieces[piece].class;
    size_t least = class != TEXT_ANY && class != TEXT_LINE, most = 0;

    while (at + most < x->s.len &&
           in_class(class, x->s.ptr[at + most], x->lines))
        most++;
    if (at + most == x->s.len && class != TEXT_ANY)
        x->ran_out = true;
    if (class == TEXT_ANY && piece + 1 < x->p->count) {
        for (size_t n = 0; n <= most; n++)
            if (match_after(x, piece, at, n))
                return true;
        return false;
    }
    for (size_t n = most + 1; n-- > least;)
        if (match_after(x, piece, at, n))
            return true;
    if (most < least)
        note(x, at, piece, 0);
    return false;
}

static bool match_bytes(struct matcher *x, size_t piece, size_t at)
{
    struct span want = x->p->pieces[piece].bytes;
    size_t n = 0;

    while (n < want.len && at + n < x->s.len && want.ptr[n] == x->s.ptr[at + n])
        n++;
    if (n == want.len)
        return match_from(x, piece + 1, at + n);
    if (at + n == x->s.len)
        x->ran_out = true;
    note(x, at + n, piece, n);
    return false;
}

static bool match_from(struct matcher *x, size_t piece, size_t at)
{
    if (++x->steps > MAX_STEPS)
        return false;
    if (piece == x->p->count) {
        if (x->how == MATCH_ALL && at < x->s.len) {
            note(x, at, piece, 0);
            return false;
        }
        x->m->len = at;
        return true;
    }
    switch (x->p->pieces[piece].class) {
    case TEXT_BYTES:
        return match_bytes(x, piece, at);
    case TEXT_DATE:
    case TEXT_NOW:
        return match_time(x, piece, at);
    default:
        return match_class(x, piece, at);
    }
}

void match_pattern(struct match *m, const struct pattern *p,
                   struct span subject, enum match_how how, bool lines,
                   bool final)
{
    struct matcher x = {.p = p,
                        .s = subject,
                        .how = how,
                        .lines = lines,
                        .final = final,
                        .m = m};
    bool yes = false;

    *m = (struct match){0};
    if (how == MATCH_INSIDE)
        for (size_t at = 0; !yes && at <= subject.len; at++)
            yes = match_from(&x, 0, at);
    else
        yes = match_from(&x, 0, 0);
    m->verdict = yes ? MATCH_YES : MATCH_NO;
    if (how == MATCH_PREFIX && !final &&
        (yes ? x.ran_out && m->len == subject.len : x.ran_out))
        m->verdict = MATCH_SHORT;
}

void match_show(struct buf *out, const struct pattern *p, size_t piece,
                size_t piece_at)
{
    for (; piece < p->count; piece++, piece_at = 0) {
        const struct text_piece *x = &p->pieces[piece];

        if (x->class == TEXT_BYTES)
            text_escape(out, (struct span){x->bytes.ptr + piece_at,
                                           x->bytes.len - piece_at});
        else
            buf_printf(out, "{%s}", text_class_name(x->class));
    }
}
