/* case_script: the script of a case, line by line, into steps. */

#include "case.h"

#include <signal.h>
#include <string.h>

static struct step *add_step(struct corpus_case *c, enum step_kind kind,
                             int line)
{
    struct step *s;

    c->steps = mem_grow(&c->mem, c->steps, c->step_count, sizeof *c->steps);
    s = &c->steps[c->step_count++];
    *s = (struct step){.kind = kind, .line = line, .last_line = line};
    return s;
}

static struct step *last_step(struct corpus_case *c)
{
    return c->step_count ? &c->steps[c->step_count - 1] : NULL;
}

static bool same_peer(const struct step *a, const struct step *b)
{
    return a->side == b->side && a->number == b->number;
}

/* The message that this peer's last "<" began. */
static enum step_kind message_of(const struct corpus_case *c,
                                 const struct step *peer)
{
    for (size_t i = c->step_count; i-- > 0;) {
        const struct step *s = &c->steps[i];

        if (same_peer(s, peer) &&
            (s->kind == STEP_START || s->kind == STEP_WANT_PACKET))
            return s->kind;
    }
    return STEP_PAUSE;
}

/* What a line is made of when the peer has been read. */
struct line {
    struct corpus_case *c;
    struct step peer; /* side and number */
    struct span rest;
    int number;
    struct err *e;
};

static struct step *peer_step(struct line *l, enum step_kind kind)
{
    struct step *s = add_step(l->c, kind, l->number);

    s->side = l->peer.side;
    s->number = l->peer.number;
    return s;
}

static bool step_text(struct line *l, struct step *s, struct span source,
                      bool pattern)
{
    s->has_text = true;
    return text_parse(&s->text, &l->c->mem, source, pattern, l->e);
}

static bool parse_modifiers(struct line *l, struct step *s, struct span *rest)
{
    uint64_t a, b;

    if (!span_decimal(case_word(rest), &a) ||
        !span_decimal(case_word(rest), &b) || a > 255 || b > 255)
        return err_set(l->e, "expected two modifiers after \"uwsgi\", each 0 "
                             "to 255");
    s->a = (int)a;
    s->b = (int)b;
    return true;
}

static bool is_packet(struct span rest)
{
    return span_eq(case_word(&rest), SPAN("uwsgi"));
}

static bool line_send(struct line *l)
{
    struct span rest = l->rest;
    struct step *s;

    if (is_packet(rest)) {
        s = peer_step(l, STEP_PACKET);
        case_word(&rest);
        return parse_modifiers(l, s, &rest) && step_text(l, s, rest, false);
    }
    s = peer_step(l, STEP_SEND);
    if (!step_text(l, s, rest, false))
        return false;
    text_add(&s->text, &l->c->mem, SPAN("\r\n"));
    return true;
}

static bool line_send_raw(struct line *l)
{
    return step_text(l, peer_step(l, STEP_SEND), l->rest, false);
}

static bool line_expect(struct line *l)
{
    struct span rest = l->rest;

    if (is_packet(rest)) {
        struct step *s = peer_step(l, STEP_WANT_PACKET);

        case_word(&rest);
        return parse_modifiers(l, s, &rest);
    }
    return step_text(l, peer_step(l, STEP_START), rest, true);
}

static bool line_bytes(struct line *l)
{
    return step_text(l, peer_step(l, STEP_BYTES), l->rest, true);
}

/* "NAME: TEXT" of a field, "KEY=TEXT" of a variable. */
static bool line_named(struct line *l, enum step_kind kind, bool optional)
{
    bool variable = message_of(l->c, &l->peer) == STEP_WANT_PACKET;
    const char *end = span_chr(l->rest, variable ? '=' : ':');
    struct span name = {l->rest.ptr,
                        end ? (size_t)(end - l->rest.ptr) : l->rest.len};
    struct step *s = peer_step(l, kind);

    s->name = mem_copy(&l->c->mem, name);
    if (!end && optional)
        return true;
    if (!end || name.len == 0)
        return err_set(l->e, "\"%.*s\": expected %s", SPAN_ARG(l->rest),
                       variable ? "KEY=TEXT" : "NAME: TEXT");
    end++;
    return step_text(
        l, s, span_trim((struct span){end, l->rest.len - name.len - 1}), true);
}

static bool line_field(struct line *l)
{
    return line_named(l, STEP_FIELD, false);
}

static bool line_no_field(struct line *l)
{
    return line_named(l, STEP_NO_FIELD, true);
}

static bool line_may_field(struct line *l)
{
    return line_named(l, STEP_MAY_FIELD, false);
}

/* Body lines that follow each other are one body. */
static bool line_body(struct line *l)
{
    struct step *last = last_step(l->c);

    if (last && last->kind == STEP_BODY && same_peer(last, &l->peer)) {
        last->last_line = l->number;
        return step_text(l, last, l->rest, true);
    }
    return step_text(l, peer_step(l, STEP_BODY), l->rest, true);
}

static bool line_contains(struct line *l)
{
    return step_text(l, peer_step(l, STEP_CONTAINS), l->rest, true);
}

