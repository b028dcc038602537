/* play_act: the steps that do something, and those about the program. */

#include "play.h"

#include "tree.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LOG_READ (1 << 20)

/* Says why: a program that does not listen, or takes nobody for long, or what
 * is not there for us. */
static bool cannot_connect(struct replay *r, const struct step *s)
{
    const char *why = strerror(errno);

    return (errno == ECONNREFUSED ? play_fail
            : errno == ETIMEDOUT  ? play_late
                                  : play_blame_case)(
        r, s, "%s cannot connect: %s", play_name(r, s), why);
}

bool play_connect(struct replay *r, const struct step *s)
{
    struct peer *p = play_peer(r, s);

    if (p->fd >= 0 && p->end == PEER_OPEN)
        return play_blame_case(r, s, "%s is connected already",
                               play_name(r, s));
    if (!program_alive(&r->host->program))
        return play_fail(r, s, "%s cannot connect", play_name(r, s));
    return peer_connect(p, r->host->program.port.port, play_wait(r, 0)) ||
           cannot_connect(r, s);
}

bool play_refused(struct replay *r, const struct step *s)
{
    if (peer_connect(play_peer(r, s), r->host->program.port.port,
                     play_wait(r, 0)))
        return play_fail(r, s, "%s was let in, expected a refusal",
                         play_name(r, s));
    return errno == ECONNREFUSED || cannot_connect(r, s);
}

/* Time passes, and then what was sent has been read and the program is at
 * rest: a pause is there for it to do something. */
bool play_pause(struct replay *r, const struct step *s)
{
    struct peer *p = play_peer(r, s);
    int64_t until = world_now() + s->min;
    struct patience more;

    while (world_now() < until)
        world_pump(r->w, until);
    patience_begin(&more, PACE_REST);
    if (p->fd >= 0)
        peer_await_read(r->w, p, &more);
    pace_await_rest();
    if (s->side == 'c' && s->number == 0)
        buf_printf(&r->hand, "sleep %lld.%03lld; ", (long long)s->min / 1000,
                   (long long)s->min % 1000);
    return true;
}

static bool open_peer(struct replay *r, const struct step *s)
{
    return play_peer(r, s)->fd >= 0 ||
           play_blame_case(r, s, "%s is not connected", play_name(r, s));
}

bool play_shut(struct replay *r, const struct step *s)
{
    if (!open_peer(r, s))
        return false;
    shutdown(play_peer(r, s)->fd, SHUT_WR);
    return true;
}

bool play_close(struct replay *r, const struct step *s)
{
    if (!open_peer(r, s))
        return false;
    peer_close(play_peer(r, s), false);
    return true;
}

bool play_abort(struct replay *r, const struct step *s)
{
    if (!open_peer(r, s))
        return false;
    peer_close(play_peer(r, s), true);
    return true;
}

bool play_hold(struct replay *r, const struct step *s)
{
    play_peer(r, s)->held = true;
    return open_peer(r, s);
}

bool play_accept(struct replay *r, const struct step *s)
{
    struct upstream *u = &r->w->upstreams[s->number];
    struct patience *wait = play_wait(r, 0);

    if (u->listener < 0)
        return play_blame_case(r, s, "%s does not listen", play_name(r, s));
    while (!upstream_accept(u)) {
        if (!patience_left(wait))
            return play_late(r, s, "%s waited %lld ms for a connection",
                             play_name(r, s),
                             (long long)(world_now() - wait->from));
        world_await(r->w, u, wait->until);
    }
    return true;
}

bool play_refuse(struct replay *r, const struct step *s)
{
    upstream_refuse(&r->w->upstreams[s->number]);
    return true;
}

static bool listen_again(struct replay *r, const struct step *s)
{
    struct err e;

    return upstream_listen(&r->w->upstreams[s->number], 128, &e) ||
           play_blame_case(r, s, "%s", e.text);
}

