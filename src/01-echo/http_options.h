/* http_options: the command line of the programs of stages 1 to 3: how it is
 * read, and the options that they all have, the deadlines and bounds of an HTTP
 * connection. */

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

/* An option.  A table of them ends in a NULL name. */
struct http_option {
    const char *name;                            /* "--root" */
    size_t place;                                /* an offset in a struct */
    bool (*read)(struct span text, void *place); /* false: it makes no sense */
    const char *expected; /* says the message then; NULL: it takes no value */
};

/* Readers: the text as it stands (a const char *), which lives as long as the
 * command line; that the option is there (a bool); a span of time, "10" or
 * "0.25" but not 0, as an int64_t of milliseconds; HTTP_SECONDS says in an
 * option's row what it takes. */
bool http_read_text(struct span text, void *place);
bool http_read_flag(struct span text, void *place);
bool http_read_seconds(struct span text, void *place);
#define HTTP_SECONDS "seconds from 0.001 to 2147483647, such as 10 or 0.5"

/* What a program is called, says to --help, and takes beside the shared
 * options. */
struct http_command {
    const char *name, *help;
    const struct http_option *options; /* a table; NULL: nothing */
};

/* The words that are no options. */
#define HTTP_MAX_WORDS 3
struct http_words {
    const char *word[HTTP_MAX_WORDS];
    unsigned count;
};

/* Reads a command line.  An option is written `--root VALUE` or `--root=VALUE`;
 * the values of the program's own go into the struct `into`.  Ends the program
 * for --help and --version, with what they ask for on standard output.  False
 * with *err set when an option is unknown, its value is missing or makes no
 * sense, or there are too many words.  argv ends in NULL. */
bool http_read_arguments(char **argv, const struct http_command *command,
                         void *into, struct http_options *o,
                         struct http_words *words, struct err *err);

/* The only word: the address to listen on, such as `example`.  NULL with *err
 * set when there is none, or another. */
const char *http_only_address(const struct http_words *words,
                              const char *example, struct err *err);

#endif
