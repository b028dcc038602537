/* report: the faces of a run.
 *
 * A face is three functions over a run: at the beginning, after each result,
 * at the end.  They write to `out`; gradescope writes a file that is whole
 * after every case. */

#ifndef RUNNER_REPORT_H
#define RUNNER_REPORT_H

#include "result.h"

#include <stdio.h>

struct face {
    const char *name;
    /* Each may be NULL.  `path` is --output, or NULL. */
    void (*begin)(const struct run *run, FILE *out);
    void (*add)(const struct run *run, size_t i, FILE *out, const char *path);
    void (*end)(const struct run *run, FILE *out);
};

/* The face with this name, or NULL. */
const struct face *report_face(const char *name);

extern const struct face report_text, report_json, report_tap, report_junit,
    report_gradescope;

/* Appends all that a person is told of a failure, each line after `indent`;
 * nothing but the sentence for a hidden case. */
void report_failure(struct buf *out, const struct job *job,
                    const struct result *r, const char *indent);

#endif
