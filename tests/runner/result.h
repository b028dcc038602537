/* result: what came of the cases, apart from how it is shown.
 *
 * A job is a case at a stage against a program; a result is what came of it.
 * Results travel from the workers to the grader as one line of JSON each, and
 * the faces (text, json, tap, junit, gradescope) read nothing else. */

#ifndef RUNNER_RESULT_H
#define RUNNER_RESULT_H

#include "case.h"

#include <jansson.h>

enum verdict {
    VERDICT_NONE, /* not yet known */
    VERDICT_PASSED,
    VERDICT_FAILED,
    VERDICT_SKIPPED, /* differs on purpose */
    VERDICT_BROKEN,  /* the grader or the case is at fault */
};

struct job {
    const struct corpus_case *c;
    int stage;
    char *const *program; /* the command's words */
    const char *name;     /* of the case; "hidden-1" for one that is hidden */
    struct span skip;     /* why it is not played; len 0: it is */
};

/* Texts are printable ASCII, "" where there is nothing to say. */
struct result {
    enum verdict verdict;
    double seconds;
    bool doubtful;    /* failed, and the machine may have done it */
    bool again;       /* it was played a second time, alone */
    int line;         /* of the case's file */
    size_t caret;     /* column of the first difference */
    const char *what; /* a sentence */
    const char *chop; /* the replay: "as written", "bytes" ... */
    const char *expected, *received;
    const char *sent;    /* lines */
    const char *by_hand; /* two commands, a line each */
    const char *log;     /* the end of the program's log, lines */
    json_t *corrections; /* make record: [[line, last line, text], ...] */
    json_t *json;        /* what the texts belong to */
};

/* The result as JSON and back; result_read takes over the reference. */
json_t *result_json(const struct result *r);
bool result_read(struct result *r, json_t *json);
void result_free(struct result *r);

const char *verdict_name(enum verdict v);

/* A whole run, as far as it has come. */
struct run {
    int stage;           /* 0: several (verify, record) */
    const char *program; /* as the user named it */
    const struct job *jobs;
    struct result *results;
    size_t count;
    double pace;           /* times that this machine is slower than a quiet
                            * one, as measured; 0: not yet */
    const char *complaint; /* of a memory checker, when programs were stopped;
                            * NULL: none */
};

struct tally {
    int passed, failed, skipped, broken;
    int again;      /* were played a second time, alone */
    int points, of; /* skipped cases count in neither */
};

struct tally run_tally(const struct run *run);

/* points in percent of `of`, rounded down, so that 100 means all. */
int tally_percent(const struct tally *t);

#endif
