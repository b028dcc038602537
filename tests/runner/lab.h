/* lab: finding the program in a student's folder. */

#ifndef RUNNER_LAB_H
#define RUNNER_LAB_H

#include "mem.h"

/* The name of a stage's program in this house, "strata-echo". */
const char *lab_program_name(int stage);

/* Runs make in the folder if there is a makefile, its output to standard
 * error, and finds the program by the names that corpus/README.md lists.
 * The words of its command, ended by NULL; NULL with a sentence in e. */
char **lab_find(struct mem *m, const char *folder, int stage, struct err *e);

#endif
