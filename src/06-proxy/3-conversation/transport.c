/* transport: bytes as the socket has them. */

#include "connection.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

static ssize_t plain_receive(struct client *c, void *bytes, size_t n)
{
    return recv(c->event.fd, bytes, n, 0);
}

static ssize_t plain_send(struct client *c, struct iovec *iov, size_t count,
                          bool more)
{
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count};

    return sendmsg(c->event.fd, &msg, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

static ssize_t plain_send_file(struct client *c, int file, off_t offset,
                               size_t n)
{
    return sendfile(c->event.fd, file, &offset, n);
}

static void plain_shut_down(struct client *c)
{
    shutdown(c->event.fd, SHUT_WR);
}

const struct transport transport_plain = {plain_receive, plain_send,
                                          plain_send_file, plain_shut_down};
