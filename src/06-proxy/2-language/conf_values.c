/* conf_values: numbers, sizes, times and words, and the setters that most
 * directives need.  The messages are nginx's, so that what people find about
 * them in the world is true here too. */

#include "conf.h"

#include <string.h>

/* Takes the digits in front of *text.  False when there are none, or when
 * they make more than an int64_t holds. */
static bool take_digits(struct span *text, int64_t *n)
{
    size_t len = 0;

    *n = 0;
    while (len < text->len && text->ptr[len] >= '0' && text->ptr[len] <= '9') {
        int digit = text->ptr[len++] - '0';

        if (*n > (INT64_MAX - digit) / 10)
            return false;
        *n = *n * 10 + digit;
    }
    span_skip(text, len);
    return len > 0;
}

static bool read_number(struct span text, int64_t *n)
{
    return take_digits(&text, n) && text.len == 0;
}

static bool read_signed(struct span text, int64_t *n)
{
    bool minus = span_starts(text, SPAN("-"));

    if (minus || span_starts(text, SPAN("+")))
        text = span_from(text, 1);
    if (!read_number(text, n))
        return false;
    if (minus)
        *n = -*n;
    return true;
}

static bool read_size(struct span text, int64_t *bytes)
{
    static const char units[] = "kKmMgG";
    const char *unit;
    int64_t value;
    int shift = 0;

    if (!take_digits(&text, &value) || text.len > 1)
        return false;
    if (text.len == 1) {
        unit = text.ptr[0] == '\0' ? NULL : strchr(units, text.ptr[0]);
        if (unit == NULL)
            return false;
        shift = 10 * (int)((unit - units) / 2 + 1);
    }
    if (value > INT64_MAX >> shift)
        return false;
    *bytes = value << shift;
    return true;
}

/* The units of time; in "1h 30m" each must be shorter than the one before.
 * A number without a unit is seconds. */
static const struct {
    struct span name;
    int64_t ms;
} time_units[] = {
    {SPAN_INIT("w"), 604800000},
    {SPAN_INIT("d"), 86400000},
    {SPAN_INIT("h"), 3600000},
    {SPAN_INIT("ms"), 1}, /* before "m", which it begins with */
    {SPAN_INIT("m"), 60000},
    {SPAN_INIT("s"), 1000},
    {SPAN_INIT(""), 1000},
};

/* The unit in front of *text, and the blanks behind it, taken off. */
static bool take_unit(struct span *text, int64_t *unit)
{
    size_t i = 0;

    while (!span_starts(*text, time_units[i].name))
        i++;
    if (time_units[i].name.len == 0 && text->len > 0 && text->ptr[0] != ' ')
        return false;
    span_skip(text, time_units[i].name.len);
    *text = span_trim(*text);
    *unit = time_units[i].ms;
    return true;
}

static bool read_msec(struct span text, int64_t *ms)
{
    int64_t total = 0, n, unit, last = INT64_MAX;

    text = span_trim(text);
    do {
        if (!take_digits(&text, &n) || !take_unit(&text, &unit))
            return false;
        if (unit >= last || n > (INT64_MAX - total) / unit)
            return false;
        total += n * unit;
        last = unit;
    } while (text.len > 0);
    *ms = total;
    return true;
}

/* --- Bounds ------------------------------------------------------------ */

const struct conf_range conf_any_count = {0, INT32_MAX, ""};
const struct conf_range conf_any_size = {1, 1 << 30, ""};
const struct conf_range conf_any_offset = {0, INT64_MAX, ""};
const struct conf_range conf_any_time = {0, CONF_HUNDRED_YEARS, "ms"};

/* nginx's words for those of its numbers that have bounds. */
#define BETWEEN "value must be between %lld%s and %lld%s"
#define BETWEEN_ARG(range)                                                     \
    (long long)(range)->least, (range)->unit, (long long)(range)->most,        \
        (range)->unit

static bool in_range(const struct conf_range *range, int64_t value)
{
    return value >= range->least && value <= range->most;
}

typedef bool reader(struct span text, int64_t *value);

static bool parse_by(reader *read, struct conf *cf, struct span text,
                     const struct conf_range *range, int64_t *n)
{
    int64_t value;

    if (!read(text, &value))
        return false;
    if (!in_range(range, value))
        return conf_error(cf, BETWEEN ", not \"%.*s\"", BETWEEN_ARG(range),
                          SPAN_ARG(text));
    *n = value;
    return true;
}

bool conf_parse_number(struct conf *cf, struct span text,
                       const struct conf_range *range, int64_t *n)
{
    return parse_by(range->least < 0 ? read_signed : read_number, cf, text,
                    range, n);
}

bool conf_parse_size(struct conf *cf, struct span text,
                     const struct conf_range *range, int64_t *bytes)
{
    return parse_by(read_size, cf, text, range, bytes);
}

bool conf_parse_msec(struct conf *cf, struct span text,
                     const struct conf_range *range, int64_t *ms)
{
    return parse_by(read_msec, cf, text, range, ms);
}

