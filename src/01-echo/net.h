/* net: stream sockets with a clock.
 *
 * Addresses are written `host:port`, `:port` or `*:port` (every IPv4 address),
 * `[v6]:port` or `unix:/path`.  Sockets are close-on-exec.  Listening and
 * connected sockets made here are non-blocking inside; the calls below wait in
 * poll() and never past their deadline, which is a point on the monotonic
 * clock in milliseconds, or NET_FOREVER. */

#ifndef STRATA_NET_H
#define STRATA_NET_H

#include "bytes.h"

#include <sys/socket.h>
#include <sys/uio.h>

#define NET_FOREVER INT64_MAX

/* Opens /dev/null for what is closed of standard input, output and error, or
 * else the next socket would get the number of one of them, and with it the
 * log, which a client would read.  The first act of a program. */
void net_keep_standard(void);

/* From here on what cannot be written is an error for whoever writes it, and
 * no end of the program: SIGPIPE (nobody reads any more) and SIGXFSZ (the file
 * is as large as RLIMIT_FSIZE allows) are ignored.  The second act. */
void net_ignore_signals(void);

struct net_addr {
    socklen_t len;
    union {
        struct sockaddr sa;
        struct sockaddr_storage storage;
    };
};

/* "[ffff:...:255.255.255.255%interface]:65535" or "unix:" and 108 bytes */
#define NET_ADDR_TEXT 128

/* Reads an address as it is written.  A host name is resolved here, once, and
 * its first IPv4 address is taken, or its first if it has none.  False with
 * *err set when the text is not an address (no port, port out of 0..65535,
 * unknown host, path too long). */
bool net_parse(struct net_addr *addr, const char *text, struct err *err);

/* Writes an address as net_parse reads it; the host alone; the port alone (0
 * for a unix socket).  `text` holds NET_ADDR_TEXT bytes.  A unix socket's
 * host is "unix:", as nginx's $remote_addr has it. */
void net_print(const struct net_addr *addr, char *text);
void net_print_host(const struct net_addr *addr, char *text);
unsigned net_port(const struct net_addr *addr);

/* The same family, host and port, or path. */
bool net_same(const struct net_addr *a, const struct net_addr *b);

/* The address of this end (net_local) of a connected or listening socket. */
bool net_local(int fd, struct net_addr *addr);

/* TCP_NODELAY for a socket of addr's kind; nothing for a unix socket. */
void net_set_nodelay(int fd, const struct net_addr *addr);

/* A listening socket, or -1 with *err set.  A unix socket that no process
 * listens on any more is replaced; one in use, or a path that is no socket,
 * is an error.  TCP: SO_REUSEADDR, TCP_NODELAY; an IPv6 socket takes IPv6
 * alone. */
int net_listen(const struct net_addr *addr, int backlog, struct err *err);

/* The next connection, or -1 with errno set: ETIMEDOUT at the deadline, EINTR
 * when a signal handler ran.  Errors that belong to the one connection that is
 * lost (ECONNABORTED, ...) are passed over.  `peer` may be NULL.  A connection
 * has TCP_NODELAY if the listening socket has it. */
int net_accept(int listener, struct net_addr *peer, int64_t deadline);

/* A connection to addr, or -1 with errno set. */
int net_connect(const struct net_addr *addr, int64_t deadline);

/* Milliseconds of the monotonic clock; the deadline that lies ms from now. */
int64_t net_now(void);
int64_t net_after(int64_t ms);

/* Waits until fd is ready for `events` (POLLIN, POLLOUT).  False with errno
 * ETIMEDOUT at the deadline, EINTR when a signal handler ran. */
bool net_wait(int fd, short events, int64_t deadline);

/* Like read(2), but waits: 1..n bytes, 0 at the end of the stream, -1 with
 * errno set (ETIMEDOUT at the deadline). */
ssize_t net_read(int fd, void *bytes, size_t n, int64_t deadline);

/* Writes everything or fails with errno set (ETIMEDOUT, EPIPE, ECONNRESET,
 * ...; no SIGPIPE).  What iov says may be changed by the call.  The deadline
 * is renewed by `patience` ms each time the peer has taken something. */
bool net_write(int fd, const void *bytes, size_t n, int64_t patience);
bool net_writev(int fd, struct iovec *iov, int iovcnt, int64_t patience);

/* Writes what goes without waiting, with more flags for send(2); *iov and
 * *count are then what is left of them.  False as net_writev is. */
bool net_writev_now(int fd, struct iovec **iov, int *count, int flags);

/* Closes a connection whose peer may still be sending: says that nothing more
 * will come, then reads what is there until the end, for at most `ms`, so that
 * the last answer is not destroyed by a reset (RFC 9112 9.6). */
void net_close_lingering(int fd, int64_t ms);

#endif
