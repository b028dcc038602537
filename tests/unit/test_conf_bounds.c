/* conf_bounds: every number of the language has a smallest and a largest value.
 *
 * All rows of all modules are walked.  A row that keeps a number and is no
 * choice of words must carry a range, and is tried with the ends of the range,
 * with what lies just beyond them and with what no integer holds.  Words that
 * hold a number (weight=3) have no row; they are listed below. */

#include "conf_file.h"
#include "modules.h"
#include "unit.h"

#include <inttypes.h>

static struct conf_file_test t;

/* The directive in the first place where it may stand, with what it needs. */
static void in_place(char *text, size_t size, unsigned where, const char *line)
{
    static const struct {
        unsigned where;
        const char *before, *after;
    } places[] = {
        {CONF_MAIN, "events { } ", ""},
        {CONF_EVENTS, "events { ", " }"},
        {CONF_HTTP, "events { } http { ", " }"},
        {CONF_SERVER, "events { } http { server { ", " } }"},
        {CONF_LOCATION, "events { } http { server { location / { ", " } } }"},
        {CONF_UPSTREAM, "events { } http { upstream u { ", " } }"},
    };
    size_t i = 0;

    while ((places[i].where & where) == 0)
        i++;
    snprintf(text, size, "%s%s%s", places[i].before, line, places[i].after);
}

/* NULL when it is taken, else the message. */
static const char *try(unsigned where, const char *line)
{
    char text[1024];
    bool good;

    in_place(text, sizeof text, where, line);
    good = conf_file_read(&t, modules, text) != NULL;
    conf_file_free(&t);
    return good ? NULL : conf_file_error(&t);
}

static void taken(unsigned where, const char *line)
{
    const char *message = try(where, line);

    if (message != NULL)
        printf("\n%s: %s\n", line, message);
    CU_ASSERT_PTR_NULL(message);
}

/* Refused, with both ends named. */
static void outside(unsigned where, const char *line,
                    const struct conf_range *range)
{
    const char *message = try(where, line);
    char both[128];

    snprintf(both, sizeof both,
             "value must be between %" PRId64 "%s and %" PRId64 "%s",
             range->least, range->unit, range->most, range->unit);
    if (message == NULL || strstr(message, both) == NULL)
        printf("\n%s: %s\n", line, message ? message : "taken");
    CU_ASSERT_FATAL(message != NULL);
    CU_ASSERT(strstr(message, both) != NULL);
}

/* "NAME VALUE" or, with place 1 of 2, "NAME 1 VALUE". */
static void write_line(char *line, size_t size, const struct conf_row *row,
                       int place, const char *value)
{
    size_t n = (size_t)snprintf(line, size, "%s", row->name);
    int words = row->min > place + 1 ? row->min : place + 1;

    for (int i = 0; i < words; i++)
        n += (size_t)snprintf(line + n, size - n, " %s",
                              i == place ? value : "1");
    snprintf(line + n, size - n, ";");
}

static void try_place(const struct conf_row *row, int place,
                      const struct conf_range *range)
{
    char value[64], line[256];

    for (int i = 0; i < 2; i++) {
        snprintf(value, sizeof value, "%" PRId64 "%s",
                 i ? range->most : range->least, range->unit);
        write_line(line, sizeof line, row, place, value);
        taken(row->where, line);
    }
    if (range->least != 0) {
        snprintf(value, sizeof value, "%" PRId64 "%s", range->least - 1,
                 range->unit);
        write_line(line, sizeof line, row, place, value);
        outside(row->where, line, range);
    }
    if (range->most != INT64_MAX) {
        snprintf(value, sizeof value, "%" PRId64 "%s", range->most + 1,
                 range->unit);
        write_line(line, sizeof line, row, place, value);
        outside(row->where, line, range);
        write_line(line, sizeof line, row, place,
                   range->unit[0] ? "9223372036854775807ms"
                                  : "9223372036854775807");
        outside(row->where, line, range);
    }
    write_line(line, sizeof line, row, place, "9223372036854775808");
    CU_ASSERT_PTR_NOT_NULL(try(row->where, line));
    write_line(line, sizeof line, row, place, "-1");
    if (range->least >= 0)
        CU_ASSERT_PTR_NOT_NULL(try(row->where, line));
}

