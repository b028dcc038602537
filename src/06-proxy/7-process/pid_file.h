/* pid_file: the file that tells everyone else which process is the master. */

#ifndef STRATA_PID_FILE_H
#define STRATA_PID_FILE_H

#include "bytes.h"

#include <sys/types.h>

/* Writes this process's number.  False with *err in nginx's words. */
bool pid_file_write(const char *path, struct err *err);

/* Could it be written?  Leaves everything as it is. */
bool pid_file_test(const char *path, struct err *err);

/* Reads the number. */
bool pid_file_read(const char *path, pid_t *pid, struct err *err);

#endif
