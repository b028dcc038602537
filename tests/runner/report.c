/* report: what a failure looks like, and which faces there are. */

#include "report.h"

#include <string.h>

#define LOG_LINES 8

static const struct face *const faces[] = {
    &report_text, &report_json, &report_tap, &report_junit, &report_gradescope};

const struct face *report_face(const char *name)
{
    for (size_t i = 0; i < sizeof faces / sizeof faces[0]; i++)
        if (strcmp(faces[i]->name, name) == 0)
            return faces[i];
    return NULL;
}

static void add_block(struct buf *out, const char *title, const char *text,
                      const char *indent)
{
    struct span rest = span_of(text), line;

    if (rest.len == 0)
        return;
    buf_printf(out, "%s%s:\n", indent, title);
    while (span_next(&rest, '\n', &line))
        buf_printf(out, "%s    %.*s\n", indent, SPAN_ARG(line));
}

/* The last lines of the log. */
static const char *log_tail(const char *log)
{
    const char *p = log + strlen(log);
    int lines = 0;

    while (p > log && lines <= LOG_LINES)
        if (*--p == '\n' && ++lines > LOG_LINES)
            return p + 1;
    return p;
}

static void add_difference(struct buf *out, const struct result *r,
                           const char *indent)
{
    if (!*r->expected && !*r->received)
        return;
    buf_printf(out, "%sexpected | %s\n", indent, r->expected);
    buf_printf(out, "%sreceived | %s\n", indent, r->received);
    buf_printf(out, "%s         | %*s^\n", indent, (int)r->caret, "");
}

void report_failure(struct buf *out, const struct job *job,
                    const struct result *r, const char *indent)
{
    const struct corpus_case *c = job->c;

    if (c->hidden) {
        buf_printf(out, "%sa hidden case; what it sends is not shown\n",
                   indent);
        return;
    }
    buf_printf(out, "%s%s\n", indent, r->what);
    buf_printf(out, "%sat       %s:%d", indent, c->file, r->line ? r->line : 1);
    if (*r->chop)
        buf_printf(out, ", sent %s", r->chop);
    buf_add_char(out, '\n');
    buf_printf(out, "%shint     %.*s\n", indent, SPAN_ARG(c->hint));
    buf_printf(out, "%ssee      %.*s\n", indent, SPAN_ARG(c->see));
    buf_printf(out, "%ssource   %.*s\n", indent, SPAN_ARG(c->source));
    add_block(out, "sent", r->sent, indent);
    add_difference(out, r, indent);
    add_block(out, "by hand", r->by_hand, indent);
    add_block(out, "the program's log ends", log_tail(r->log), indent);
}
