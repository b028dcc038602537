/* pidfile: the pid of a server, in a file where a script can find it.
 *
 * What can fail returns the name of the call that did (NULL: none), and errno
 * says why: each program has its own words for that. */

#ifndef STRATA_PIDFILE_H
#define STRATA_PIDFILE_H

#include <stdbool.h>
#include <sys/types.h>

#define PIDFILE_TEXT 64 /* bytes of what stands in a file, with the NUL */

/* Opened while there may still be the right to, written when the server
 * serves. */
struct pidfile {
    char *path; /* absolute, itself maybe a link; NULL: there is none */
    int fd;     /* -1 once it is written */
    bool made;  /* it was not there before, and no pid is in it yet */
};

const char *pidfile_open(struct pidfile *p, const char *path);

/* Writes the pid of this process, and closes the file. */
const char *pidfile_write(struct pidfile *p);

/* Could the file be written?  Asks without a trace, with errno. */
bool pidfile_possible(const char *path);

/* Gives the file another name; false with errno. */
bool pidfile_rename(struct pidfile *p, const char *path);

/* Removes the file (or the link to it) if this process stands in it, and not
 * another that has taken its place.  A signal handler may call it. */
void pidfile_remove(const struct pidfile *p);

/* Closes it; removes it when it was made but not written. */
void pidfile_close(struct pidfile *p);

/* The pid in a file.  0 when there is none: errno says why it could not be
 * read, or is 0 when `text`, the file's, is no pid. */
pid_t pidfile_read(const char *path, char text[PIDFILE_TEXT]);

#endif
