/* report_junit: JUnit's XML, as build servers read it. */

#include "report.h"

/* All texts are printable ASCII and line ends. */
static void write_escaped(FILE *out, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        switch (s.ptr[i]) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(s.ptr[i], out);
        }
    }
}

static void write_failure(FILE *out, const struct job *job,
                          const struct result *r)
{
    const char *tag = r->verdict == VERDICT_FAILED ? "failure" : "error";
    struct buf text;

    fprintf(out, "    <%s message=\"", tag);
    write_escaped(out, job->c->hidden ? SPAN("hidden") : span_of(r->what));
    fputs("\">", out);
    buf_init(&text, 1 << 20);
    report_failure(&text, job, r, "");
    write_escaped(out, buf_span(&text));
    buf_free(&text);
    fprintf(out, "</%s>\n", tag);
}

static void write_case(FILE *out, const struct job *job, const struct result *r)
{
    fprintf(out,
            "  <testcase classname=\"stage%d\" name=\"%s\" time=\"%.3f\">\n",
            job->stage, job->name, r->seconds);
    if (r->verdict == VERDICT_SKIPPED) {
        fputs("    <skipped message=\"", out);
        write_escaped(out, span_of(r->what));
        fputs("\"/>\n", out);
    } else if (r->verdict != VERDICT_PASSED) {
        write_failure(out, job, r);
    }
    fputs("  </testcase>\n", out);
}

static void end(const struct run *run, FILE *out)
{
    struct tally t = run_tally(run);
    double seconds = 0;

    for (size_t i = 0; i < run->count; i++)
        seconds += run->results[i].seconds;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"strata stage %d\" tests=\"%zu\" "
            "failures=\"%d\" errors=\"%d\" skipped=\"%d\" time=\"%.3f\">\n",
            run->stage, run->count, t.failed, t.broken, t.skipped, seconds);
    for (size_t i = 0; i < run->count; i++)
        write_case(out, &run->jobs[i], &run->results[i]);
    if (run->complaint) {
        fputs("  <system-err>", out);
        write_escaped(out, span_of(run->complaint));
        fputs("</system-err>\n", out);
    }
    fputs("</testsuite>\n", out);
}

const struct face report_junit = {"junit", NULL, NULL, end};
