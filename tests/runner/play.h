/* play: one replay of a case against a running program.
 *
 * play_case carries the steps out one after the other and stops at the first
 * that does not hold.  What went wrong is left in an outcome, ready for
 * people: nothing in it needs the case's memory. */

#ifndef RUNNER_PLAY_H
#define RUNNER_PLAY_H

#include "match.h"
#include "setup.h"

struct outcome {
    bool passed;
    bool grader;     /* the case or the grader is at fault, not the program */
    bool doubtful;   /* the machine may have done it: it had other work */
    int line;        /* of the case */
    struct buf what; /* a sentence */
    struct buf expected; /* one line, escaped; may be empty */
    struct buf received; /* one line, escaped */
    size_t caret;        /* column of the first difference in both */
    struct buf sent;     /* by the clients, escaped, a line each line */
    struct buf by_hand;  /* a shell command */
};

void outcome_init(struct outcome *o);
void outcome_free(struct outcome *o);

/* What a line of the case should say instead (make record). */
struct correction {
    int line, last_line;
    char *text;
};

struct corrections {
    struct mem mem;
    struct correction *list;
    size_t count;
};

struct capture {
    struct span name, value;
};

/* One replay while it runs; its parts share it, nobody else. */
struct replay {
    const struct corpus_case *c;
    int stage;
    struct chop chop;
    struct host *host;
    struct world *w;
    double scale;
    struct corrections *corrections; /* NULL: mismatches are failures */
    struct outcome *out;
    struct mem mem;
    struct capture *captures;
    size_t captured;
    int64_t log_from, backend_log_from, access_from;
    struct patience whole; /* since the replay began */
    struct patience wait;  /* of the present step */
    struct buf hand;       /* what client c did, as shell commands */
    bool ended;            /* the script has ended the program */
};

/* Plays.  `corrections` may be NULL.  The host's program runs. */
void play_case(struct replay *r);

/* For the parts of the player. */

struct peer *play_peer(struct replay *r, const struct step *s);

/* Sets the failure; always false. */
bool play_fail(struct replay *r, const struct step *s, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same when a wait is over: the machine's fault, if it left too little of
 * the time to the program. */
bool play_late(struct replay *r, const struct step *s, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a mistake in the case or the grader. */
bool play_blame_case(struct replay *r, const struct step *s, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

/* Shows what was received where something else was expected. */
void play_show_received(struct replay *r, const char *expected,
                        struct span received);

/* Shows a subject and the pattern that it does not fit; both lines begin with
 * what the two have in common. */
void play_show_difference(struct replay *r, const struct pattern *p,
                          struct span subject, const struct match *m);

bool play_resolve(struct replay *r, const struct step *s,
                  const struct text *text, struct pattern *p);

/* Bytes as a case writes them. */
const char *play_escaped(struct replay *r, struct span s);

/* A head was taken, and lines may speak of it. */
bool play_has_head(struct replay *r, const struct step *s);

/* Begins r->wait: of `most` milliseconds or, when that is 0, the case's wait,
 * times the scale. */
struct patience *play_wait(struct replay *r, int64_t most);

/* Keeps what a match captured. */
void play_keep(struct replay *r, const struct match *m);

/* Adds a correction; always true. */
bool play_correct(struct replay *r, const struct step *s, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

/* "c2", "u1". */
const char *play_name(struct replay *r, const struct step *s);

/* Takes what is left of a message whose body no line spoke of. */
bool play_finish_message(struct replay *r, const struct step *s,
                         struct peer *p);

typedef bool play_step(struct replay *r, const struct step *s);

play_step play_start, play_packet, play_body, play_contains, play_lacks,
    play_no_body, play_bytes, play_end, play_silent; /* play_expect.c */
play_step play_field, play_no_field, play_may_field,
    play_only; /* play_field.c */
play_step play_connect, play_refused, play_pause, play_shut, play_close,
    play_abort, play_hold, play_accept, play_refuse, play_listen, play_hang,
    play_full, play_log, play_signal, play_exit, play_alive, play_write,
    play_remove; /* play_act.c */

/* Carries out the run of sends that begins at step `at`, cut as the replay
 * says; returns the step after it, or 0 when it failed. */
size_t play_send(struct replay *r, size_t at); /* play_send.c */

#endif
