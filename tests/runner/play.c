/* play: the loop over the steps, and what all steps share. */

#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SHOWN 4000 /* bytes of what was sent, in a report */
#define DOUBT     50   /* ms that were lost: a failure may be their fault */

void outcome_init(struct outcome *o)
{
    *o = (struct outcome){.passed = true};
    buf_init(&o->what, 4096);
    buf_init(&o->expected, 65536);
    buf_init(&o->received, 65536);
    buf_init(&o->sent, 65536);
    buf_init(&o->by_hand, 65536);
}

void outcome_free(struct outcome *o)
{
    buf_free(&o->what);
    buf_free(&o->expected);
    buf_free(&o->received);
    buf_free(&o->sent);
    buf_free(&o->by_hand);
}

const char *play_name(struct replay *r, const struct step *s)
{
    if (s->side == 'c' && s->number == 0)
        return "c";
    return mem_printf(&r->mem, "%c%d", s->side, s->number + 1);
}

struct peer *play_peer(struct replay *r, const struct step *s)
{
    return s->side == 'u' ? &r->w->upstreams[s->number].peer
                          : &r->w->clients[s->number];
}

static void set_failure(struct replay *r, const struct step *s, bool grader,
                        const char *format, va_list args)
{
    char text[1024];

    vsnprintf(text, sizeof text, format, args);
    r->out->passed = false;
    r->out->grader = grader;
    r->out->line = s ? s->line : 0;
    r->out->what.len = 0;
    buf_add_text(&r->out->what, text);
}

bool play_fail(struct replay *r, const struct step *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_failure(r, s, false, format, args);
    va_end(args);
    return false;
}

bool play_late(struct replay *r, const struct step *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_failure(r, s, r->wait.starved, format, args);
    va_end(args);
    r->out->doubtful = r->wait.starved || !pace_at_rest();
    if (r->wait.starved)
        buf_add_text(&r->out->what, "; the machine has left too little of it "
                                    "to the program");
    return false;
}

bool play_blame_case(struct replay *r, const struct step *s, const char *format,
                     ...)
{
    va_list args;

    va_start(args, format);
    set_failure(r, s, true, format, args);
    va_end(args);
    return false;
}

bool play_correct(struct replay *r, const struct step *s, const char *format,
                  ...)
{
    struct corrections *k = r->corrections;
    char text[65536];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    k->list = mem_grow(&k->mem, k->list, k->count, sizeof *k->list);
    k->list[k->count++] = (struct correction){s->line, s->last_line,
                                              mem_printf(&k->mem, "%s", text)};
    return true;
}

struct patience *play_wait(struct replay *r, int64_t most)
{
    int64_t wait = most ? most : r->c->wait;

    patience_begin(&r->wait, (int64_t)((double)wait * r->scale));
    return &r->wait;
}

void play_keep(struct replay *r, const struct match *m)
{
    for (size_t i = 0; i < m->captured; i++) {
        r->captures =
            mem_grow(&r->mem, r->captures, r->captured, sizeof *r->captures);
        r->captures[r->captured++] = (struct capture){
            m->captures[i].name, mem_copy(&r->mem, m->captures[i].value)};
    }
}

struct lookup {
    struct replay *r;
    const struct step *s;
};

static struct span look_up(void *context, struct span name)
{
    struct lookup *l = context;
    struct replay *r = l->r;
    int port = r->host->program.port.port;

    for (size_t i = r->captured; i-- > 0;)
        if (span_eq(r->captures[i].name, name))
            return r->captures[i].value;
    if (span_eq(name, SPAN("sent")) && l->s->side)
        return mem_copy(&r->mem, buf_span(&play_peer(r, l->s)->sent));
    if (span_eq(name, SPAN("addr")))
        return span_of(mem_printf(&r->mem, "127.0.0.1:%d", port));
    if (span_eq(name, SPAN("host")))
        return SPAN("127.0.0.1");
    if (span_eq(name, SPAN("port")))
        return span_of(mem_printf(&r->mem, "%d", port));
    if (name.len == 2 && name.ptr[0] == 'u' && name.ptr[1] >= '1' &&
        name.ptr[1] <= '9')
        return span_of(
            mem_printf(&r->mem, "127.0.0.1:%d",
                       r->w->upstreams[name.ptr[1] - '1'].port.port));
    return (struct span){NULL, 0};
}

bool play_resolve(struct replay *r, const struct step *s,
                  const struct text *text, struct pattern *p)
{
    struct lookup l = {r, s};
    struct text_env env = {look_up, &l, r->host->tree};
    struct err e;

    return text_resolve(text, &env, &r->mem, p, &e) ||
           play_blame_case(r, s, "%s", e.text);
}

