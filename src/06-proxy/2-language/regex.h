/* regex: PCRE2 as nginx uses it: compiled once, matched often. */

#ifndef STRATA_REGEX_H
#define STRATA_REGEX_H

#include "arena.h"

struct regex;

/* Compiles a pattern; `nocase` for ~*.  It lives as long as the arena.  NULL
 * with err set to what is wrong with the pattern and where. */
struct regex *regex_compile(struct arena *a, struct span pattern, bool nocase,
                            struct err *err);

/* What came of a match.  PCRE2 gives up on a subject that costs too much, and
 * a rule that could not be asked has not said no: so this is a struct, which no
 * `if` takes for yes or no, and each caller has a switch with three cases. */
struct regex_result {
    enum { REGEX_NO, REGEX_YES, REGEX_GAVE_UP } is;
};

/* REGEX_YES when the pattern matches somewhere in the subject; the captures,
 * the whole match first, go to list[0 .. max), a NULL ptr for one that took no
 * part.  The spans point into the subject.  REGEX_GAVE_UP with err set. */
struct regex_result regex_match(struct regex *re, struct span subject,
                                struct span *list, unsigned max,
                                struct err *err);

/* The number of the capture with this name, or -1. */
int regex_named(const struct regex *re, struct span name);

/* Calls each(context, name) for every named capture. */
void regex_names(const struct regex *re,
                 void (*each)(void *context, struct span name), void *context);

#endif
