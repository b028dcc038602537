/* report_text: for a person at a terminal. */

#include "report.h"

static void begin(const struct run *run, FILE *out)
{
    if (run->stage)
        fprintf(out, "Stage %d: %zu cases against %s\n", run->stage, run->count,
                run->program);
    else
        fprintf(out, "%zu cases against %s\n", run->count, run->program);
    fflush(out);
}

static void add(const struct run *run, size_t i, FILE *out, const char *path)
{
    const struct result *r = &run->results[i];
    const struct job *job = &run->jobs[i];
    struct buf text;

    (void)path;
    if (r->verdict == VERDICT_PASSED)
        return;
    if (r->verdict == VERDICT_SKIPPED) {
        fprintf(out, "skipped  %s: %s\n", job->name, r->what);
        return;
    }
    buf_init(&text, 1 << 20);
    buf_printf(&text, "\n%s   %s  (stage %d, %d point%s)\n",
               r->verdict == VERDICT_FAILED ? "FAILED" : "BROKEN", job->name,
               job->stage, job->c->points, job->c->points == 1 ? "" : "s");
    if (!job->c->hidden)
        buf_printf(&text, "         %.*s\n", SPAN_ARG(job->c->title));
    report_failure(&text, job, r, "         ");
    fwrite(text.ptr, 1, text.len, out);
    fflush(out);
    buf_free(&text);
}

static void end(const struct run *run, FILE *out)
{
    struct tally t = run_tally(run);

    if (t.failed + t.broken + t.skipped)
        fputc('\n', out);
    if (run->complaint)
        fprintf(out, "FAILED   a memory checker complained of a program:\n%s\n",
                run->complaint);
    if (run->stage)
        fprintf(out, "Grade of stage %d: %d of %d points, %d %%\n", run->stage,
                t.points, t.of, tally_percent(&t));
    if (t.skipped)
        fprintf(out, "%d differ on purpose\n", t.skipped);
    if (run->pace > 1)
        fprintf(out,
                "This machine is %.1f times slower than a quiet one: "
                "%d cases were played again, alone\n",
                run->pace, t.again);
    if (t.broken)
        fprintf(out,
                "%d broken: the case or the grader is at fault, or the "
                "machine; this is no grade\n",
                t.broken);
    fprintf(out, "%d passed, %d failed\n", t.passed, t.failed + t.broken);
}

const struct face report_text = {"text", begin, add, end};
