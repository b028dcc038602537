/* bytes: the two shapes that bytes take in this house.
 *
 * A span is a view of bytes that somebody else keeps; it is passed by value,
 * need not end in NUL, and may hold any byte.  A buf owns its bytes and grows,
 * but never past the bound that it was given: what a stranger sends can fill
 * a buffer, not the memory of the machine. */

#ifndef STRATA_BYTES_H
#define STRATA_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many elements an array has. */
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What ASCII says of a byte.  Not tolower() and its like: what a letter is must
 * not depend on the user's locale. */
static inline unsigned char ascii_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static inline bool ascii_is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_alnum(unsigned char c)
{
    return ascii_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static inline bool ascii_is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

/* The value of a hexadecimal digit; -1 for another byte. */
static inline int ascii_hex(unsigned char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct span {
    const char *ptr;
    size_t len;
};

/* The span of a string literal, as an expression and as an initialiser. */
#define SPAN(literal)      ((struct span){"" literal, sizeof(literal) - 1})
#define SPAN_INIT(literal) {"" literal, sizeof(literal) - 1}

/* For printf: printf("%.*s", SPAN_ARG(s)). */
#define SPAN_ARG(s) (int)(s).len, (s).ptr

struct span span_of(const char *text); /* NULL gives an empty span */
bool span_eq(struct span a, struct span b);
bool span_eq_nocase(struct span a, struct span b); /* ASCII letters only */
bool span_starts(struct span s, struct span prefix);
bool span_starts_nocase(struct span s, struct span prefix);
bool span_ends(struct span s, struct span suffix);

/* s without its first n bytes, of which it has that many.  An empty span may
 * hold NULL, to which not even 0 may be added: whoever cuts a span that others
 * made cuts it by this. */
static inline struct span span_from(struct span s, size_t n)
{
    return n == 0 ? s : (struct span){s.ptr + n, s.len - n};
}

/* The same, of *s; span_skip_prefix where s begins with the prefix, and says
 * whether it does. */
static inline void span_skip(struct span *s, size_t n)
{
    *s = span_from(*s, n);
}

bool span_skip_prefix(struct span *s, struct span prefix);

/* The first occurrence of byte c, or NULL; what stands before it (all of s when
 * there is none); what stands behind the byte `at` of s. */
const char *span_chr(struct span s, char c);
struct span span_until(struct span s, char c);
struct span span_after(struct span s, const char *at);

/* s without space and tab at both ends (OWS of RFC 9110 5.6.3). */
struct span span_trim(struct span s);

/* Takes the text before the next `separator` off the front of *rest into
 * *item, and the separator with it; the last item ends at the end of *rest.
 * False when nothing is left.  "a,,b" gives "a", "", "b"; "a," gives
 * "a"; "" gives nothing. */
bool span_next(struct span *rest, char separator, struct span *item);

/* All of s as a decimal (hexadecimal) number: one digit or more and nothing
 * else, no sign, no blank.  False, with *value untouched, when it is not one
 * or does not fit into 64 bits; *value is UINT64_MAX in the second case. */
bool span_decimal(struct span s, uint64_t *value);
bool span_hex(struct span s, uint64_t *value);

/* Writes value as a decimal and a NUL; `text` holds BYTES_DECIMAL.  Returns the
 * length of the number. */
#define BYTES_DECIMAL 21
size_t bytes_decimal(char *text, uint64_t value);

/* How many pieces of memory of one kind are kept for their next user, and how
 * much of one.  None in a build with -DBYTES_RESTLESS, which the tests make:
 * there every buffer moves whenever it may, and what is given back is freed at
 * once, so that AddressSanitizer meets whoever still looks there. */
#ifdef BYTES_RESTLESS
#define BYTES_KEPT(n)    0
#define BYTES_STAYS(cap) ((cap) >= 32768) /* to move so much takes long */
#else
#define BYTES_KEPT(n)    (n)
#define BYTES_STAYS(cap) true
#endif

struct buf {
    char *ptr;  /* NULL while nothing was ever put in */
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated */
    size_t max; /* cap never exceeds this */
    /* NULL for realloc; else what gives it cap bytes, the first len as they
     * are, from its keeper.  NULL when there are none. */
    void *(*grow)(struct buf *b, size_t cap);
    void *keeper;
};

/* An empty buffer that may grow to max bytes.  Nothing is allocated yet. */
void buf_init(struct buf *b, size_t max);

/* Gives the memory back; the buffer is as after buf_init. */
void buf_free(struct buf *b);

/* Room for n more bytes at b->ptr + b->len; what is in the buffer may move,
 * here and in all that appends or consumes.  False with errno ENOBUFS when the
 * bound forbids it, ENOMEM when the memory is out; b is as before. */
bool buf_reserve(struct buf *b, size_t n);

/* Appends; false as buf_reserve, and then nothing was appended.  buf_printf
 * needs room for the NUL that it writes behind the text and does not count. */
bool buf_add(struct buf *b, const void *bytes, size_t n);
bool buf_add_span(struct buf *b, struct span s);
bool buf_add_text(struct buf *b, const char *text);
bool buf_add_char(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool buf_vprintf(struct buf *b, const char *format, va_list args);

/* Drops the first n bytes; what follows moves to the front. */
void buf_consume(struct buf *b, size_t n);

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->ptr, b->len};
}

/* The one error idiom of the house: a function that can fail for a reason a
 * person should read takes a struct err, and on failure leaves one sentence
 * there, without a newline: what was being done, what was found, what was
 * expected.  err_set always returns false, so that a caller may write
 * `return err_set(e, "...")`; err may be NULL. */
struct err {
    char text[512];
};

bool err_set(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
