/* report_tap: the Test Anything Protocol, version 14. */

#include "report.h"

static void begin(const struct run *run, FILE *out)
{
    fprintf(out, "TAP version 14\n1..%zu\n", run->count);
}

static void add(const struct run *run, size_t i, FILE *out, const char *path)
{
    const struct result *r = &run->results[i];
    const struct job *job = &run->jobs[i];
    bool fine = r->verdict == VERDICT_PASSED || r->verdict == VERDICT_SKIPPED;
    struct buf text;

    (void)path;
    fprintf(out, "%s %zu - %s%s%s\n", fine ? "ok" : "not ok", i + 1, job->name,
            r->verdict == VERDICT_SKIPPED ? " # SKIP " : "",
            r->verdict == VERDICT_SKIPPED ? r->what : "");
    if (!fine) {
        buf_init(&text, 1 << 20);
        report_failure(&text, job, r, "# ");
        fwrite(text.ptr, 1, text.len, out);
        buf_free(&text);
    }
    fflush(out);
}

static void end(const struct run *run, FILE *out)
{
    struct tally t = run_tally(run);

    if (run->complaint)
        fputs("Bail out! a memory checker complained of a program\n", out);
    if (run->pace > 1)
        fprintf(out, "# this machine is %.1f times slower than a quiet one\n",
                run->pace);
    fprintf(out, "# %d of %d points, %d %%\n", t.points, t.of,
            tally_percent(&t));
}

const struct face report_tap = {"tap", begin, add, end};
