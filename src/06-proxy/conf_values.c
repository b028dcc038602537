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
    text->ptr += len;
    text->len -= len;
    return len > 0;
}

bool conf_parse_number(struct span text, int64_t *n)
{
    int64_t value;

    if (!take_digits(&text, &value) || text.len > 0)
        return false;
    *n = value;
    return true;
}

bool conf_parse_size(struct span text, int64_t *bytes)
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
    text->ptr += time_units[i].name.len;
    text->len -= time_units[i].name.len;
    *text = span_trim(*text);
    *unit = time_units[i].ms;
    return true;
}

bool conf_parse_msec(struct span text, int64_t *ms)
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

static bool duplicate(struct conf *cf)
{
    return conf_error(cf, "\"%s\" directive is duplicate", cf->words[0].ptr);
}

static int64_t *number_of(const struct conf_row *row, void *settings)
{
    return (int64_t *)((char *)settings + row->offset);
}

/* What conf_set_number, _size and _msec have in common. */
static bool set_parsed(struct conf *cf, const struct conf_row *row,
                       void *settings, bool parse(struct span, int64_t *),
                       const char *complaint)
{
    int64_t *n = number_of(row, settings);

    if (*n != CONF_UNSET)
        return duplicate(cf);
    return parse(cf->words[1], n) ||
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

bool conf_set_flag(struct conf *cf, const struct conf_row *row, void *settings)
{
    int64_t *flag = number_of(row, settings);

    if (*flag != CONF_UNSET)
        return duplicate(cf);
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
    const struct conf_choice *c = row->choices;

    while (c->name != NULL && !span_eq_nocase(span_of(c->name), word))
        c++;
    return c->name == NULL ? NULL : c;
}

bool conf_set_choice(struct conf *cf, const struct conf_row *row,
                     void *settings)
{
    const struct conf_choice *choice = find_choice(row, cf->words[1]);

    if (*number_of(row, settings) != CONF_UNSET)
        return duplicate(cf);
    if (choice == NULL)
        return conf_error(cf, "invalid value \"%s\"", cf->words[1].ptr);
    *number_of(row, settings) = choice->value;
    return true;
}

/* Not refused a second time: as in nginx, what several lines say adds up. */
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
    void *slot = (char *)settings + row->offset;
    struct span *text, *old;

    memcpy(&old, slot, sizeof old);
    if (old != NULL)
        return duplicate(cf);
    text = arena_alloc(cf->arena, sizeof *text);
    if (text == NULL)
        return false;
    *text = cf->words[1];
    memcpy(slot, &text, sizeof text);
    return true;
}
