/* command: the words that start a program, and the nginx.conf of stage 6.
 *
 * Pure: it writes text and allocates from a mem.  Addresses are given as
 * text, so that the same case gives the same text wherever it listens. */

#ifndef RUNNER_COMMAND_H
#define RUNNER_COMMAND_H

#include "case.h"

/* What the words of a case are replaced by. */
struct places {
    const char *addr, *port;
    const char *up[CASE_PEERS]; /* addresses of the upstreams */
    const char *app;            /* stage 6: of the application */
    const char *www, *apps, *dir;
    const char *prefix, *conf, *access_log; /* stage 6 */
};

/* argv for a stage: `before` (may be NULL) and `program`, lists ended by NULL,
 * then what the stage wants. */
char **command_words(struct mem *m, const struct corpus_case *c, int stage,
                     char *const *before, char *const *program,
                     const struct places *at);

/* argv for the application behind stage 6, to listen on at->app. */
char **command_backend(struct mem *m, const struct corpus_case *c,
                       char *const *program, const struct places *at);

/* The text of nginx.conf. */
void command_conf(struct buf *out, const struct corpus_case *c,
                  const struct places *at);

/* Appends the words as a shell takes them. */
void command_show(struct buf *out, char *const *words);

#endif
