/* command_line: nginx's options. */

#ifndef STRATA_COMMAND_LINE_H
#define STRATA_COMMAND_LINE_H

#include "bytes.h"

struct command_line {
    bool help, version, configure; /* -h, -v, -V */
    bool test, dump, quiet;        /* -t, -T, -q */
    const char *prefix, *error_log, *conf, *globals; /* NULL: not given */
    const char *signal;            /* of -s: stop, quit, reopen, reload */
};

/* Reads argv.  Letters may stand together (-tq), and the value of an option
 * behind its letter or in the next word (-cFILE, -c FILE).  False with *err
 * set in nginx's words. */
bool command_line_read(struct command_line *line, char **argv,
                       struct err *err);

#endif
