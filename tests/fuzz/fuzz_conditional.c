/* fuzz_conditional: whatever stands in Range and the If-* fields, the ranges
 * lie within the file and add up to no more than it, and a date that was read
 * is written and read again as the same second. */

#include <stdlib.h>
#include <string.h>

#include "conditional.h"

#define FIELDS 64

static void require(int good)
{
    if (!good)
        abort();
}

static void check_date(struct span text)
{
    char out[HTTP_DATE_LEN];
    time_t t, again;

    if (!http_date_parse(text, &t) || t < 0)
        return;
    http_date_format(out, t);
    require(http_date_parse((struct span){out, sizeof out}, &again));
    require(t == again);
}

static void check_ranges(const struct http_request *r, uint64_t size)
{
    struct http_range list[HTTP_MAX_RANGES];
    uint64_t total = 0;
    int n = range_parse(r, size, SPAN("\"1-a\""), 1, list, HTTP_MAX_RANGES);

    require(n >= -1 && n <= HTTP_MAX_RANGES);
    for (int i = 0; i < n; i++) {
        require(list[i].first <= list[i].last && list[i].last < size);
        total += list[i].last - list[i].first + 1;
    }
    require(total <= size);
}

/* The bytes are the field lines of a request, all but the first of which may
 * be any, or one date. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char before[] = "GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=";
    static const char after[] = "\r\n\r\n";
    size_t len = strlen(before) + size + strlen(after);
    struct http_field list[FIELDS];
    struct http_request r;
    char *head = malloc(len);
    int status;

    check_date((struct span){(const char *)data, size});
    memcpy(head, before, strlen(before));
    memcpy(head + strlen(before), data, size);
    memcpy(head + strlen(before) + size, after, strlen(after));
    http_request_init(&r, list, FIELDS, NULL);
    if (http_parse_request(&r, head, len) == HTTP_DONE) {
        http_settle(&r.fields, head);
        check_ranges(&r, 0);
        check_ranges(&r, 10);
        check_ranges(&r, UINT64_MAX / 4);
        status = conditional_check(&r, SPAN("\"1-a\""), 1, true);
        require(status == 0 || status == 304 || status == 412);
        conditional_repeated(&r);
    }
    free(head);
    return 0;
}
