/* http_options: a table of options; each row says where its value goes. */

#include "http_options.h"

#include <string.h>

/* Enough for anybody, and small enough to be allocated. */
#define MAX_HEAD_BYTES (1 << 30)

int http_option_value(char **argv, const char *name, const char **value,
                      struct err *err)
{
    size_t len = strlen(name);

    if (strncmp(argv[0], name, len) != 0)
        return 0;
    if (argv[0][len] == '=') {
        *value = argv[0] + len + 1;
        return 1;
    }
    if (argv[0][len] != '\0')
        return 0;
    if (argv[1] == NULL)
        return err_set(err, "%s needs a value after it", name), -1;
    *value = argv[1];
    return 2;
}

bool http_read_seconds(struct span text, void *place)
{
    const char *dot = span_chr(text, '.');
    struct span whole = text, part = SPAN("0");
    uint64_t seconds, fraction;

    if (dot) {
        whole.len = (size_t)(dot - text.ptr);
        part = (struct span){dot + 1, text.len - whole.len - 1};
    }
    if (part.len > 3 || !span_decimal(whole, &seconds) ||
        !span_decimal(part, &fraction) || seconds > INT32_MAX)
        return false;
    for (size_t i = part.len; i < 3; i++)
        fraction *= 10;
    *(int64_t *)place = (int64_t)(seconds * 1000 + fraction);
    return seconds + fraction > 0;
}

static bool read_head_bytes(struct span text, void *place)
{
    uint64_t n;

    if (!span_decimal(text, &n) || n == 0 || n > MAX_HEAD_BYTES)
        return false;
    *(uint32_t *)place = (uint32_t)n;
    return true;
}

static bool read_body_bytes(struct span text, void *place)
{
    uint64_t n;

    if (!span_decimal(text, &n) || n == 0 || n > INT64_MAX)
        return false;
    *(uint64_t *)place = n;
    return true;
}

#define SECONDS "seconds, such as 10 or 0.5"
#define BYTES   "a number of bytes, at least 1"
#define AT(m)   offsetof(struct http_options, m)

static const struct {
    const char *name;
    size_t place;
    bool (*read)(struct span text, void *place);
    const char *expected;
} options[] = {
    {"--idle-timeout", AT(timeouts.idle), http_read_seconds, SECONDS},
    {"--head-timeout", AT(timeouts.head), http_read_seconds, SECONDS},
    {"--body-timeout", AT(timeouts.body), http_read_seconds, SECONDS},
    {"--send-timeout", AT(timeouts.send), http_read_seconds, SECONDS},
    {"--max-line", AT(limits.line), read_head_bytes, BYTES},
    {"--max-field", AT(limits.field), read_head_bytes, BYTES},
    {"--max-head", AT(limits.head), read_head_bytes, BYTES},
    {"--max-body", AT(max_body), read_body_bytes, BYTES},
};

int http_option(char **argv, struct http_options *o, struct err *err)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const char *value;
        int words = http_option_value(argv, options[i].name, &value, err);

        if (words == 0)
            continue;
        if (words > 0 &&
            !options[i].read(span_of(value), (char *)o + options[i].place)) {
            err_set(err, "%s is '%s'; expected %s", options[i].name, value,
                    options[i].expected);
            return -1;
        }
        return words;
    }
    return 0;
}
