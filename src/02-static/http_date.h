/* http_date: dates as HTTP writes them (RFC 9110 5.6.7). */

#ifndef STRATA_HTTP_DATE_H
#define STRATA_HTTP_DATE_H

#include "bytes.h"

#include <time.h>

#define HTTP_DATE_LEN 29 /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* Writes t as an IMF-fixdate: HTTP_DATE_LEN bytes, no NUL.  What lies outside
 * of the years 1970 to 9999 becomes their first or last second. */
void http_date_format(char *out, time_t t);

/* Reads any of the three formats of RFC 9110 5.6.7; false, with *t untouched,
 * when it is none or there is no such day or time.  As in nginx, the name of
 * the weekday and what follows the last number ("GMT") are not looked at, and
 * years of two digits are those from 1970 to 2069. */
bool http_date_parse(struct span text, time_t *t);

/* The present second as a date, kept for the caller: formatted once a second,
 * not once a response.  Zero-initialise it; one per thread. */
struct http_clock {
    time_t second;
    char text[HTTP_DATE_LEN];
};

struct span http_clock_now(struct http_clock *clock);

#endif