bool conf_parse_named(struct conf *cf, struct span word, struct span name,
                      const char *what, const struct conf_range *range,
                      int64_t *n)
{
    reader *read = range->unit[0] == '\0' ? read_number : read_msec;
    int64_t value;

    if (!span_starts(word, name))
        return false;
    if (!read(span_from(word, name.len), &value) || !in_range(range, value))
        return conf_error(cf, "invalid %s \"%.*s\", " BETWEEN, what,
                          SPAN_ARG(word), BETWEEN_ARG(range));
    *n = value;
    return true;
}

/* --- Setters ----------------------------------------------------------- */

static int64_t *number_of(const struct conf_row *row, void *settings)
{
    return (int64_t *)((char *)settings + row->offset);
}

/* What the setters of numbers have in common. */
static bool set_parsed(struct conf *cf, const struct conf_row *row,
                       void *settings,
                       bool parse(struct conf *, struct span,
                                  const struct conf_range *, int64_t *),
                       const char *complaint)
{
    return parse(cf, cf->words[1], row->allowed, number_of(row, settings)) ||
           conf_error(cf, "\"%s\" directive %s", cf->words[0].ptr, complaint);
}

bool conf_set_number(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    return set_parsed(cf, row, settings, conf_parse_number, "invalid number");
}

bool conf_set_size(struct conf *cf, const struct conf_row *row, void *settings)
{
    return set_parsed(cf, row, settings, conf_parse_size, "invalid value");
}

bool conf_set_msec(struct conf *cf, const struct conf_row *row, void *settings)
{
    return set_parsed(cf, row, settings, conf_parse_msec, "invalid value");
}

/* One of its two numbers. */
static bool parse_of_buffers(struct conf *cf, reader *read, struct span text,
                             const struct conf_range *range, int64_t *n)
{
    return (read(text, n) && in_range(range, *n)) ||
           conf_error(cf, "\"%s\" directive invalid value, " BETWEEN,
                      cf->words[0].ptr, BETWEEN_ARG(range));
}

bool conf_set_buffers(struct conf *cf, const struct conf_row *row,
                      void *settings)
{
    int64_t *n = number_of(row, settings), size;

    return parse_of_buffers(cf, read_number, cf->words[1], row->allowed, n) &&
           parse_of_buffers(cf, read_size, cf->words[2], &conf_any_size, &size);
}

bool conf_set_flag(struct conf *cf, const struct conf_row *row, void *settings)
{
    int64_t *flag = number_of(row, settings);

    if (span_eq_nocase(cf->words[1], SPAN("on")))
        *flag = 1;
    else if (span_eq_nocase(cf->words[1], SPAN("off")))
        *flag = 0;
    else
        return conf_error(cf,
                          "invalid value \"%s\" in \"%s\" directive, it must "
                          "be \"on\" or \"off\"",
                          cf->words[1].ptr, cf->words[0].ptr);
    return true;
}

static const struct conf_choice *find_choice(const struct conf_row *row,
                                             struct span word)
{
    const struct conf_choice *c = row->allowed;

    while (c->name != NULL && !span_eq_nocase(span_of(c->name), word))
        c++;
    return c->name == NULL ? NULL : c;
}

bool conf_set_choice(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    const struct conf_choice *choice = find_choice(row, cf->words[1]);

    if (choice == NULL)
        return conf_error(cf, "invalid value \"%s\"", cf->words[1].ptr);
    *number_of(row, settings) = choice->value;
    return true;
}

bool conf_set_mask(struct conf *cf, const struct conf_row *row, void *settings)
{
    int64_t *mask = number_of(row, settings);

    if (*mask == CONF_UNSET)
        *mask = 0;
    for (unsigned i = 1; i < cf->count; i++) {
        const struct conf_choice *choice = find_choice(row, cf->words[i]);

        if (choice == NULL)
            return conf_error(cf, "invalid value \"%s\"", cf->words[i].ptr);
        if (*mask & choice->value)
            conf_warn(cf, "duplicate value \"%s\"", cf->words[i].ptr);
        *mask |= choice->value;
    }
    return true;
}

bool conf_set_text(struct conf *cf, const struct conf_row *row, void *settings)
{
    struct span *text = arena_alloc(cf->arena, sizeof *text);

    if (text == NULL)
        return false;
    *text = cf->words[1];
    *(struct span **)((char *)settings + row->offset) = text;
    return true;
}

/* nginx makes a level of at most as many digits as its longest name for a
 * temporary file has. */
#define LEVEL_DIGITS 10

bool conf_set_temp_path(struct conf *cf, const struct conf_row *row,
                        void *settings)
{
    static const struct conf_range levels = {1, LEVEL_DIGITS, ""};
    int64_t digits = 0, level;

    for (unsigned i = 2; i < cf->count; i++) {
        if (!read_number(cf->words[i], &level) || !in_range(&levels, level) ||
            (digits += level) > LEVEL_DIGITS)
            return conf_error(cf,
                              "\"%s\" directive invalid value, each level "
                              "must be between 1 and %d, and all together at "
                              "most %d",
                              cf->words[0].ptr, LEVEL_DIGITS, LEVEL_DIGITS);
    }
    cf->words[1] = conf_path(cf, cf->words[1]);
    return cf->words[1].ptr != NULL && conf_set_text(cf, row, settings);
}
