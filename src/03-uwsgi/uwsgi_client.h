/* uwsgi_client: a uwsgi request from the command line.
 *
 * What curl is for HTTP: it asks any uwsgi server, with no front in between,
 * and prints the answer. */

#ifndef STRATA_UWSGI_CLIENT_H
#define STRATA_UWSGI_CLIENT_H

#include "uwsgi_config.h"

#define UWSGI_MAX_WORDS 128 /* of --field and of --var, each */

struct uwsgi_words {
    const char *word[UWSGI_MAX_WORDS];
    unsigned count;
};

struct uwsgi_question {
    const char *method;        /* NULL: GET, or POST with a body */
    const char *target;        /* "/path?query" or "http://host/path?query" */
    const char *body;          /* a file, "-" for standard input, or NULL */
    struct uwsgi_words fields; /* "Name: value" */
    struct uwsgi_words vars;   /* "KEY=VALUE" sets, "KEY" leaves out */
    bool include;              /* print the answer's head, too */
    uint64_t repeat;           /* ask so many times */
};

/* Asks the server and prints each answer to standard output.  True when every
 * status was 2xx or 3xx and every answer complete; otherwise a sentence on
 * stderr has said why. */
bool uwsgi_client(const struct net_addr *server,
                  const struct uwsgi_question *question,
                  const struct uwsgi_config *config);

#endif
