/* match: patterns against bytes.
 *
 * Pure.  It says whether they agree, where they first do not, and whether
 * bytes that are still to come could change that. */

#ifndef RUNNER_MATCH_H
#define RUNNER_MATCH_H

#include "text.h"

#include <time.h>

enum match_verdict {
    MATCH_YES,
    MATCH_NO,
    MATCH_SHORT, /* good so far; what comes next decides (MATCH_PREFIX) */
};

enum match_how {
    MATCH_ALL,    /* the pattern is all of the subject */
    MATCH_PREFIX, /* the subject begins with it */
    MATCH_INSIDE, /* it stands somewhere in the subject */
};

#define MATCH_MAX_CAPTURES 16

struct match {
    enum match_verdict verdict;
    size_t len; /* MATCH_YES, MATCH_PREFIX: bytes that the pattern took */

    /* MATCH_NO: the first difference: this far in the subject, at this byte
     * of this piece of the pattern (piece == count: the pattern has ended). */
    size_t at, piece, piece_at;

    struct {
        struct span name, value; /* value: a part of the subject */
    } captures[MATCH_MAX_CAPTURES];
    size_t captured;
};

/* `lines`: {any} goes across line ends.  `final`: no more bytes will come. */
void match_pattern(struct match *m, const struct pattern *p,
                   struct span subject, enum match_how how, bool lines,
                   bool final);

/* True for an IMF-fixdate with the right weekday; its time goes to *t. */
bool match_date(struct span s, time_t *t);

/* Appends the pattern from a piece and a byte of it on, escaped, its classes
 * as {any}. */
void match_show(struct buf *out, const struct pattern *p, size_t piece,
                size_t piece_at);

#endif
