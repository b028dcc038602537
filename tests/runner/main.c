/* strata-grade: plays the cases of the corpus to a program and grades it.
 *
 * It reads the cases, starts a pool of workers, and makes every case a CUnit
 * test whose body is to wait for the worker's result.  Exit status: 0 all
 * passed, 1 some failed, 2 the grader itself could not run. */

#include "corpus.h"
#include "lab.h"
#include "options.h"
#include "pool.h"
#include "record.h"
#include "report.h"
#include "tree.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_BROKEN 2

/* What a CUnit test, which takes no argument, has to know. */
static struct grader {
    const struct face *face;
    const char *output;
    FILE *out;
    struct pool *pool;
    struct run run;
    enum mode mode;
    char folder[PATH_MAX];
    bool broken;
} grader;

static volatile sig_atomic_t stopped; /* by this signal */

static void complain(const char *text)
{
    fprintf(stderr, "strata-grade: %s\n", text);
}

/* The words of the program to grade. */
static char **find_program(struct mem *m, const struct options *o,
                           struct err *e)
{
    char **words;
    size_t count;

    if (o->dir)
        return lab_find(m, o->dir, o->stage, e);
    if (!o->program) {
        words = mem_alloc(m, 2 * sizeof *words);
        words[0] = mem_printf(m, "%s/%s", o->bin, lab_program_name(o->stage));
        return words;
    }
    if (!program_words(m, span_of(o->program), &words, &count) || count == 0) {
        err_set(e,
                "PROGRAM \"%s\" is no command: a quote is open, or it is "
                "empty",
                o->program);
        return NULL;
    }
    return words;
}

/* A word list from an option; an empty list without it. */
static char **words_or_none(struct mem *m, const char *text)
{
    char **words;
    size_t count;

    program_words(m, span_of(text ? text : ""), &words, &count);
    return words;
}

/* The body of every CUnit test. */
static void wait_for_case(void)
{
    const char *name = CU_get_current_test()->pName;
    struct run *run = &grader.run;
    struct result *r;
    struct err e;
    size_t i = 0;

    while (strcmp(run->jobs[i].name, name) != 0)
        i++;
    r = &run->results[i];
    if (grader.broken || stopped || !pool_wait(grader.pool, i, r)) {
        grader.broken = true;
        CU_FAIL("no result");
        return;
    }
    if (grader.mode == MODE_RECORD && r->verdict == VERDICT_PASSED &&
        !record_apply(run->jobs[i].c, r, grader.out, &e))
        complain(e.text);
    if (grader.face->add)
        grader.face->add(run, i, grader.out, grader.output);
    CU_assertImplementation(
        r->verdict == VERDICT_PASSED || r->verdict == VERDICT_SKIPPED,
        (unsigned)r->line, r->what, run->jobs[i].c->file, name, CU_FALSE);
}

static bool run_cunit(struct run *run)
{
    CU_pSuite suite;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return false;
    suite = CU_add_suite("corpus", NULL, NULL);
    for (size_t i = 0; suite && i < run->count; i++)
        if (!CU_add_test(suite, run->jobs[i].name, wait_for_case))
            return false;
    return suite && CU_run_all_tests() == CUE_SUCCESS;
}

static void clean_up(void)
{
    if (grader.folder[0])
        tree_delete(grader.folder);
}

/* Ctrl+C: what waits for the workers is woken, and ends them. */
static void on_signal(int number)
{
    stopped = number;
}

static bool make_folder(struct err *e)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(grader.folder, sizeof grader.folder, "%s/strata-grade.XXXXXX",
             tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(grader.folder)) {
        grader.folder[0] = '\0';
        return err_set(e, "cannot make a folder for the run below %s",
                       tmp ? tmp : "/tmp");
    }
    chmod(grader.folder, 0755);
    atexit(clean_up);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    return true;
}

