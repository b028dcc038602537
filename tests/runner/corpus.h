/* corpus: all the cases of a folder, and which of them are played. */

#ifndef RUNNER_CORPUS_H
#define RUNNER_CORPUS_H

#include "result.h"

struct corpus {
    struct corpus_case **cases; /* by name */
    size_t count;
};

/* Reads folder/TOPIC/NAME.case, or, for hidden cases, folder/NAME.case too.
 * Every mistake is printed as file:line; false when there was one, or when
 * the folder cannot be read (then e says so). */
bool corpus_read(struct corpus *corpus, const char *folder, bool hidden,
                 struct err *e);
void corpus_free(struct corpus *corpus);

/* True when the name begins with one of the words in `prefixes`, or there are
 * none. */
bool corpus_selected(struct span name, const char *prefixes);

struct jobs {
    struct mem mem;
    struct job *list;
    size_t count;
};

/* The jobs of grading a stage. */
void jobs_grade(struct jobs *jobs, const struct corpus *corpus, int stage,
                char *const *program, const char *prefixes);

/* The jobs of replaying what was recorded to the servers it was recorded
 * from, through the adapters in a folder: at each stage where there is one, or,
 * with `once`, at the first.  Where a case differs on purpose the job is to be
 * skipped. */
void jobs_verify(struct jobs *jobs, const struct corpus *corpus,
                 const char *adapters, const char *prefixes, bool once);

void jobs_free(struct jobs *jobs);

#endif