static bool line_lacks(struct line *l)
{
    return step_text(l, peer_step(l, STEP_LACKS), l->rest, true);
}

static bool line_pair(struct line *l)
{
    struct step *s = last_step(l->c);
    const char *equals = span_chr(l->rest, '=');
    struct step_pair *pair;
    struct span key;

    if (!s || s->kind != STEP_PACKET || !same_peer(s, &l->peer))
        return err_set(l->e, "a variable to send stands right below "
                             "\"c> uwsgi M1 M2\"");
    if (!equals)
        return err_set(l->e, "\"%.*s\": expected KEY=TEXT", SPAN_ARG(l->rest));
    key = (struct span){l->rest.ptr, (size_t)(equals - l->rest.ptr)};
    s->pairs = mem_grow(&l->c->mem, s->pairs, s->pair_count, sizeof *s->pairs);
    pair = &s->pairs[s->pair_count++];
    *pair = (struct step_pair){0};
    return text_parse(&pair->key, &l->c->mem, key, false, l->e) &&
           text_parse(
               &pair->value, &l->c->mem,
               span_trim((struct span){equals + 1, l->rest.len - key.len - 1}),
               false, l->e);
}

/* The longer of two that begin alike comes first. */
static const struct {
    const char *sign;
    bool (*take)(struct line *l);
} signs[] = {
    {">|", line_send_raw}, {">", line_send},      {"<|", line_bytes},
    {"<", line_expect},    {"?", line_field},     {"!~", line_lacks},
    {"!", line_no_field},  {"=", line_body},      {"~", line_contains},
    {"+", line_pair},      {"*", line_may_field},
};

static bool take_sign(struct line *l, bool *known)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        struct span sign = span_of(signs[i].sign);

        if (!span_starts(l->rest, sign))
            continue;
        *known = true;
        l->rest.ptr += sign.len;
        l->rest.len -= sign.len;
        l->rest = span_trim(l->rest);
        return signs[i].take(l);
    }
    *known = false;
    return true;
}

/* How the rest of a line with a verb reads. */
enum verb_args {
    ARGS_NONE,
    ARGS_TIME,  /* one time, required */
    ARGS_RANGE, /* a time or a range of times, or nothing */
};

static const struct {
    const char *verb;
    enum step_kind kind;
    enum verb_args args;
    const char *sides; /* whose it is */
} verbs[] = {
    {"connect", STEP_CONNECT, ARGS_NONE, "c"},
    {"refused", STEP_REFUSED, ARGS_NONE, "c"},
    {"pause", STEP_PAUSE, ARGS_TIME, "cu"},
    {"shut", STEP_SHUT, ARGS_NONE, "cu"},
    {"close", STEP_CLOSE, ARGS_NONE, "cu"},
    {"abort", STEP_ABORT, ARGS_NONE, "cu"},
    {"hold", STEP_HOLD, ARGS_NONE, "cu"},
    {"nobody", STEP_NO_BODY, ARGS_NONE, "cu"},
    {"only", STEP_ONLY, ARGS_NONE, "cu"},
    {"eof", STEP_EOF, ARGS_RANGE, "cu"},
    {"reset", STEP_RESET, ARGS_RANGE, "cu"},
    {"end", STEP_END, ARGS_RANGE, "cu"},
    {"silent", STEP_SILENT, ARGS_TIME, "cu"},
    {"accept", STEP_ACCEPT, ARGS_NONE, "u"},
    {"refuse", STEP_REFUSE, ARGS_NONE, "u"},
    {"listen", STEP_LISTEN, ARGS_NONE, "u"},
    {"hang", STEP_HANG, ARGS_NONE, "u"},
    {"full", STEP_FULL, ARGS_NONE, "u"},
};

static bool parse_range(struct step *s, struct span rest)
{
    const char *dots = memmem(rest.ptr, rest.len, "..", 2);

    if (!dots)
        return case_time(rest, &s->max);
    return case_time((struct span){rest.ptr, (size_t)(dots - rest.ptr)},
                     &s->min) &&
           case_time((struct span){dots + 2,
                                   (size_t)(rest.ptr + rest.len - dots - 2)},
                     &s->max);
}

static bool take_verb(struct line *l)
{
    struct span rest = l->rest, verb = case_word(&rest);

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        struct step *s;

        if (!span_eq(verb, span_of(verbs[i].verb)) ||
            !strchr(verbs[i].sides, l->peer.side))
            continue;
        s = peer_step(l, verbs[i].kind);
        if (verbs[i].args == ARGS_NONE && rest.len)
            return err_set(l->e, "\"%.*s\" after \"%.*s\": expected nothing",
                           SPAN_ARG(rest), SPAN_ARG(verb));
        if (verbs[i].args == ARGS_TIME && !case_time(rest, &s->min))
            return err_set(l->e, "\"%.*s\": expected a time, 30ms or 1s",
                           SPAN_ARG(rest));
        if (verbs[i].args == ARGS_RANGE && rest.len && !parse_range(s, rest))
            return err_set(l->e,
                           "\"%.*s\": expected a time, 1s, or two, "
                           "200ms..2s",
                           SPAN_ARG(rest));
        return true;
    }
    return err_set(l->e, "\"%.*s\" is nothing that %s does", SPAN_ARG(verb),
                   l->peer.side == 'c' ? "a client" : "an upstream");
}

