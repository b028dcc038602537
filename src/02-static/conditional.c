/* conditional: validators, preconditions and ranges (RFC 9110 8.8, 13, 14).
 *
 * Where the RFC leaves a choice, nginx's is taken; each place says so. */

#include "conditional.h"

#include <stdio.h>

static const struct span if_match = SPAN_INIT("If-Match");
static const struct span if_none_match = SPAN_INIT("If-None-Match");
static const struct span if_modified_since = SPAN_INIT("If-Modified-Since");
static const struct span if_unmodified_since = SPAN_INIT("If-Unmodified-Since");
static const struct span if_range = SPAN_INIT("If-Range");

size_t etag_format(char *out, time_t mtime, uint64_t size)
{
    return (size_t)snprintf(out, ETAG_MAX, "\"%llx-%llx\"",
                            (unsigned long long)mtime,
                            (unsigned long long)size);
}

/* Two are lists, whose lines are one list; but "*" is no element of one. */
bool conditional_repeated(const struct http_request *r)
{
    static const struct {
        const struct span *name;
        bool list;
    } once[] = {{&if_match, true},
                {&if_none_match, true},
                {&if_modified_since, false},
                {&if_unmodified_since, false},
                {&if_range, false}};
    const struct span star = SPAN("*");
    struct span before[COUNT(once)] = {{NULL, 0}};

    for (unsigned i = 0; i < r->fields.count; i++) {
        struct span name = http_name(&r->fields, i);
        struct span value = http_value(&r->fields, i);

        if (!span_starts(name, SPAN("I")) && !span_starts(name, SPAN("i")))
            continue;
        for (unsigned k = 0; k < COUNT(once); k++) {
            if (!span_eq_nocase(name, *once[k].name))
                continue;
            if (before[k].ptr != NULL &&
                (!once[k].list || span_eq(value, star) ||
                 span_eq(before[k], star)))
                return true;
            before[k] = value;
        }
    }
    return false;
}

/* An entity tag without its mark of weakness. */
static struct span opaque_tag(struct span tag)
{
    span_skip_prefix(&tag, SPAN("W/"));
    return tag;
}

/* True when the field is "*" or a list of entity tags that names this one.  The
 * weak comparison takes W/"x" for "x", the strong one takes no weak tag at all
 * (RFC 9110 8.8.3.2).  A comma inside of a tag would be taken for the end of
 * it, by nginx too; no tag that we hand out has one. */
static bool names_tag(const struct http_fields *f, struct span name,
                      struct span etag, bool weak)
{
    struct http_list list = {.fields = f, .name = name};
    struct span tag;

    if (span_eq(http_get(f, name), SPAN("*")))
        return true;
    while (etag.len > 0 && http_list_next(&list, &tag)) {
        if (weak ? span_eq(opaque_tag(tag), opaque_tag(etag))
                 : span_eq(tag, etag) && !span_starts(etag, SPAN("W/")))
            return true;
    }
    return false;
}

/* If-Unmodified-Since: a date that cannot be read is refused with 412, for
 * the client asked for a guarantee that cannot be given. */
static bool unmodified(struct span value, time_t mtime)
{
    time_t since;

    return mtime == -1 || (http_date_parse(value, &since) && mtime <= since);
}

static bool modified(struct span value, time_t mtime, bool exact)
{
    time_t since;

    if (!http_date_parse(value, &since))
        return true;
    return exact ? mtime != since : mtime > since;
}

/* RFC 9110 13.2.2 has If-Match hide If-Unmodified-Since, and If-None-Match
 * hide If-Modified-Since.  nginx asks for both of each pair to hold, and so do
 * we: it errs on the side of sending the file, or of refusing to. */
int conditional_check(const struct http_request *r, struct span etag,
                      time_t mtime, bool exact)
{
    const struct http_fields *f = &r->fields;
    struct span match = http_get(f, if_match);
    struct span none_match = http_get(f, if_none_match);
    struct span modified_since = http_get(f, if_modified_since);
    struct span unmodified_since = http_get(f, if_unmodified_since);

    if (unmodified_since.ptr != NULL && !unmodified(unmodified_since, mtime))
        return 412;
    if (match.ptr != NULL && !names_tag(f, if_match, etag, false))
        return 412;
    if (modified_since.ptr == NULL && none_match.ptr == NULL)
        return 0;
    if (modified_since.ptr != NULL && modified(modified_since, mtime, exact))
        return 0;
    if (none_match.ptr != NULL && !names_tag(f, if_none_match, etag, true))
        return 0;
    return 304;
}

