/* uwsgi_call: send, and listen meanwhile; then listen.
 *
 * Two ends that both write until they are done, and only then read, wait for
 * each other for ever once the buffers between them are full.  So whatever the
 * server says while we send is taken in and kept. */

#include "uwsgi_call.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 65536

/* An answer that comes before the request is out is kept up to this size;
 * past it the server waits for us, as it would for any slow reader.  It is the
 * size of nginx's uwsgi_max_temp_file_size. */
#define MAX_EARLY (UINT64_C(1) << 30)

/* The sentence for errno after a failed call, and the status. */
static int failed(const struct uwsgi_call *c, const char *what, struct err *err)
{
    int problem = errno;

    err_set(err, "%s the uwsgi server %s: %s", what, c->server,
            problem == ETIMEDOUT ? "no progress before the deadline"
                                 : strerror(problem));
    return problem == ETIMEDOUT ? 504 : 502;
}

int uwsgi_call_connect(struct uwsgi_call *c, const struct net_addr *server,
                       const struct uwsgi_config *config, struct err *err)
{
    c->config = config;
    net_print(server, c->server);
    c->deaf = c->ended = c->body_done = false;
    spool_init(&c->early);
    c->early_at = 0;
    buf_init(&c->in, HTTP_MAX_HEAD + READ_SIZE);
    c->at = 0;
    c->fd = net_connect(server, net_after(config->connect_timeout));
    return c->fd >= 0 ? 0 : failed(c, "cannot connect to", err);
}

void uwsgi_call_close(struct uwsgi_call *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    spool_free(&c->early);
    buf_free(&c->in);
}

/* Takes what the server has sent early off the socket.  False when it cannot
 * be kept. */
static bool take_early(struct uwsgi_call *c)
{
    char bytes[READ_SIZE];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);

    if (n > 0)
        return spool_add(&c->early, (struct span){bytes, (size_t)n});
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        c->ended = true;
    return true;
}

/* Waits until the server takes more, and listens to it meanwhile.  False with
 * errno set at the deadline. */
static bool wait_to_send(struct uwsgi_call *c, int64_t deadline)
{
    for (;;) {
        bool listen = !c->ended && c->early.len < MAX_EARLY;
        struct pollfd p = {c->fd, listen ? POLLIN | POLLOUT : POLLOUT, 0};
        int64_t left = deadline - net_now();
        int ready;

        if (left > INT_MAX)
            left = INT_MAX;
        ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready <= 0)
            return false;
        if (listen && (p.revents & POLLIN) && !take_early(c))
            return false;
        if (p.revents & (POLLOUT | POLLERR | POLLHUP))
            return true;
    }
}

int uwsgi_call_send(struct uwsgi_call *c, const char *bytes, size_t n,
                    struct err *err)
{
    while (n > 0 && !c->deaf) {
        ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes += sent;
            n -= (size_t)sent;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            c->deaf = true;
        } else if (errno == EAGAIN) {
            if (!wait_to_send(c, net_after(c->config->reply_timeout)))
                return failed(c, "cannot send to", err);
        } else if (errno != EINTR) {
            return failed(c, "cannot send to", err);
        }
    }
    return 0;
}

int uwsgi_call_send_spool(struct uwsgi_call *c, const struct spool *s,
                          struct err *err)
{
    char bytes[65536];
    int status = 0;

    for (uint64_t at = 0; status == 0 && at < s->len;) {
        ssize_t n = spool_read(s, at, bytes, sizeof bytes);

        if (n <= 0) {
            err_set(err, "cannot read the body back: %s", strerror(errno));
            return 500;
        }
        status = uwsgi_call_send(c, bytes, (size_t)n, err);
        at += (uint64_t)n;
    }
    return status;
}

/* More of the answer, behind what is in c->in: from the spool first.  As
 * read(2); the buffer has room for READ_SIZE bytes whenever this is called. */
static ssize_t receive(struct uwsgi_call *c)
{
    ssize_t n;
    char *to;

    if (!buf_reserve(&c->in, READ_SIZE))
        return -1;
    to = c->in.ptr + c->in.len;
    if (c->early_at < c->early.len) {
        n = spool_read(&c->early, c->early_at, to, READ_SIZE);
        if (n > 0)
            c->early_at += (uint64_t)n;
    } else if (c->ended) {
        n = 0;
    } else {
        n = net_read(c->fd, to, READ_SIZE, net_after(c->config->reply_timeout));
    }
    if (n > 0)
        c->in.len += (size_t)n;
    return n;
}

/* The stream has ended, or failed, before the head was complete. */
static int no_reply(const struct uwsgi_call *c, ssize_t n, struct err *err)
{
    if (n < 0)
        return failed(c, "cannot read the answer of", err);
    err_set(err, "the uwsgi server %s closed the connection %s", c->server,
            c->in.len == 0 ? "without an answer; its log should say why"
                           : "in the midst of the answer's head");
    return 502;
}

int uwsgi_call_reply(struct uwsgi_call *c, bool head_only, struct err *err)
{
    uint32_t room = HTTP_MAX_HEAD; /* for the interim answers as well */

    for (;;) {
        enum http_parse parse = HTTP_MORE;
        http_reply_init(&c->reply, c->list, HTTP_MAX_FIELDS, room, head_only);
        while ((parse = http_parse_reply(&c->reply, c->in.ptr, c->in.len)) ==
               HTTP_MORE) {
            ssize_t n = receive(c);
            if (n <= 0)
                return no_reply(c, n, err);
        }
        if (parse == HTTP_BAD || c->reply.status == 101) {
            err_set(err, "the answer of the uwsgi server %s is refused: %s",
                    c->server,
                    parse == HTTP_BAD ? c->reply.problem
                                      : "it changes to another protocol");
            return 502;
        }
        if (c->reply.status >= 200)
            break;
        buf_consume(&c->in, c->reply.head_len);
        room -= c->reply.head_len;
    }
    http_settle(&c->reply.fields, c->in.ptr);
    c->at = c->reply.head_len;
    http_body_init(&c->body, c->reply.framing, c->reply.content_length,
                   UINT64_MAX);
    return 0;
}

int uwsgi_call_read(struct uwsgi_call *c, struct span *content, struct err *err)
{
    while (!c->body_done) {
        size_t used;
        ssize_t n;
        enum http_parse parse = http_decode_body(
            &c->body, c->in.ptr + c->at, c->in.len - c->at, &used, content);

        c->at += used;
        c->body_done = parse == HTTP_DONE;
        if (parse == HTTP_BAD) {
            err_set(err, "the answer of the uwsgi server %s is broken: %s",
                    c->server, c->body.reason);
            return -1;
        }
        if (content->len > 0)
            return 1;
        if (c->body_done || c->at < c->in.len)
            continue;
        http_settle(&c->reply.fields, NULL); /* the body takes its place */
        c->in.len = c->at = 0;
        n = receive(c);
        if (n < 0) {
            failed(c, "cannot read the answer of", err);
            return -1;
        }
        if (n == 0 && !http_body_may_end(&c->body)) {
            err_set(err,
                    "the uwsgi server %s closed the connection before "
                    "its answer was complete",
                    c->server);
            return -1;
        }
        c->body_done = n == 0;
    }
    return 0;
}