bool play_listen(struct replay *r, const struct step *s)
{
    r->w->upstreams[s->number].hang = false;
    return listen_again(r, s);
}

bool play_hang(struct replay *r, const struct step *s)
{
    r->w->upstreams[s->number].hang = true;
    return listen_again(r, s);
}

bool play_full(struct replay *r, const struct step *s)
{
    struct err e;

    r->w->upstreams[s->number].hang = true;
    return upstream_fill(&r->w->upstreams[s->number], &e) ||
           play_blame_case(r, s, "%s", e.text);
}

static bool line_contains(const struct pattern *p, struct span text)
{
    struct span line;
    struct match m;

    while (span_next(&text, '\n', &line)) {
        match_pattern(&m, p, line, MATCH_INSIDE, false, true);
        if (m.verdict == MATCH_YES)
            return true;
    }
    return false;
}

/* All that was written since the case began. */
static void read_logs(struct replay *r, const struct step *s, struct buf *out)
{
    out->len = 0;
    if (s->a) {
        program_log(r->host->access_log, r->access_from, MAX_LOG_READ, out);
        return;
    }
    program_log(r->host->program.log, r->log_from, MAX_LOG_READ, out);
    if (r->host->backend.pid)
        program_log(r->host->backend.log, r->backend_log_from, MAX_LOG_READ,
                    out);
}

bool play_log(struct replay *r, const struct step *s)
{
    struct patience *wait = play_wait(r, 0);
    bool wanted = s->kind == STEP_LOG, found;
    struct pattern p;
    struct buf log;

    if (s->a && r->stage != 6)
        return true;
    if (!play_resolve(r, s, &s->text, &p))
        return false;
    buf_init(&log, 4 * MAX_LOG_READ);
    if (!wanted)
        pace_await_rest();
    for (;;) {
        read_logs(r, s, &log);
        found = line_contains(&p, buf_span(&log));
        if (!wanted || found || !patience_left(wait))
            break;
        world_pump(r->w, wait->until);
    }
    if (found != wanted)
        match_show(&r->out->expected, &p, 0, 0);
    if (wanted && !found)
        play_late(r, s, "the log has no line that contains this");
    else if (found && !wanted)
        play_fail(r, s, "the log has a line that contains this");
    buf_free(&log);
    return found == wanted;
}

bool play_signal(struct replay *r, const struct step *s)
{
    if (!program_alive(&r->host->program))
        return play_fail(r, s, "the program is not there any more");
    kill(r->host->program.pid, s->a);
    return true;
}

bool play_exit(struct replay *r, const struct step *s)
{
    struct program *p = &r->host->program;
    struct patience *wait = play_wait(r, s->max);
    char how[64];

    while (program_alive(p) && patience_left(wait))
        world_pump(r->w, world_now() + 5);
    if (program_alive(p))
        return play_late(r, s,
                         "the program is still running, expected its "
                         "end with exit status %d",
                         s->a);
    r->ended = true;
    if (WIFEXITED(p->status) && WEXITSTATUS(p->status) == s->a)
        return true;
    return play_fail(r, s,
                     "the program ended with %s, expected exit status "
                     "%d",
                     program_ending(p->status, how, sizeof how), s->a);
}

bool play_alive(struct replay *r, const struct step *s)
{
    pace_await_rest();
    return program_alive(&r->host->program) ||
           play_fail(r, s, "the program is not there any more");
}

bool play_write(struct replay *r, const struct step *s)
{
    struct pattern p;
    struct err e;

    return play_resolve(r, s, &s->text, &p) &&
           (tree_write(r->host->tree, s->name, pattern_bytes(&p), &e) ||
            play_blame_case(r, s, "%s", e.text));
}

bool play_remove(struct replay *r, const struct step *s)
{
    struct err e;

    return tree_remove(r->host->tree, s->name, &e) ||
           play_blame_case(r, s, "%s", e.text);
}
