/* worker: has the program ready, replays the case, tells the result. */

#include "worker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define MAX_LOG_TAIL   1500
#define MAX_BAD_STARTS 2
#define MAX_AGAIN      10 /* failures in a row, played again: enough */

struct worker {
    const struct pool_options *options;
    struct worker_shared *shared;
    struct host host;
    struct world world;
    FILE *out;
};

static const char *chop_text(struct mem *m, const struct chop *chop)
{
    static const char *const names[] = {
        [CHOP_WRITTEN] = "as written",
        [CHOP_WHOLE] = "in one write",
        [CHOP_LINES] = "line by line",
        [CHOP_BYTES] = "byte by byte",
    };

    if (chop->mode == CHOP_RANDOM)
        return mem_printf(m, "at random cuts (seed %u)", chop->seed);
    return names[chop->mode];
}

/* Log text as printable lines. */
static const char *clean_lines(struct mem *m, struct span rest)
{
    struct span line;
    const char *text;
    struct buf out;

    buf_init(&out, 1 << 20);
    while (span_next(&rest, '\n', &line)) {
        for (size_t i = 0; i < line.len; i++) {
            char c = line.ptr[i];

            buf_add_char(&out, c >= ' ' && c <= '~' ? c : '?');
        }
        buf_add_char(&out, '\n');
    }
    text = mem_copy(m, buf_span(&out)).ptr;
    buf_free(&out);
    return text;
}

static const char *clean_log(struct mem *m, const char *path)
{
    const char *text;
    struct buf raw;

    buf_init(&raw, 1 << 20);
    if (path)
        program_log(path, 0, MAX_LOG_TAIL, &raw);
    text = clean_lines(m, buf_span(&raw));
    buf_free(&raw);
    return text;
}

static const char *keep(struct mem *m, const struct buf *b)
{
    return mem_copy(m, buf_span(b)).ptr;
}

static const char *hand_commands(struct worker *w, struct mem *m,
                                 const struct job *job, const struct outcome *o)
{
    struct buf out;
    const char *text;

    buf_init(&out, 1 << 20);
    host_command(&w->host, job->c, job->stage, job->program, &out);
    if (o && o->by_hand.len)
        buf_printf(&out, "\n{ %.*ssleep 1; } | nc 127.0.0.1 8080",
                   (int)o->by_hand.len, o->by_hand.ptr);
    text = keep(m, &out);
    buf_free(&out);
    return text;
}

static json_t *corrections_json(const struct corrections *k)
{
    json_t *list = json_array();

    for (size_t i = 0; k && i < k->count; i++)
        json_array_append_new(list,
                              json_pack("[iis]", k->list[i].line,
                                        k->list[i].last_line, k->list[i].text));
    return list;
}

static void send_result(struct worker *w, size_t index, struct result *result,
                        const struct corrections *k)
{
    json_t *line;

    result->corrections = corrections_json(k);
    line = json_pack("{s:i, s:o}", "job", (int)index, "result",
                     result_json(result));
    json_dumpf(line, w->out, JSON_COMPACT);
    fputc('\n', w->out);
    fflush(w->out);
    json_decref(line);
    json_decref(result->corrections);
}

static void send_complaint(struct worker *w)
{
    struct mem m = {0};
    json_t *line = json_pack("{s:s}", "complaint",
                             clean_lines(&m, buf_span(&w->host.complaint)));

    json_dumpf(line, w->out, JSON_COMPACT);
    fputc('\n', w->out);
    json_decref(line);
    mem_free(&m);
}

static const struct result nothing = {
    .verdict = VERDICT_PASSED,
    .what = "",
    .chop = "",
    .expected = "",
    .received = "",
    .sent = "",
    .by_hand = "",
    .log = "",
};

static void fill_failure(struct worker *w, struct mem *m, const struct job *job,
                         const struct chop *chop, const struct outcome *o,
                         struct result *result)
{
    result->verdict = o->grader ? VERDICT_BROKEN : VERDICT_FAILED;
    result->doubtful = o->doubtful && !w->shared->alone;
    result->line = o->line;
    result->caret = o->caret;
    result->what = keep(m, &o->what);
    result->chop = chop_text(m, chop);
    result->expected = keep(m, &o->expected);
    result->received = keep(m, &o->received);
    result->sent = keep(m, &o->sent);
    result->by_hand = hand_commands(w, m, job, o);
    result->log = clean_log(m, w->host.program.log);
}

static void fill_bad_start(struct worker *w, struct mem *m,
                           const struct job *job, enum start how,
                           const struct err *e, struct result *result)
{
    result->verdict = how == START_BROKEN ? VERDICT_BROKEN : VERDICT_FAILED;
    result->doubtful = how != START_FAILED && !w->shared->alone;
    result->what = mem_printf(m, "%s", e->text);
    result->by_hand = hand_commands(w, m, job, NULL);
    result->log = clean_log(m, w->host.program.log);
    if (how == START_FAILED)
        atomic_fetch_add(&w->shared->bad_starts, 1);
}

