/* play_expect: the steps that require something of what came. */

#include "play.h"

#include <string.h>

#define SHOW_BEFORE 40  /* bytes shown before the first difference */
#define SHOW_AFTER  100 /* and after it */
#define EARLY_SLACK 20  /* ms: the kernel notes times in ticks */

void play_show_received(struct replay *r, const char *expected,
                        struct span received)
{
    if (received.len > SHOW_AFTER)
        received.len = SHOW_AFTER;
    buf_add_text(&r->out->expected, expected);
    text_escape(&r->out->received, received);
    r->out->caret = 0;
}

void play_show_difference(struct replay *r, const struct pattern *p,
                          struct span subject, const struct match *m)
{
    size_t from = m->at > SHOW_BEFORE ? m->at - SHOW_BEFORE : 0;
    size_t after = subject.len - m->at;
    struct outcome *o = r->out;

    text_escape(&o->expected, (struct span){subject.ptr + from, m->at - from});
    buf_add_span(&o->received, buf_span(&o->expected));
    o->caret = o->expected.len;
    match_show(&o->expected, p, m->piece, m->piece_at);
    if (o->expected.len > o->caret + SHOW_AFTER) {
        o->expected.len = o->caret + SHOW_AFTER;
        buf_add_text(&o->expected, "...");
    } else if (o->expected.len == o->caret) {
        buf_add_text(&o->expected, "(nothing more)");
    }
    text_escape(&o->received,
                (struct span){subject.ptr + m->at,
                              after > SHOW_AFTER ? SHOW_AFTER : after});
    if (after == 0)
        buf_add_text(&o->received, "(nothing more)");
    else if (after > SHOW_AFTER)
        buf_add_text(&o->received, "...");
}

const char *play_escaped(struct replay *r, struct span s)
{
    struct buf out;
    const char *text;

    buf_init(&out, SIZE_MAX);
    text_escape(&out, s);
    text = mem_copy(&r->mem, buf_span(&out)).ptr;
    buf_free(&out);
    return text;
}

/* The subject must be the text; else `what` is said, or, in record mode, the
 * line is corrected to "PEER SIGN SUBJECT". */
static bool require(struct replay *r, const struct step *s, struct span subject,
                    bool lines, const char *sign, const char *what)
{
    struct pattern p;
    struct match m;

    if (!play_resolve(r, s, &s->text, &p))
        return false;
    match_pattern(&m, &p, subject, MATCH_ALL, lines, true);
    if (m.verdict == MATCH_YES) {
        play_keep(r, &m);
        return true;
    }
    if (r->corrections)
        return play_correct(r, s, "%s%s %s", play_name(r, s), sign,
                            play_escaped(r, subject));
    play_show_difference(r, &p, subject, &m);
    return play_fail(r, s, "%s: %s", play_name(r, s), what);
}

static bool connected(struct replay *r, const struct step *s)
{
    struct peer *p = play_peer(r, s);

    p->held = false;
    return p->fd >= 0 ||
           play_blame_case(r, s, "%s is not connected", play_name(r, s));
}

/* Waits for more; false when no more will come in time, and says so. */
static bool more(struct replay *r, const struct step *s, struct peer *p,
                 const char *awaited)
{
    if (p->end == PEER_OPEN && patience_left(&r->wait)) {
        world_pump(r->w, r->wait.until);
        return true;
    }
    play_show_received(r, "", peer_rest(p));
    if (s->has_text) {
        struct pattern pattern;

        if (!play_resolve(r, s, &s->text, &pattern))
            return false;
        match_show(&r->out->expected, &pattern, 0, 0);
    }
    if (p->end == PEER_OPEN)
        return play_late(r, s, "%s waited %lld ms for %s", play_name(r, s),
                         (long long)(world_now() - r->wait.from), awaited);
    return play_fail(r, s, "%s awaited %s, but the connection %s",
                     play_name(r, s), awaited,
                     p->end == PEER_EOF ? "has ended" : "was reset");
}

/* Reads the body of the message whose head was taken. */
static bool read_body(struct replay *r, const struct step *s, struct peer *p)
{
    play_wait(r, 0);
    while (p->place == PEER_HEAD) {
        switch (message_body(&p->message, peer_rest(p), p->end == PEER_EOF)) {
        case MESSAGE_DONE:
            p->at += p->message.used;
            p->place = PEER_BODY;
            break;
        case MESSAGE_BAD:
            play_show_received(r, "", peer_rest(p));
            return play_fail(r, s, "%s: %s", play_name(r, s),
                             p->message.problem);
        default:
            if (!more(r, s, p, "the rest of the body"))
                return false;
        }
    }
    return true;
}

