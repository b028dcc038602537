/* result: to JSON and back, and the sum of all. */

#include "result.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    [VERDICT_NONE] = "none",     [VERDICT_PASSED] = "passed",
    [VERDICT_FAILED] = "failed", [VERDICT_SKIPPED] = "skipped",
    [VERDICT_BROKEN] = "broken",
};

const char *verdict_name(enum verdict v)
{
    return names[v];
}

json_t *result_json(const struct result *r)
{
    return json_pack(
        "{s:i, s:f, s:b, s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, "
        "s:O}",
        "verdict", r->verdict, "seconds", r->seconds, "doubtful", r->doubtful,
        "line", r->line, "caret", (int)r->caret, "what", r->what, "chop",
        r->chop, "expected", r->expected, "received", r->received, "sent",
        r->sent, "by_hand", r->by_hand, "log", r->log, "corrections",
        r->corrections);
}

bool result_read(struct result *r, json_t *json)
{
    int verdict, caret, doubtful, again = 0;

    *r = (struct result){.json = json};
    if (json_unpack(
            json,
            "{s:i, s:f, s:b, s?b, s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:s, "
            "s:s, s:o}",
            "verdict", &verdict, "seconds", &r->seconds, "doubtful", &doubtful,
            "again", &again, "line", &r->line, "caret", &caret, "what",
            &r->what, "chop", &r->chop, "expected", &r->expected, "received",
            &r->received, "sent", &r->sent, "by_hand", &r->by_hand, "log",
            &r->log, "corrections", &r->corrections) != 0)
        return false;
    r->verdict = (enum verdict)verdict;
    r->caret = (size_t)caret;
    r->doubtful = doubtful;
    r->again = again;
    return true;
}

void result_free(struct result *r)
{
    json_decref(r->json);
    r->json = NULL;
}

struct tally run_tally(const struct run *run)
{
    struct tally t = {0};

    t.failed = run->complaint != NULL; /* it counts as a case */
    for (size_t i = 0; i < run->count; i++) {
        enum verdict v = run->results[i].verdict;

        t.passed += v == VERDICT_PASSED;
        t.failed += v == VERDICT_FAILED;
        t.skipped += v == VERDICT_SKIPPED;
        t.again += run->results[i].again;
        t.broken += v == VERDICT_BROKEN || v == VERDICT_NONE;
        if (v == VERDICT_PASSED)
            t.points += run->jobs[i].c->points;
        if (v != VERDICT_SKIPPED)
            t.of += run->jobs[i].c->points;
    }
    return t;
}

int tally_percent(const struct tally *t)
{
    return t->of ? 100 * t->points / t->of : 0;
}
