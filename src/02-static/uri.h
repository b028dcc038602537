/* uri: the path of a request target, decoded and normalised (RFC 3986 5.2.4,
 * 6.2.2; rule: decode once, then remove dot segments, then look at the root).
 *
 * `uri_normalise` is what stands between a client and the file system. */

#ifndef STRATA_URI_H
#define STRATA_URI_H

#include "bytes.h"

/* Decodes %XX once, resolves "." and ".." segments, and, when merge_slashes,
 * makes runs of "/" one.  `raw` begins with "/" and has no query (a "#" and
 * what follows is dropped as nginx does).  `out` holds raw.len bytes.  Returns
 * the length, or -1 when the path is to be refused with 400: a bad escape,
 * %00, or ".." above the root. */
long uri_normalise(char *out, struct span raw, bool merge_slashes);

/* The same into *out, in place of what it holds, with a NUL behind it that does
 * not count; an empty `raw` gives an empty path.  0, or the status to answer:
 * 400, or 500 with errno set when the buffer cannot hold it. */
int uri_path(struct buf *out, struct span raw, bool merge_slashes);

/* The query of a target whose part before the "?" is `raw`, without the
 * fragment that nobody should have sent: "?a#b" is "?a", "#x?y" has none. */
struct span uri_query(struct span raw, struct span query);

/* Which bytes uri_escape encodes; the first two are nginx's sets. */
enum uri_escape {
    URI_ESCAPE_PATH,     /* in a path that is sent on or put into Location */
    URI_ESCAPE_ARG,      /* in one argument of a query */
    URI_ESCAPE_CONTROLS, /* what would end it or its line, in a finished URI */
};

/* Appends s, percent-encoded; false, with nothing appended, as buf_add. */
bool uri_escape(struct buf *out, struct span s, enum uri_escape what);

#endif
