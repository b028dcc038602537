/* http_options: the command line of the programs of stages 1 to 3: how an
 * option with a value is read, and the options that they all have, the
 * deadlines and bounds of an HTTP connection. */

#ifndef STRATA_HTTP_OPTIONS_H
#define STRATA_HTTP_OPTIONS_H

#include "http_conn.h"

struct http_options {
    struct http_timeouts timeouts;
    struct http_limits limits;
    uint64_t max_body;
};

#define HTTP_DEFAULT_MAX_BODY 1048576 /* nginx's client_max_body_size */

/* What `--help` says of them. */
#define HTTP_OPTIONS_HELP                                                      \
    "  --idle-timeout SECONDS   between two requests of a connection\n"        \
    "  --head-timeout SECONDS   for a request's head, from its first byte\n"   \
    "  --body-timeout SECONDS   between two reads of a body\n"                 \
    "  --send-timeout SECONDS   between two writes that the client took\n"     \
    "  --max-line BYTES         the request line (8192)\n"                     \
    "  --max-field BYTES        one field line (8192)\n"                       \
    "  --max-head BYTES         the whole head (32768)\n"                      \
    "  --max-body BYTES         the body (1048576)\n"                          \
    "  --help, --version\n"

/* An option that takes a value.  A table of them ends in a NULL name. */
struct http_option {
    const char *name;                            /* "--root" */
    size_t place;                                /* an offset in a struct */
    bool (*read)(struct span text, void *place); /* false: it makes no sense */
    const char *expected;                        /* says the message then */
};

/* Readers: the text as it stands (a const char *), which lives as long as the
 * command line; a span of time, "10" or "0.25" but not 0, as an int64_t of
 * milliseconds; HTTP_SECONDS says in an option's row what it takes. */
bool http_read_text(struct span text, void *place);
bool http_read_seconds(struct span text, void *place);
#define HTTP_SECONDS "seconds from 0.001 to 2147483647, such as 10 or 0.5"

/* Looks whether argv[0] is an option of the table, written `--root VALUE` or
 * `--root=VALUE`, and reads its value into the struct `into`.  Returns how many
 * words it takes (1 or 2); 0 when it is another word; -1 with *err set when the
 * value is missing or makes no sense.  argv ends in NULL. */
int http_read_option(char **argv, const struct http_option *table, void *into,
                     struct err *err);

/* The same for the shared options. */
int http_read_options(char **argv, struct http_options *o, struct err *err);

/* Ends the program when the word is --help or --version, with what it asks
 * for on standard output. */
void http_answer_help(const char *word, const char *program, const char *help);

#endif
