/* settings_expand: placeholders in values, see settings.h. */

#include "settings.h"
#include "settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool expand(struct settings *s, struct buf *out, struct span text,
                   unsigned depth, struct err *err);

static struct setting *lookup(struct settings *s, struct span key)
{
    for (size_t i = 0; i < s->count; i++)
        if (span_eq(span_of(s->list[i].key), key))
            return &s->list[i];
    return NULL;
}

/* %(key) */
static bool put_setting(struct settings *s, struct buf *out, struct span key,
                        unsigned depth, bool *known, struct err *err)
{
    struct setting *found = lookup(s, key);

    *known = found != NULL;
    if (found == NULL)
        return true;
    found->used = true;
    if (++s->names > SETTINGS_MAX_NAMES)
        return err_set(err, "placeholders name more than %d placeholders",
                       SETTINGS_MAX_NAMES);
    return expand(s, out, span_of(found->value), depth + 1, err);
}

static bool calculate(char operator, int64_t a, int64_t b, int64_t *result)
{
    switch (operator) {
    case '+':
        return !__builtin_add_overflow(a, b, result);
    case '-':
        return !__builtin_sub_overflow(a, b, result);
    case '*':
        return !__builtin_mul_overflow(a, b, result);
    default:
        if (b == 0 || b == -1) /* and no overflow by INT64_MIN / -1 */
            return false;
        *result = a / b;
        return true;
    }
}

/* %(key + 2): a key, an operator, a whole number.  Anything else, and a key
 * that holds no number, is left as it stands. */
static bool put_sum(struct settings *s, struct buf *out, struct span inside,
                    unsigned depth, bool *known, struct err *err)
{
    size_t at = 0;
    uint64_t a, b;
    int64_t result;
    struct buf left;
    bool ok;

    *known = false;
    while (at < inside.len && strchr("+-*/", inside.ptr[at]) == NULL)
        at++;
    if (at == inside.len ||
        !span_decimal(
            span_trim((struct span){inside.ptr + at + 1, inside.len - at - 1}),
            &b))
        return true;
    buf_init(&left, SETTINGS_MAX_VALUE);
    ok = put_setting(s, &left, span_trim((struct span){inside.ptr, at}), depth,
                     known, err);
    if (ok && *known) {
        *known = span_decimal(buf_span(&left), &a) && a <= INT64_MAX &&
                 b <= INT64_MAX &&
                 calculate(inside.ptr[at], (int64_t)a, (int64_t)b, &result);
        ok = !*known || buf_printf(out, "%lld", (long long)result);
    }
    buf_free(&left);
    return ok;
}

/* @(file) */
static bool put_file(struct buf *out, const char *name, bool *known)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n;

    *known = fd >= 0;
    if (fd < 0)
        return true;
    do
        n = settings_read_on(fd, out);
    while (n > 0);
    close(fd);
    while (out->len > 0 && strchr("\r\n", out->ptr[out->len - 1]) != NULL)
        out->len--;
    return n == 0;
}

/* One placeholder; *known is false when it names nothing. */
static bool put(struct settings *s, struct buf *out, char kind,
                struct span inside, unsigned depth, bool *known,
                struct err *err)
{
    char *name;
    const char *value;
    bool ok = true;

    if (kind == '%') {
        ok = put_setting(s, out, inside, depth, known, err);
        return ok && !*known ? put_sum(s, out, inside, depth, known, err) : ok;
    }
    name = strndup(inside.ptr, inside.len);
    *known = false;
    if (name != NULL && kind == '@') {
        ok = put_file(out, name, known);
    } else if (name != NULL) {
        value = getenv(name);
        *known = value != NULL;
        ok = value == NULL || buf_add_text(out, value);
    }
    free(name);
    return ok;
}

static bool expand(struct settings *s, struct buf *out, struct span text,
                   unsigned depth, struct err *err)
{
    size_t i = 0;
    const char *end;
    bool known;

    if (depth > SETTINGS_MAX_DEPTH)
        return err_set(err,
                       "a placeholder names itself, or others more than "
                       "%d deep",
                       SETTINGS_MAX_DEPTH);
    while (i < text.len) {
        if (i + 1 < text.len && strchr("%$@", text.ptr[i]) != NULL &&
            text.ptr[i + 1] == '(' &&
            ((end = memchr(text.ptr + i, ')', text.len - i)) != NULL)) {
            struct span inside = {text.ptr + i + 2,
                                  (size_t)(end - text.ptr) - i - 2};
            if (!put(s, out, text.ptr[i], inside, depth, &known, err))
                return false;
            if (known) {
                i = (size_t)(end - text.ptr) + 1;
                continue;
            }
        }
        if (!buf_add_char(out, text.ptr[i++]))
            return false;
    }
    return true;
}

bool settings_expand(struct settings *s, size_t i, char **value,
                     struct err *err)
{
    struct buf out;
    bool ok;

    *value = NULL;
    if (s->list[i].value == NULL)
        return true;
    buf_init(&out, SETTINGS_MAX_VALUE);
    s->names = 0;
    err_set(err, "the value of \"%s\" is longer than %d bytes", s->list[i].key,
            SETTINGS_MAX_VALUE);
    ok = expand(s, &out, span_of(s->list[i].value), 0, err) &&
         buf_add_char(&out, 0);
    *value = ok ? strdup(out.ptr) : NULL;
    if (ok && *value == NULL)
        ok = err_set(err, "out of memory");
    buf_free(&out);
    return ok;
}
