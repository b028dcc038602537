/* http_options: the command-line options that every program with an HTTP
 * client in front of it has: its deadlines and its bounds. */

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

/* Looks whether argv[0] is the option `name` ("--root"), written
 * `--root VALUE` or `--root=VALUE`.  Returns how many words it takes (1 or 2)
 * and sets *value; 0 when it is another word; -1 with *err set when the value
 * is missing.  argv ends in NULL. */
int http_option_value(char **argv, const char *name, const char **value,
                      struct err *err);

/* The same for the shared options (not --help and --version), which it reads
 * into *o; -1 also when a value makes no sense. */
int http_option(char **argv, struct http_options *o, struct err *err);

/* Reads a span of time, "10" or "0.25", into an int64_t of milliseconds, as
 * the options above do; false when it is none, or 0. */
bool http_read_seconds(struct span text, void *place);

#endif
