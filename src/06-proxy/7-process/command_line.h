/* command_line: nginx's options, and what holds where they are not given. */

#ifndef STRATA_COMMAND_LINE_H
#define STRATA_COMMAND_LINE_H

#include "cycle.h"

struct command_line {
    bool help, version, configure; /* -h, -v, -V */
    bool test, dump, quiet;        /* -t, -T, -q */
    struct cycle_options options;  /* as far as given: -p, -e, -c, -g */
    const char *order;             /* -s: stop, quit, reopen, reload */
    int signo;                     /* what it sends; 0: not given */
};

/* Reads argv.  Letters may stand together (-tq), and the value of an option
 * behind its letter or in the next word (-cFILE, -c FILE).  False with *err
 * set in nginx's words. */
bool command_line_read(struct command_line *line, char **argv, struct err *err);

/* Fills in the options that were not given.  False when the memory is out. */
bool command_line_places(struct command_line *line, struct arena *arena);

/* Prints the version, and what else -h and -V ask for. */
void command_line_answer(const struct command_line *line);

#endif
