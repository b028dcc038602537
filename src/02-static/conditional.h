/* conditional: validators, preconditions and ranges (RFC 9110 8.8, 13, 14).
 *
 * All pure: a request's fields and a file's facts go in, a decision comes
 * out. */

#ifndef STRATA_CONDITIONAL_H
#define STRATA_CONDITIONAL_H

#include "http_date.h"
#include "http_request.h"

/* "\"%x-%x\"" with 16 digits each, and a W/ before it */
#define ETAG_MAX 40

/* Writes the entity tag of a file as nginx makes it: mtime and size in hex,
 * in quotes.  Returns its length. */
size_t etag_format(char *out, time_t mtime, uint64_t size);

/* True when one of the five If-* fields stands twice and is not the list that
 * may (If-Match and If-None-Match, but for "*"): 400, as from nginx, before the
 * file is looked for. */
bool conditional_repeated(const struct http_request *r);

/* What the preconditions of a request say of a representation with these
 * validators; `etag` may be empty (none), `mtime` -1 (none).  Each that is
 * there must hold, as in nginx (If-Modified-Since `exact`: equal, else not
 * later).  Returns 0 (go on), 304 or 412. */
int conditional_check(const struct http_request *r, struct span etag,
                      time_t mtime, bool exact);

struct http_range {
    uint64_t first, last; /* inclusive */
};

/* How many ranges one request may ask for. */
#define HTTP_MAX_RANGES 32

/* What Range (and If-Range) ask of a representation of `size` bytes: the
 * ranges, in request order and clamped, in list[0 .. max).  Returns how many; 0
 * when the whole is to be sent (no Range, a method other than GET, If-Range
 * does not match, a unit other than bytes, more than max ranges, or ranges that
 * add up to more than the whole); -1 when none is satisfiable or, as in nginx,
 * one is misspelt: 416. */
int range_parse(const struct http_request *r, uint64_t size, struct span etag,
                time_t mtime, struct http_range *list, int max);

#endif
