/* options: the command line of strata-grade. */

#ifndef RUNNER_OPTIONS_H
#define RUNNER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum mode {
    MODE_GRADE,
    MODE_VERIFY,
    MODE_RECORD,
    MODE_CHECK,
};

struct options {
    enum mode mode;
    int stage, workers;
    double scale;
    int64_t limit; /* seconds */
    const char *program, *dir, *corpus, *cases, *hidden, *format, *output,
        *wrap, *backend, *bin, *adapters;
};

/* Fills *o from the command line and the defaults.  False when something is
 * wrong with it; that and the usage are then on standard error.  --help ends
 * the program. */
bool options_parse(struct options *o, int argc, char **argv);

#endif