static bool line_log(struct line *l, enum step_kind kind)
{
    struct step *s = add_step(l->c, kind, l->number);
    struct span rest = l->rest;

    if (span_eq(case_word(&rest), SPAN("access"))) {
        s->a = 1;
        l->rest = rest;
    }
    return step_text(l, s, l->rest, true);
}

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},     {"QUIT", SIGQUIT},
    {"TERM", SIGTERM}, {"USR1", SIGUSR1},   {"USR2", SIGUSR2},
    {"KILL", SIGKILL}, {"WINCH", SIGWINCH},
};

static bool line_program(struct line *l)
{
    struct span rest = l->rest, verb = case_word(&rest), word;
    struct step *s = add_step(l->c, STEP_ALIVE, l->number);
    uint64_t status;

    l->c->needs_program = true;
    word = case_word(&rest);
    if (span_eq(verb, SPAN("alive")))
        return true;
    if (span_eq(verb, SPAN("exit")) && span_decimal(word, &status) &&
        status < 256 && (rest.len == 0 || parse_range(s, rest))) {
        s->kind = STEP_EXIT;
        s->a = (int)status;
        return true;
    }
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (span_eq(verb, SPAN("signal")) &&
            span_eq(word, span_of(signals[i].name))) {
            s->kind = STEP_SIGNAL;
            s->a = signals[i].number;
            return true;
        }
    return err_set(l->e,
                   "program \"%.*s\": expected alive, exit STATUS "
                   "[TIME], or signal NAME",
                   SPAN_ARG(l->rest));
}

static bool line_tree(struct line *l, enum step_kind kind)
{
    struct step *s = add_step(l->c, kind, l->number);
    struct span path = case_word(&l->rest);

    l->c->needs_tree = true;
    s->name = mem_copy(&l->c->mem, path);
    if ((!span_starts(path, SPAN("www/")) &&
         !span_starts(path, SPAN("apps/"))) ||
        strstr(s->name.ptr, ".."))
        return err_set(l->e,
                       "\"%.*s\": expected a path that begins with www/ "
                       "or apps/",
                       SPAN_ARG(path));
    return kind == STEP_REMOVE || step_text(l, s, l->rest, false);
}

static bool take_world(struct line *l, bool *known)
{
    struct span all = l->rest, word = case_word(&l->rest);

    *known = true;
    if (span_eq(word, SPAN("log")))
        return line_log(l, STEP_LOG);
    if (span_eq(word, SPAN("log!")))
        return line_log(l, STEP_NO_LOG);
    if (span_eq(word, SPAN("program")))
        return line_program(l);
    if (span_eq(word, SPAN("write")))
        return line_tree(l, STEP_WRITE);
    if (span_eq(word, SPAN("remove")))
        return line_tree(l, STEP_REMOVE);
    *known = false;
    l->rest = all;
    return true;
}

/* "c", "c2", "u1" at the front; the rest goes on with a sign or a blank. */
static bool take_peer(struct line *l)
{
    struct span s = l->rest;
    size_t n = 1;

    if (s.len < 2 || (s.ptr[0] != 'c' && s.ptr[0] != 'u'))
        return false;
    l->peer.side = s.ptr[0];
    l->peer.number = 0;
    if (s.ptr[1] >= (s.ptr[0] == 'c' ? '2' : '1') && s.ptr[1] <= '9') {
        l->peer.number = s.ptr[1] - '1';
        n = 2;
    } else if (s.ptr[0] == 'u') {
        return false;
    }
    if (n >= s.len || !strchr("><?!=~+* \t", s.ptr[n]))
        return false;
    l->rest = (struct span){s.ptr + n, s.len - n};
    if (l->peer.side == 'u')
        l->c->upstreams |= 1u << l->peer.number;
    return true;
}

bool case_script_line(struct corpus_case *c, struct span text, int line,
                      struct err *e)
{
    struct line l = {c, .rest = text, .number = line, .e = e};
    bool known;

    if (strchr("?!+*", text.ptr[0])) {
        struct step *last = last_step(c);

        if (!last || !last->side)
            return err_set(e, "\"%.*s\" belongs to no line above it",
                           SPAN_ARG(text));
        l.peer.side = last->side;
        l.peer.number = last->number;
        return take_sign(&l, &known);
    }
    if (take_peer(&l)) {
        bool good = take_sign(&l, &known);

        if (known)
            return good;
        l.rest = span_trim(l.rest);
        return take_verb(&l);
    } else {
        bool good = take_world(&l, &known);

        if (known)
            return good;
    }
    return err_set(e,
                   "\"%.*s\": neither a line of the head, nor of a client "
                   "(c, c2 ...), nor of an upstream (u1 ...), nor log, "
                   "program, write or remove",
                   SPAN_ARG(text));
}
