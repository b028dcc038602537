/* http_status: the words of every code that is asked for. */

#include "http_status.h"
#include "unit.h"

static void phrases(void)
{
    CU_ASSERT(span_eq(http_reason(200), SPAN("OK")));
    CU_ASSERT(span_eq(http_reason(100), SPAN("Continue")));
    CU_ASSERT(span_eq(http_reason(302), SPAN("Moved Temporarily")));
    CU_ASSERT(span_eq(http_reason(405), SPAN("Not Allowed")));
    CU_ASSERT(span_eq(http_reason(408), SPAN("Request Time-out")));
    CU_ASSERT(
        span_eq(http_reason(511), SPAN("Network Authentication Required")));
}

/* Any number may be asked for, and the answer can always be printed. */
static void without(void)
{
    static const int codes[] = {-1, 0, 99, 104, 418, 499, 512, 999, 1 << 30};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        CU_ASSERT_EQUAL(http_reason(codes[i]).len, 0);
        CU_ASSERT_PTR_NOT_NULL(http_reason(codes[i]).ptr);
    }
}

UNIT_MAIN("http_status", {"phrases", phrases}, {"without", without})