static bool is_of_words(const struct conf_row *row)
{
    return row->set == conf_set_flag || row->set == conf_set_choice ||
           row->block || row->max == 0;
}

static void rows(void)
{
    unsigned tried = 0;

    for (const struct module *const *m = modules; *m != NULL; m++)
        for (const struct conf_row *r = (*m)->rows; r && r->name; r++) {
            const struct conf_range *range = r->allowed;

            if (r->kind != CONF_NUMBER || is_of_words(r))
                continue;
            if (range == NULL)
                printf("\n%s has no range\n", r->name);
            CU_ASSERT_PTR_NOT_NULL_FATAL(range);
            CU_ASSERT(range->least < range->most);
            CU_ASSERT(r->fallback == -1 || (r->fallback >= range->least &&
                                            r->fallback <= range->most));
            try_place(r, 0, range);
            if (r->set == conf_set_buffers)
                try_place(r, 1, &conf_any_size);
            tried++;
        }
    CU_ASSERT(tried > 30);
}

/* Rows with a second number, and words with one. */
static void words(void)
{
    static const struct {
        unsigned where;
        const char *before;
        struct conf_range range;
        const char *after;
    } list[] = {
        {CONF_HTTP, "keepalive_timeout 5 ", {0, CONF_HUNDRED_YEARS, "ms"}, ""},
        {CONF_HTTP, "large_client_header_buffers 1 ", {1, 1 << 30, ""}, ""},
        {CONF_SERVER, "return ", {0, 999, ""}, " x"},
        {CONF_SERVER, "listen 127.0.0.1:1 backlog=", {1, INT32_MAX, ""}, ""},
        {CONF_UPSTREAM, "server 127.0.0.1 weight=", {1, INT32_MAX, ""}, ""},
        {CONF_UPSTREAM, "server 127.0.0.1 max_fails=", {0, INT32_MAX, ""}, ""},
        {CONF_UPSTREAM, "server 127.0.0.1 max_conns=", {0, INT32_MAX, ""}, ""},
        {CONF_UPSTREAM, "server 127.0.0.1 fail_timeout=",
         {0, CONF_HUNDRED_YEARS, "ms"}, ""},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        const struct conf_range *r = &list[i].range;
        char line[256];

#define LINE(value)                                                            \
    snprintf(line, sizeof line, "%s%" PRId64 "%s%s;", list[i].before,          \
             (int64_t)(value), r->unit, list[i].after)
        LINE(r->least);
        taken(list[i].where, line);
        LINE(r->most);
        taken(list[i].where, line);
        LINE(r->most + 1);
        outside(list[i].where, line, r);
        LINE(INT64_MAX);
        outside(list[i].where, line, r);
        LINE(r->least - 1);
        CU_ASSERT_PTR_NOT_NULL(try(list[i].where, line));
        snprintf(line, sizeof line, "%s99999999999999999999%s;",
                 list[i].before, list[i].after);
        CU_ASSERT_PTR_NOT_NULL(try(list[i].where, line));
    }
}

/* Each of the two may be large, their product not. */
static void products(void)
{
    taken(CONF_HTTP, "large_client_header_buffers 1 1g;");
    CU_ASSERT_STRING_EQUAL(try(CONF_HTTP,
                               "large_client_header_buffers 2 1g;"),
                           "the buffers of \"large_client_header_buffers\" add "
                           "up to more than 2147483647 bytes");
    CU_ASSERT_PTR_NOT_NULL(try(CONF_HTTP, "large_client_header_buffers "
                                          "2147483647 1g;"));
}

static void ports(void)
{
    static const char *const bad[] = {"0", "65536", "4294967376",
                                      "18446744073709551696"};
    char line[128];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(line, sizeof line, "listen 127.0.0.1:%s;", bad[i]);
        CU_ASSERT_PTR_NOT_NULL(try(CONF_SERVER, line));
        snprintf(line, sizeof line, "server 127.0.0.1:%s;", bad[i]);
        CU_ASSERT_PTR_NOT_NULL(try(CONF_UPSTREAM, line));
    }
    taken(CONF_SERVER, "listen 127.0.0.1:65535;");
    taken(CONF_UPSTREAM, "server 127.0.0.1:65535;");
}

UNIT_MAIN("conf_bounds", {"rows", rows}, {"words", words},
          {"products", products}, {"ports", ports})