static play_step *const steps[] = {
    [STEP_CONNECT] = play_connect,
    [STEP_REFUSED] = play_refused,
    [STEP_PAUSE] = play_pause,
    [STEP_SHUT] = play_shut,
    [STEP_CLOSE] = play_close,
    [STEP_ABORT] = play_abort,
    [STEP_HOLD] = play_hold,
    [STEP_START] = play_start,
    [STEP_WANT_PACKET] = play_packet,
    [STEP_FIELD] = play_field,
    [STEP_NO_FIELD] = play_no_field,
    [STEP_MAY_FIELD] = play_may_field,
    [STEP_ONLY] = play_only,
    [STEP_BODY] = play_body,
    [STEP_CONTAINS] = play_contains,
    [STEP_LACKS] = play_lacks,
    [STEP_NO_BODY] = play_no_body,
    [STEP_BYTES] = play_bytes,
    [STEP_EOF] = play_end,
    [STEP_RESET] = play_end,
    [STEP_END] = play_end,
    [STEP_SILENT] = play_silent,
    [STEP_ACCEPT] = play_accept,
    [STEP_REFUSE] = play_refuse,
    [STEP_LISTEN] = play_listen,
    [STEP_HANG] = play_hang,
    [STEP_FULL] = play_full,
    [STEP_LOG] = play_log,
    [STEP_NO_LOG] = play_log,
    [STEP_SIGNAL] = play_signal,
    [STEP_EXIT] = play_exit,
    [STEP_ALIVE] = play_alive,
    [STEP_WRITE] = play_write,
    [STEP_REMOVE] = play_remove,
};

/* The upstreams listen from the beginning, unless their first line is
 * "refuse". */
static bool open_upstreams(struct replay *r)
{
    unsigned seen = 0;
    struct err e;

    for (size_t i = 0; i < r->c->step_count; i++) {
        const struct step *s = &r->c->steps[i];

        if (s->side != 'u' || seen & 1u << s->number)
            continue;
        seen |= 1u << s->number;
        if (s->kind != STEP_REFUSE &&
            !upstream_listen(&r->w->upstreams[s->number], 128, &e))
            return play_blame_case(r, s, "%s", e.text);
    }
    return true;
}

static bool run_steps(struct replay *r)
{
    size_t i = 0;

    while (i < r->c->step_count) {
        const struct step *s = &r->c->steps[i];

        if (s->kind == STEP_SEND || s->kind == STEP_PACKET) {
            i = play_send(r, i);
            if (i == 0)
                return false;
            continue;
        }
        if (!steps[s->kind](r, s))
            return false;
        i++;
    }
    return true;
}

/* At the end of the script nothing may be left over, nor on its way. */
static bool check_left(struct replay *r)
{
    const struct step *last = &r->c->steps[r->c->step_count - 1];

    pace_await_rest();
    for (int i = 0; i < 2 * CASE_PEERS; i++) {
        struct step who = *last;
        struct peer *p;

        who.side = i < CASE_PEERS ? 'c' : 'u';
        who.number = i % CASE_PEERS;
        p = play_peer(r, &who);
        if (p->fd >= 0 && !p->held) {
            world_pump(r->w, 0);
            if (!play_finish_message(r, &who, p))
                return false;
        }
        if (p->fd >= 0 && peer_rest(p).len) {
            play_show_received(r, "", peer_rest(p));
            return play_fail(r, last,
                             "at the end of the case %s has received "
                             "bytes that no line expects",
                             play_name(r, &who));
        }
        if (who.side == 'u' && !r->w->upstreams[who.number].hang &&
            upstream_waiting(&r->w->upstreams[who.number]))
            return play_fail(r, last,
                             "%s got a connection that the case does "
                             "not expect",
                             play_name(r, &who));
    }
    return true;
}

static void show_sent(struct replay *r)
{
    for (int i = 0; i < CASE_PEERS; i++) {
        struct span rest = buf_span(&r->w->clients[i].sent), line;
        const char *end;

        if (rest.len > MAX_SHOWN)
            rest.len = MAX_SHOWN;
        end = rest.ptr + rest.len;
        while (span_next(&rest, '\n', &line)) {
            if (i == 0)
                buf_add_text(&r->out->sent, "c>  ");
            else
                buf_printf(&r->out->sent, "c%d> ", i + 1);
            text_escape(&r->out->sent, line);
            if (line.ptr + line.len < end)
                buf_add_text(&r->out->sent, "\\n");
            buf_add_char(&r->out->sent, '\n');
        }
    }
}

/* A program that ended at the last bytes, or when its clients left, has failed
 * the case that did it, not the next. */
static void check_alive(struct replay *r)
{
    char how[64];

    pace_await_rest();
    if (r->ended || program_alive(&r->host->program))
        return;
    program_ending(r->host->program.status, how, sizeof how);
    if (!r->out->passed)
        buf_printf(&r->out->what, "; the program has ended, with %s", how);
    else if (!host_wants_own(r->c, r->stage))
        play_fail(r, NULL, "the program has ended, with %s", how);
}

void play_case(struct replay *r)
{
    patience_watch(&r->whole, 0);
    buf_init(&r->hand, 16384);
    r->log_from = program_log_size(r->host->program.log);
    if (r->host->backend.pid)
        r->backend_log_from = program_log_size(r->host->backend.log);
    if (r->stage == 6)
        r->access_from = program_log_size(r->host->access_log);
    if (!open_upstreams(r) || !run_steps(r) || !check_left(r)) {
        show_sent(r);
        r->out->doubtful |= patience_lost(&r->whole) >= DOUBT;
    }
    world_clear(r->w);
    check_alive(r);
    if (!r->out->passed)
        buf_add_span(&r->out->by_hand, buf_span(&r->hand));
    buf_free(&r->hand);
    mem_free(&r->mem);
}
