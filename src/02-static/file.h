/* file: finding and opening what a path names, and nothing else.
 *
 * Paths are relative to a directory that is open already, and no path can lead
 * out of it: not by "..", and by a symbolic link only where the caller lets
 * links be followed (openat2 with RESOLVE_BENEATH where they may not). */

#ifndef STRATA_FILE_H
#define STRATA_FILE_H

#include "bytes.h"

#include <sys/stat.h>

enum file_links {
    FILE_LINKS_FOLLOW,  /* as nginx by default: links lead where they lead */
    FILE_LINKS_BENEATH, /* links are followed inside the root only */
    FILE_LINKS_NONE,    /* a link anywhere in the path is refused */
};

struct file {
    int fd;         /* -1 for a directory and whatever is not sent */
    bool directory;
    uint64_t size;
    time_t mtime;
};

/* nginx's answer to the reason (an errno) for which a file cannot be opened:
 * 404, 403, 503, 500. */
int file_status(int error);

/* Opens `path` (NUL-terminated; leading slashes are ignored; "" is the root
 * itself) below the directory `root`.  Returns 0, or the status that nginx
 * answers: 404 (not there; a component is no directory; the name is too long;
 * neither a regular file nor a directory), 403 (may not be read; a link or a
 * ".." that is refused), 500 (anything else), and 503 when out of descriptors;
 * errno says why.  It never blocks on a FIFO or touches a device.  The caller
 * closes file->fd. */
int file_open(struct file *file, int root, const char *path,
              enum file_links links);

/* Sends n bytes of the file from `offset` to the socket, blocking as
 * net_write does.  Returns how many were sent: fewer than n with errno 0 when
 * the file has become shorter, else with errno set.  sendfile knows no
 * MSG_NOSIGNAL: the caller ignores SIGPIPE. */
uint64_t file_send(int socket, int fd, uint64_t offset, uint64_t n,
                   int64_t patience);

#endif
