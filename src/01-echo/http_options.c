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

bool http_read_flag(struct span text, void *place)
{
    *(bool *)place = true;
    return true;
}

bool http_read_seconds(struct span text, void *place)
{
    const char *dot = span_chr(text, '.');
    struct span whole = span_until(text, '.');
    struct span part = dot != NULL ? span_after(text, dot) : SPAN("0");
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
    {0},
};

/* The value of the option, if argv[0] is it.  Returns how many words it takes
 * (1 or 2); 0 when it is another word; -1 with *err set. */
static int option_value(char **argv, const struct http_option *o,
                        const char **value, struct err *err)
{
    struct span rest = span_of(argv[0]);

    if (!span_skip_prefix(&rest, span_of(o->name)))
        return 0;
    *value = rest.ptr + 1;
    if (o->expected != NULL && span_starts(rest, SPAN("=")))
        return 1;
    if (rest.len > 0)
        return 0;
    if (o->expected == NULL)
        return 1;
    if (argv[1] == NULL)
        return err_set(err, "%s needs a value after it", o->name), -1;
    *value = argv[1];
    return 2;
}

/* Takes an option of the table; returns as option_value. */
static int read_option(char **argv, const struct http_option *table, void *into,
                       struct err *err)
{
    for (const struct http_option *o = table; o != NULL && o->name != NULL;
         o++) {
        const char *value = NULL;
        int words = option_value(argv, o, &value, err);

        if (words > 0 && !o->read(span_of(o->expected != NULL ? value : NULL),
                                  (char *)into + o->place))
            return err_set(err, "%s is \"%s\"; expected %s", o->name, value,
                           o->expected),
                   -1;
        if (words != 0)
            return words;
    }
    return 0;
}

static void answer_help(const char *word, const struct http_command *command)
{
    if (strcmp(word, "--help") == 0)
        fputs(command->help, stdout);
    else if (strcmp(word, "--version") == 0)
        printf("%s %s\n", command->name, STRATA_VERSION);
    else
        return;
    exit(0);
}

/* What is no option. */
static bool take_word(struct http_words *words, const char *word,
                      struct err *err)
{
    if (*word == '-')
        return err_set(err, "there is no option \"%s\"; --help lists them",
                       word);
    if (words->count == HTTP_MAX_WORDS)
        return err_set(err, "there is a word too many: \"%s\"", word);
    words->word[words->count++] = word;
    return true;
}

bool http_read_arguments(char **argv, const struct http_command *command,
                         void *into, struct http_options *o,
                         struct http_words *words, struct err *err)
{
    while (*++argv != NULL) {
        int taken = read_option(argv, shared, o, err);

        if (taken == 0)
            taken = read_option(argv, command->options, into, err);
        if (taken == 0)
            answer_help(*argv, command);
        if (taken < 0 || (taken == 0 && !take_word(words, *argv, err)))
            return false;
        argv += taken == 2;
    }
    return true;
}

const char *http_only_address(const struct http_words *words,
                              const char *example, struct err *err)
{
    if (words->count == 1)
        return words->word[0];
    if (words->count == 0)
        err_set(err, "the address to listen on is missing, such as %s",
                example);
    else
        err_set(err,
                "one address is expected, but \"%s\" and \"%s\" are given",
                words->word[0], words->word[1]);
    return NULL;
}