bool play_finish_message(struct replay *r, const struct step *s, struct peer *p)
{
    if (p->place == PEER_HEAD && !read_body(r, s, p))
        return false;
    p->place = PEER_BETWEEN;
    return true;
}

/* The first line decides early: garbage need not be waited for. */
static bool start_line_fits(struct replay *r, const struct step *s,
                            struct span line)
{
    struct pattern p;
    struct match m;

    if (r->corrections || !play_resolve(r, s, &s->text, &p))
        return true;
    match_pattern(&m, &p, line, MATCH_ALL, false, true);
    return m.verdict == MATCH_YES;
}

/* Reads a head; it is copied, for the buffer moves while the body comes. */
static bool read_head(struct replay *r, const struct step *s,
                      enum message_kind kind)
{
    struct peer *p = play_peer(r, s);
    struct message *m = &p->message;
    struct span line, head;

    play_wait(r, 0);
    for (;;) {
        struct span rest = peer_rest(p);

        if (kind != MESSAGE_PACKET && message_line(rest, &line) &&
            !start_line_fits(r, s, line))
            return require(r, s, line, false, "< ", "another start line");
        switch (message_head(m, kind, rest)) {
        case MESSAGE_DONE:
            head = mem_copy(&r->mem, (struct span){rest.ptr, m->head_len});
            message_head(m, kind, head);
            p->at += m->head_len;
            p->place = PEER_HEAD;
            return true;
        case MESSAGE_BAD:
            play_show_received(r, "", rest);
            return play_fail(r, s, "%s: %s", play_name(r, s), m->problem);
        default:
            if (!more(r, s, p,
                      kind == MESSAGE_PACKET ? "a uwsgi packet"
                                             : "the head of a message"))
                return false;
        }
    }
}

bool play_start(struct replay *r, const struct step *s)
{
    struct peer *p = play_peer(r, s);

    if (!connected(r, s) || !play_finish_message(r, s, p) ||
        !read_head(r, s, s->side == 'c' ? MESSAGE_RESPONSE : MESSAGE_REQUEST))
        return false;
    return require(r, s, p->message.start, false, "< ", "another start line");
}

bool play_packet(struct replay *r, const struct step *s)
{
    struct peer *p = play_peer(r, s);
    unsigned char a, b;

    if (!connected(r, s) || !play_finish_message(r, s, p) ||
        !read_head(r, s, MESSAGE_PACKET))
        return false;
    a = (unsigned char)p->message.start.ptr[0];
    b = (unsigned char)p->message.start.ptr[3];
    if (a == s->a && b == s->b)
        return true;
    if (r->corrections)
        return play_correct(r, s, "%s< uwsgi %d %d", play_name(r, s), a, b);
    play_show_received(r, "", p->message.start);
    return play_fail(r, s,
                     "%s: the packet's modifiers are %d and %d, expected "
                     "%d and %d",
                     play_name(r, s), a, b, s->a, s->b);
}

bool play_has_head(struct replay *r, const struct step *s)
{
    return play_peer(r, s)->place != PEER_BETWEEN ||
           play_blame_case(r, s, "%s has begun no message with \"<\"",
                           play_name(r, s));
}

bool play_body(struct replay *r, const struct step *s)
{
    struct peer *p = play_peer(r, s);

    return connected(r, s) && play_has_head(r, s) &&
           (p->place == PEER_BODY || read_body(r, s, p)) &&
           require(r, s, buf_span(&p->message.body), true, "= ",
                   "another body");
}

static bool look_inside(struct replay *r, const struct step *s, bool wanted)
{
    struct peer *p = play_peer(r, s);
    struct pattern pattern;
    struct match m;

    if (!connected(r, s) || !play_has_head(r, s) ||
        (p->place != PEER_BODY && !read_body(r, s, p)) ||
        !play_resolve(r, s, &s->text, &pattern))
        return false;
    match_pattern(&m, &pattern, buf_span(&p->message.body), MATCH_INSIDE, false,
                  true);
    if ((m.verdict == MATCH_YES) == wanted) {
        play_keep(r, &m);
        return true;
    }
    play_show_received(r, "", buf_span(&p->message.body));
    match_show(&r->out->expected, &pattern, 0, 0);
    return play_fail(r, s,
                     wanted ? "%s: the body does not contain this"
                            : "%s: the body should not contain this",
                     play_name(r, s));
}

bool play_contains(struct replay *r, const struct step *s)
{
    return look_inside(r, s, true);
}

bool play_lacks(struct replay *r, const struct step *s)
{
    return look_inside(r, s, false);
}

