/* http_options: a table of options; each row says where its value goes. */

#include "http_options.h"
#include "version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bounds of a number, and how the message names them.  A head of a gigabyte
 * is enough for anybody, and small enough to be allocated; a time of 2^31
 * seconds may be added to any clock. */
#define MAX_HEAD_BYTES 1073741824
#define HEAD_BYTES     "a number of bytes from 1 to 1073741824"
#define BODY_BYTES     "a number of bytes from 1 to 9223372036854775807"

bool http_read_text(struct span text, void *place)
{
    *(const char **)place = text.ptr;
    return true;
}

bool http_read_seconds(struct span text, void *place)
{
    const char *dot = span_chr(text, '.');
    struct span whole = span_until(text, '.');
    struct span part = dot ? span_after(text, dot) : SPAN("0");
    uint64_t seconds, fraction;

    if (part.len > 3 || !span_decimal(whole, &seconds) ||
        !span_decimal(part, &fraction) || seconds > INT32_MAX)
        return false;
    for (size_t i = part.len; i < 3; i++)
        fraction *= 10;
    seconds = seconds * 1000 + fraction;
    if (seconds == 0 || seconds > INT32_MAX * UINT64_C(1000))
        return false;
    *(int64_t *)place = (int64_t)seconds;
    return true;
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

#define AT(m) offsetof(struct http_options, m)

static const struct http_option shared[] = {
    {"--idle-timeout", AT(timeouts.idle), http_read_seconds, HTTP_SECONDS},
    {"--head-timeout", AT(timeouts.head), http_read_seconds, HTTP_SECONDS},
    {"--body-timeout", AT(timeouts.body), http_read_seconds, HTTP_SECONDS},
    {"--send-timeout", AT(timeouts.send), http_read_seconds, HTTP_SECONDS},
    {"--max-line", AT(limits.line), read_head_bytes, HEAD_BYTES},
    {"--max-field", AT(limits.field), read_head_bytes, HEAD_BYTES},
    {"--max-head", AT(limits.head), read_head_bytes, HEAD_BYTES},
    {"--max-body", AT(max_body), read_body_bytes, BODY_BYTES},
    {NULL, 0, NULL, NULL},
};

/* The value of the option `name`, if argv[0] is it; returns as
 * http_read_option. */
static int option_value(char **argv, const char *name, const char **value,
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

int http_read_option(char **argv, const struct http_option *table, void *into,
                     struct err *err)
{
    for (const struct http_option *o = table; o->name != NULL; o++) {
        const char *value;
        int words = option_value(argv, o->name, &value, err);

        if (words > 0 && !o->read(span_of(value), (char *)into + o->place))
            return err_set(err, "%s is \"%s\"; expected %s", o->name, value,
                           o->expected),
                   -1;
        if (words != 0)
            return words;
    }
    return 0;
}

int http_read_options(char **argv, struct http_options *o, struct err *err)
{
    return http_read_option(argv, shared, o, err);
}

void http_answer_help(const char *word, const char *program, const char *help)
{
    if (strcmp(word, "--help") == 0)
        fputs(help, stdout);
    else if (strcmp(word, "--version") == 0)
        printf("%s %s\n", program, STRATA_VERSION);
    else
        return;
    exit(0);
}