/* If-Range holds with a strong tag that is equal or the very date; anything
 * else means that the client's part is of another file (RFC 9110 13.1.5). */
static bool range_applies(const struct http_request *r, struct span etag,
                          time_t mtime)
{
    struct span value = http_get(&r->fields, if_range);
    time_t date;

    if (value.ptr == NULL)
        return true;
    if (span_ends(value, SPAN("\"")))
        return etag.len > 0 && span_eq(value, etag) &&
               !span_starts(etag, SPAN("W/"));
    return mtime != -1 && http_date_parse(value, &date) && date == mtime;
}

static struct span trim_blanks(struct span s)
{
    while (span_skip_prefix(&s, SPAN(" ")))
        continue;
    while (s.len > 0 && s.ptr[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* A byte position; past the largest file offset it is a mistake, as in nginx,
 * and not a large number. */
static bool position(struct span s, uint64_t *value)
{
    return span_decimal(trim_blanks(s), value) && *value <= INT64_MAX;
}

enum range_kind {
    RANGE_BAD,   /* no range-spec */
    RANGE_NONE,  /* names no byte of this representation */
    RANGE_WHOLE, /* begins where an empty representation ends */
    RANGE_SOME,
};

/* One range-spec (RFC 9110 14.1.1): "2-4", "2-" or "-3".  Blanks may stand
 * around the numbers, but not between the "-" and the length of a suffix. */
static enum range_kind parse_spec(struct span spec, uint64_t size,
                                  struct http_range *range)
{
    struct span first, last = trim_blanks(spec);
    uint64_t from, end; /* the bytes [from, end) */

    if (span_chr(last, '-') == NULL)
        return RANGE_BAD;
    span_next(&last, '-', &first);
    if (first.len == 0) {
        if (!span_decimal(last, &end) || end > INT64_MAX)
            return RANGE_BAD;
        from = end < size ? size - end : 0;
        end = size;
    } else {
        end = INT64_MAX;
        if (!position(first, &from) ||
            (trim_blanks(last).len > 0 && !position(last, &end)))
            return RANGE_BAD;
        end = end < size ? end + 1 : size;
    }
    if (from >= end)
        return from == 0 ? RANGE_WHOLE : RANGE_NONE;
    *range = (struct http_range){from, end - 1};
    return RANGE_SOME;
}

/* The ranges of a list; as range_parse, once it is known that they count. */
static int parse_list(struct span list, uint64_t size, struct http_range *out,
                      int max)
{
    struct http_range range;
    struct span spec;
    uint64_t total = 0;
    int count = 0;

    if (span_ends(list, SPAN(",")))
        return -1;
    while (span_next(&list, ',', &spec)) {
        switch (parse_spec(spec, size, &range)) {
        case RANGE_BAD:
            return -1;
        case RANGE_WHOLE:
            return 0;
        case RANGE_NONE:
            continue;
        case RANGE_SOME:
            break;
        }
        if (count == max)
            return 0;
        out[count++] = range;
        total += range.last - range.first + 1;
    }
    if (count == 0)
        return -1;
    return total > size ? 0 : count;
}

/* Range is for GET: to HEAD, and to any other method, it says nothing (RFC 9110
 * 14.2).  A list that asks for more bytes than there are, or for more parts
 * than we would count, is a way to make a server work for ten clients at the
 * price of one: it gets the whole, once. */
int range_parse(const struct http_request *r, uint64_t size, struct span etag,
                time_t mtime, struct http_range *list, int max)
{
    struct span unit = SPAN("bytes=");
    struct span value = http_get(&r->fields, SPAN("Range"));

    if (max == 0 || value.len <= unit.len ||
        !span_eq(http_request_span(r, r->method), SPAN("GET")) ||
        !span_starts_nocase(value, unit) ||
        !range_applies(r, etag, mtime))
        return 0;
    return parse_list(span_from(value, unit.len), size, list, max);
}