/* Plays all jobs and shows them; the exit status. */
static int run_jobs(const struct options *o, const struct jobs *jobs,
                    const char *shown, struct mem *m, struct err *e)
{
    const char *tree = mem_printf(m, "%s/tree", grader.folder);
    const char *backend = o->backend ? o->backend
                          : o->mode == MODE_GRADE
                              ? mem_printf(m, "%s/strata-prefork", o->bin)
                              : mem_printf(m, "%s/real-uwsgi", o->adapters);
    struct pool_options pool = {
        .setup = {o->corpus, tree, words_or_none(m, o->wrap),
                  words_or_none(m, backend), o->scale},
        .folder = grader.folder,
        .workers = o->workers,
        .limit = (int64_t)((double)o->limit * 1000 * o->scale),
        .record = o->mode == MODE_RECORD,
    };
    struct tally t;

    if (!tree_make(o->corpus, tree, NULL, e))
        return EXIT_BROKEN;
    grader.run = (struct run){
        o->stage,    shown,
        jobs->list,  mem_alloc(m, jobs->count * sizeof(struct result)),
        jobs->count, 0,
        NULL};
    grader.pool = pool_start(&pool, jobs->list, jobs->count, e);
    if (!grader.pool)
        return EXIT_BROKEN;
    if (grader.face->begin)
        grader.face->begin(&grader.run, grader.out);
    if (run_cunit(&grader.run) && !grader.broken) {
        grader.run.complaint = pool_finish(grader.pool);
        grader.run.pace = pool_pace(grader.pool);
        if (grader.face->end)
            grader.face->end(&grader.run, grader.out);
    }
    t = run_tally(&grader.run);
    pool_stop(grader.pool);
    for (size_t i = 0; i < jobs->count; i++)
        result_free(&grader.run.results[i]);
    CU_cleanup_registry();
    if (stopped)
        err_set(e, "stopped by a signal (%s)", strsignal(stopped));
    else if (grader.broken)
        err_set(e, "a worker of the grader has ended before its time");
    else
        err_set(e, "%d case%s broken: the case or the grader is at fault",
                t.broken, t.broken == 1 ? " is" : "s are");
    return t.broken ? EXIT_BROKEN : t.failed ? 1 : 0;
}

static bool open_output(const struct options *o, struct err *e)
{
    grader.face = report_face(o->format);
    if (!grader.face)
        return err_set(e,
                       "FORMAT \"%s\": expected text, json, tap, junit or "
                       "gradescope",
                       o->format);
    grader.mode = o->mode;
    grader.output = o->output;
    grader.out = stdout;
    if (o->output && grader.face != &report_gradescope)
        grader.out = fopen(o->output, "w");
    return grader.out || err_set(e, "cannot write %s", o->output);
}

/* Reads the cases and makes the jobs. */
static bool choose_jobs(const struct options *o, struct corpus *corpus,
                        struct jobs *jobs, const char **shown, struct mem *m,
                        struct err *e)
{
    char **words = NULL;
    struct buf text;

    if (!corpus_read(corpus, o->corpus, false, e) ||
        (o->hidden && !corpus_read(corpus, o->hidden, true, e)))
        return false;
    *shown = "real nginx and real uWSGI";
    if (o->mode == MODE_GRADE) {
        words = find_program(m, o, e);
        if (!words)
            return false;
        buf_init(&text, 65536);
        for (size_t i = 0; words[i]; i++)
            buf_printf(&text, "%s%s", i ? " " : "", words[i]);
        *shown = mem_copy(m, buf_span(&text)).ptr;
        buf_free(&text);
        jobs_grade(jobs, corpus, o->stage, words, o->cases);
    } else {
        jobs_verify(jobs, corpus, o->adapters, o->cases,
                    o->mode == MODE_RECORD);
    }
    if (jobs->count == 0 && o->mode != MODE_GRADE)
        return err_set(e, "there is no such case: CASES=\"%s\"",
                       o->cases ? o->cases : "");
    return jobs->count ||
           err_set(e, "there is no such case: stage %d, CASES=\"%s\"", o->stage,
                   o->cases ? o->cases : "");
}

int main(int argc, char **argv)
{
    struct options o;
    struct corpus corpus = {0};
    struct jobs jobs = {0};
    struct mem m = {0};
    const char *shown = "";
    int status = EXIT_BROKEN;
    struct err e = {""};

    if (!options_parse(&o, argc, argv))
        return EXIT_BROKEN;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGPIPE, SIG_IGN);
    if (o.mode == MODE_CHECK) {
        if (corpus_read(&corpus, o.corpus, false, &e))
            status = printf("%zu cases\n", corpus.count) < 0;
    } else if (open_output(&o, &e) && make_folder(&e) &&
               choose_jobs(&o, &corpus, &jobs, &shown, &m, &e)) {
        status = run_jobs(&o, &jobs, shown, &m, &e);
    }
    if (status == EXIT_BROKEN)
        complain(e.text);
    if (grader.out && fflush(grader.out) != 0)
        status = EXIT_BROKEN;
    jobs_free(&jobs);
    corpus_free(&corpus);
    mem_free(&m);
    return status;
}