bool play_no_body(struct replay *r, const struct step *s)
{
    struct peer *p = play_peer(r, s);

    if (!play_has_head(r, s))
        return false;
    p->message.framing = MESSAGE_NO_BODY;
    return true;
}

bool play_bytes(struct replay *r, const struct step *s)
{
    struct peer *p = play_peer(r, s);
    struct pattern pattern;
    struct match m;
    bool final = false;

    if (!connected(r, s) || !play_finish_message(r, s, p) ||
        !play_resolve(r, s, &s->text, &pattern))
        return false;
    play_wait(r, 0);
    for (;;) {
        match_pattern(&m, &pattern, peer_rest(p), MATCH_PREFIX, true, final);
        if (m.verdict != MATCH_SHORT || final)
            break;
        final = p->end != PEER_OPEN || !patience_left(&r->wait);
        if (!final)
            world_pump(r->w, r->wait.until);
    }
    if (m.verdict == MATCH_YES) {
        play_keep(r, &m);
        p->at += m.len;
        return true;
    }
    if (r->corrections) {
        struct span rest = peer_rest(p);

        p->at = p->in.len;
        return play_correct(r, s, "%s<| %s", play_name(r, s),
                            play_escaped(r, rest));
    }
    play_show_difference(r, &pattern, peer_rest(p), &m);
    if (p->end == PEER_OPEN && final)
        return play_late(r, s, "%s: other bytes, and no more came in time",
                         play_name(r, s));
    return play_fail(r, s, "%s: other bytes", play_name(r, s));
}

static const char *end_name(enum step_kind kind)
{
    return kind == STEP_EOF     ? "the end of the stream"
           : kind == STEP_RESET ? "a reset"
                                : "the end of the connection";
}

static bool wrong_end(struct replay *r, const struct step *s, struct peer *p)
{
    if (r->corrections)
        return play_correct(r, s, "%s %s", play_name(r, s),
                            p->end == PEER_EOF ? "eof" : "reset");
    return play_fail(r, s, "%s: %s, expected %s", play_name(r, s),
                     p->end == PEER_EOF ? "the stream ended"
                                        : "the connection was reset",
                     end_name(s->kind));
}

bool play_end(struct replay *r, const struct step *s)
{
    struct peer *p = play_peer(r, s);
    bool taken = p->place == PEER_BODY && /* the end, as that of a body */
                 p->message.framing == MESSAGE_TO_CLOSE;
    int64_t since;

    if (!connected(r, s) || !play_finish_message(r, s, p))
        return false;
    play_wait(r, s->max);
    while (peer_rest(p).len == 0 && p->end == PEER_OPEN)
        if (!more(r, s, p, end_name(s->kind)))
            return false;
    if (peer_rest(p).len) {
        play_show_received(r, "(nothing more)", peer_rest(p));
        return play_fail(r, s, "%s: bytes where %s was expected",
                         play_name(r, s), end_name(s->kind));
    }
    if ((s->kind == STEP_EOF && p->end != PEER_EOF) ||
        (s->kind == STEP_RESET && p->end != PEER_RESET))
        return wrong_end(r, s, p);
    since = taken ? p->ended : p->moved;
    if (s->min > 0 && p->ended - since + EARLY_SLACK < s->min)
        return play_fail(r, s,
                         "%s: the connection ended %lld ms after the last "
                         "byte, expected no earlier than %lld ms",
                         play_name(r, s), (long long)(p->ended - since),
                         (long long)s->min);
    return true;
}

/* The time passes, and then the program is at rest: one that was kept from
 * its work is not silent yet. */
bool play_silent(struct replay *r, const struct step *s)
{
    int64_t until = world_now() + s->min;
    struct peer *p = play_peer(r, s);
    bool listening = s->side == 'u' && p->fd < 0, over = false;

    if (!listening && (!connected(r, s) || !play_finish_message(r, s, p)))
        return false;
    while (!over) {
        over = world_now() >= until;
        if (over)
            pace_await_rest();
        world_pump(r->w, until);
        if (listening && upstream_waiting(&r->w->upstreams[s->number]))
            return play_fail(r, s, "%s got a connection, expected none",
                             play_name(r, s));
        if (listening || (peer_rest(p).len == 0 && p->end == PEER_OPEN))
            continue;
        play_show_received(r, "(nothing)", peer_rest(p));
        return play_fail(r, s, "%s: %s, expected silence", play_name(r, s),
                         peer_rest(p).len     ? "bytes came"
                         : p->end == PEER_EOF ? "the stream ended"
                                              : "the connection was reset");
    }
    return true;
}
