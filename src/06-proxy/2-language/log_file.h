/* log_file: the files that logs are written to.
 *
 * Each path is opened once, however many directives name it, and again when
 * the program is told that the file was moved away (SIGUSR1). */

#ifndef STRATA_LOG_FILE_H
#define STRATA_LOG_FILE_H

#include "conf.h"

#include <sys/types.h>

struct log_file {
    struct log_file *next;
    struct span path; /* absolute, NUL after it; empty: standard error */
    int fd;           /* -1 until log_files_open */
    bool takes_stderr; /* the process' standard error goes here too */
    bool torn;         /* the last line written lacks its end */
};

/* The file of this name, relative to the prefix, in cf->log_files: one that
 * stands there or a new one.  "stderr" is standard error.  NULL when the memory
 * is out. */
struct log_file *log_file_named(struct conf *cf, struct span name);

/* Opens what is not open yet, creating files that do not exist.  False with
 * *err set in nginx's words. */
bool log_files_open(struct log_file *list, struct err *err);

/* Opens everything anew; a file that cannot be opened goes on as it is, and
 * *err tells which (false).  `owner` (-1: nobody) is given files that the
 * caller, as root, has just created: workers will reopen them too. */
bool log_files_reopen(struct log_file *list, uid_t owner, struct err *err);

/* From here on what is written to the standard error goes to this file, which
 * is open, and after log_files_reopen to the new one. */
void log_file_take_stderr(struct log_file *file);

/* Writes a line, which ends in LF, in one write: lines of several workers do
 * not mix.  A disk that is full may take a part of it; then the next line
 * begins with the end that this one lacks.  False when it was not taken
 * whole. */
bool log_file_write(struct log_file *file, struct span line);

/* Closes all but the standard error. */
void log_files_close(struct log_file *list);

#endif