/* One replay; false when it has failed.  `fresh`: by a program that has served
 * nobody yet. */
static bool replay(struct worker *w, struct mem *m, const struct job *job,
                   const struct chop *chop, bool fresh, struct corrections *k,
                   struct result *result)
{
    struct outcome outcome;
    struct replay r = {.c = job->c,
                       .stage = job->stage,
                       .chop = *chop,
                       .host = &w->host,
                       .w = &w->world,
                       .scale = w->options->setup.scale,
                       .corrections = k,
                       .out = &outcome};
    enum start how;
    struct err e;
    bool passed;

    how = host_ready(&w->host, job->c, job->stage, job->program, &w->world,
                     fresh, &e);
    if (how != START_DONE) {
        fill_bad_start(w, m, job, how, &e, result);
        return false;
    }
    atomic_store(&w->shared->started, true);
    outcome_init(&outcome);
    play_case(&r);
    passed = outcome.passed;
    if (!passed)
        fill_failure(w, m, job, chop, &outcome, result);
    outcome_free(&outcome);
    if (!passed || host_wants_own(job->c, job->stage))
        host_stop(&w->host);
    return passed;
}

/* What a program remembers of the case before is not this case's: one that
 * failed with a used program has failed when it fails with a fresh one. */
static bool replay_twice(struct worker *w, struct mem *m, const struct job *job,
                         const struct chop *chop, struct corrections *k,
                         struct result *result)
{
    if (replay(w, m, job, chop, false, k, result))
        return true;
    if (w->host.plays <= 1 || k)
        return false;
    *result = nothing;
    return replay(w, m, job, chop, true, k, result);
}

static bool play_job(struct worker *w, const struct job *job, size_t index)
{
    struct result result = nothing;
    struct corrections k = {0};
    struct mem m = {0};
    int64_t began = world_now();
    size_t replays = w->options->record ? 1 : job->c->chop_count;

    for (size_t i = 0; i < replays; i++)
        if (!replay_twice(w, &m, job, &job->c->chops[i],
                          w->options->record ? &k : NULL, &result))
            break;
    result.seconds = (double)(world_now() - began) / 1000;
    send_result(w, index, &result, &k);
    mem_free(&k.mem);
    mem_free(&m);
    return result.verdict == VERDICT_PASSED;
}

/* What decides a case without playing it; NULL: it is to be played. */
static const char *undo(struct worker *w, struct result *result)
{
    if (!atomic_load(&w->shared->started) &&
        atomic_load(&w->shared->bad_starts) >= MAX_BAD_STARTS) {
        result->verdict = VERDICT_FAILED;
        return "not played: the program did not start for the cases before";
    }
    if (world_now() >= w->shared->deadline) {
        result->verdict = w->shared->slow ? VERDICT_BROKEN : VERDICT_FAILED;
        return "not played: the time for all cases is up";
    }
    return NULL;
}

/* Tells that what was not played again has failed. */
static void send_stand(struct worker *w)
{
    fputs("{\"stand\": true}\n", w->out);
}

static void run_jobs(struct worker *w, const struct job *jobs,
                     const size_t *order, size_t count)
{
    int failures = 0; /* in a row */

    for (;;) {
        unsigned taken = atomic_fetch_add(&w->shared->next, 1);
        struct result result = nothing;
        size_t i;

        if (taken >= count)
            return;
        i = order[taken];
        if (jobs[i].skip.len) {
            result.verdict = VERDICT_SKIPPED;
            result.what = jobs[i].skip.ptr;
            send_result(w, i, &result, NULL);
            continue;
        }
        result.what = undo(w, &result);
        if (result.what)
            send_result(w, i, &result, NULL);
        else
            failures = play_job(w, &jobs[i], i) ? 0 : failures + 1;
        if (w->shared->alone && failures == MAX_AGAIN) {
            send_stand(w);
            return;
        }
    }
}

void worker_run(const struct pool_options *options, const struct job *jobs,
                const size_t *order, size_t count, struct worker_shared *shared,
                int number, FILE *out)
{
    struct worker w = {.options = options, .shared = shared, .out = out};
    struct mem m = {0};
    bool good = true;
    struct err e;

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    world_init(&w.world);
    for (int i = 0; good && i < CASE_PEERS; i++)
        good = port_hold(&w.world.upstreams[i].port, &e);
    good =
        good &&
        host_init(&w.host, &options->setup,
                  mem_printf(&m, "%s/worker%d", options->folder, number), &e);
    if (good)
        run_jobs(&w, jobs, order, count);
    else
        fprintf(stderr, "strata-grade: %s\n", e.text);
    host_stop(&w.host);
    if (w.host.complaint.len)
        send_complaint(&w);
    host_free(&w.host);
    world_free(&w.world);
    mem_free(&m);
    process_reap_all();
}
