/* play_field: the steps that speak of one field of a head, or of one variable
 * of a packet, and the one that says that this was all. */

#include "play.h"

#include <string.h>

static bool names_equal(const struct message *m, struct span a, struct span b)
{
    return m->kind == MESSAGE_PACKET ? span_eq(a, b) : span_eq_nocase(a, b);
}

/* The field of this name whose value fits and that no line has taken; else
 * *other is one whose value does not fit. */
static struct message_field *find_field(struct message *m, struct span name,
                                        const struct pattern *p,
                                        struct message_field **other,
                                        struct match *match)
{
    *other = NULL;
    for (size_t i = 0; i < m->count; i++) {
        struct message_field *f = &m->fields[i];

        if (!names_equal(m, f->name, name) || f->taken)
            continue;
        if (!p)
            return f;
        match_pattern(match, p, f->value, MATCH_ALL, false, true);
        if (match->verdict == MATCH_YES)
            return f;
        if (!*other)
            *other = f;
    }
    if (*other)
        match_pattern(match, p, (*other)->value, MATCH_ALL, false, true);
    return NULL;
}

/* As find_field; the field is taken, and what its value binds is kept. */
static bool take_field(struct replay *r, const struct step *s,
                       const struct pattern *p, struct message_field **other,
                       struct match *match)
{
    struct message *m = &play_peer(r, s)->message;
    struct message_field *f = find_field(m, s->name, p, other, match);

    if (!f)
        return false;
    f->taken = true;
    play_keep(r, match);
    return true;
}

static const char *field_line(struct replay *r, const struct step *s, char sign,
                              struct span value)
{
    bool variable = play_peer(r, s)->message.kind == MESSAGE_PACKET;

    return mem_printf(&r->mem, "%s%c %s%s%s", play_name(r, s), sign,
                      s->name.ptr, variable ? "=" : ": ",
                      play_escaped(r, value));
}

bool play_field(struct replay *r, const struct step *s)
{
    struct message_field *other;
    struct pattern p;
    struct match match;

    if (!play_has_head(r, s) || !play_resolve(r, s, &s->text, &p))
        return false;
    if (take_field(r, s, &p, &other, &match))
        return true;
    if (r->corrections && other) {
        other->taken = true;
        return play_correct(r, s, "%s", field_line(r, s, '?', other->value));
    }
    if (r->corrections)
        return play_correct(r, s, "%s! %s", play_name(r, s), s->name.ptr);
    if (other) {
        play_show_difference(r, &p, other->value, &match);
        return play_fail(r, s, "%s: %s has another value", play_name(r, s),
                         s->name.ptr);
    }
    match_show(&r->out->expected, &p, 0, 0);
    buf_add_text(&r->out->received, "(no such line)");
    return play_fail(r, s, "%s: %s is missing", play_name(r, s), s->name.ptr);
}

bool play_no_field(struct replay *r, const struct step *s)
{
    struct message *m = &play_peer(r, s)->message;
    struct message_field *f, *other;
    struct pattern p;
    struct match match;

    if (!play_has_head(r, s) ||
        (s->has_text && !play_resolve(r, s, &s->text, &p)))
        return false;
    f = find_field(m, s->name, s->has_text ? &p : NULL, &other, &match);
    if (!f)
        return true;
    if (r->corrections)
        return play_correct(r, s, "%s", field_line(r, s, '?', f->value));
    buf_add_text(&r->out->expected, "(no such line)");
    buf_printf(&r->out->received, "%s: ", s->name.ptr);
    text_escape(&r->out->received, f->value);
    return play_fail(r, s, "%s: %s should not be there", play_name(r, s),
                     s->name.ptr);
}

bool play_may_field(struct replay *r, const struct step *s)
{
    struct message_field *other;
    struct pattern p;
    struct match match;

    if (!play_has_head(r, s) || !play_resolve(r, s, &s->text, &p))
        return false;
    if (take_field(r, s, &p, &other, &match) || !other)
        return true;
    play_show_difference(r, &p, other->value, &match);
    return play_fail(r, s, "%s: %s may be there, but with another value",
                     play_name(r, s), s->name.ptr);
}

/* A line for each that no line speaks of, and behind them the step's own. */
static bool correct_rest(struct replay *r, const struct step *s)
{
    struct message *m = &play_peer(r, s)->message;
    const char *between = m->kind == MESSAGE_PACKET ? "=" : ": ", *lines = "";

    for (size_t i = 0; i < m->count; i++)
        if (!m->fields[i].taken)
            lines = mem_printf(&r->mem, "%s      ?%s%s%s\n", lines,
                               play_escaped(r, m->fields[i].name), between,
                               play_escaped(r, m->fields[i].value));
    return play_correct(r, s, "%s%s only", lines, play_name(r, s));
}

bool play_only(struct replay *r, const struct step *s)
{
    struct message *m = &play_peer(r, s)->message;
    size_t i = 0;

    if (!play_has_head(r, s))
        return false;
    while (i < m->count && m->fields[i].taken)
        i++;
    if (i == m->count)
        return true;
    if (r->corrections)
        return correct_rest(r, s);
    buf_add_text(&r->out->expected, "(no such line)");
    text_escape(&r->out->received, m->fields[i].name);
    buf_add_text(&r->out->received, m->kind == MESSAGE_PACKET ? "=" : ": ");
    text_escape(&r->out->received, m->fields[i].value);
    return play_fail(r, s, "%s: a line that should not be there",
                     play_name(r, s));
}
