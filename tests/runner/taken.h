/* taken: how much of what was sent the other end has read.
 *
 * Two writes are two reads only when the first has been read before the
 * second is made; on a busy machine no pause is long enough to be sure of
 * that.  Both ends of a connection over 127.0.0.1 are this kernel's own, and
 * it tells of each what has come and how much lies unread: sock_diag(7). */

#ifndef RUNNER_TAKEN_H
#define RUNNER_TAKEN_H

#include <stdint.h>

/* A socket to ask the kernel with, to be closed by the caller; -1 where the
 * kernel does not answer such questions. */
int taken_open(void);

/* The bytes that the other end of `fd`, a TCP connection over IPv4 on this
 * machine, has read since it began; -1 when that end is no more or the kernel
 * does not tell. */
int64_t taken_bytes(int diag, int fd);

#endif
