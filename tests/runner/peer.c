/* peer: sockets, read into memory as they fill. */

#include "peer.h"

#include "taken.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_MAX_INPUT (256u << 20)
#define TURN           20   /* milliseconds, the longest sleep */
#define READ_LOOK      50   /* microseconds between two looks at a queue */
#define READ_UNKNOWN   1000 /* what passes where nobody can look */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static int new_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static bool bind_port(int fd, int port)
{
    struct sockaddr_in addr = loopback(port);
    int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0;
}

bool port_hold(struct held_port *p, struct err *e)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;

    p->fd = new_socket();
    if (p->fd < 0 || !bind_port(p->fd, 0) ||
        getsockname(p->fd, (struct sockaddr *)&addr, &len) != 0)
        return err_set(e, "cannot hold a port of 127.0.0.1: %s",
                       strerror(errno));
    p->port = ntohs(addr.sin_port);
    return true;
}

void port_release(struct held_port *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

static void peer_init(struct peer *p)
{
    *p = (struct peer){.fd = -1};
    buf_init(&p->in, PEER_MAX_INPUT);
    buf_init(&p->sent, SIZE_MAX);
}

static void peer_reset(struct peer *p)
{
    peer_close(p, false);
    buf_free(&p->in);
    buf_free(&p->sent);
    buf_free(&p->message.body);
    peer_init(p);
}

static void peer_open(struct peer *p, int fd)
{
    int on = 1;

    peer_reset(p);
    p->fd = fd;
    p->connected = true;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

struct span peer_rest(const struct peer *p)
{
    return (struct span){p->in.len ? p->in.ptr + p->at : "", p->in.len - p->at};
}

void world_init(struct world *w)
{
    w->diag = taken_open();
    for (int i = 0; i < CASE_PEERS; i++) {
        struct upstream *u = &w->upstreams[i];

        peer_init(&w->clients[i]);
        *u = (struct upstream){.port.fd = -1, .listener = -1};
        peer_init(&u->peer);
        for (int k = 0; k < UPSTREAM_FILLERS; k++)
            u->fillers[k] = -1;
    }
}

void world_clear(struct world *w)
{
    for (int i = 0; i < CASE_PEERS; i++) {
        struct upstream *u = &w->upstreams[i];

        peer_reset(&w->clients[i]);
        peer_reset(&u->peer);
        upstream_refuse(u);
        for (size_t k = 0; k < u->older_count; k++)
            close(u->older[k]);
        free(u->older);
        u->older = NULL;
        u->older_count = 0;
        u->hang = false;
    }
}

void world_free(struct world *w)
{
    world_clear(w);
    for (int i = 0; i < CASE_PEERS; i++)
        port_release(&w->upstreams[i].port);
    if (w->diag >= 0)
        close(w->diag);
}

static bool peer_reads(const struct peer *p)
{
    return p->fd >= 0 && !p->held && p->end == PEER_OPEN;
}

/* When the last bytes or the end came, not when we came to read them. */
static void note_time(struct peer *p)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    int64_t now = world_now();

    getsockopt(p->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
    if (p->end == PEER_OPEN && now - info.tcpi_last_data_recv > p->moved)
        p->moved = now - info.tcpi_last_data_recv;
    if (p->end == PEER_EOF)
        p->ended = now - info.tcpi_last_ack_recv;
    else
        p->ended = now;
}

static void peer_read(struct peer *p)
{
    ssize_t n = -1;

    if (buf_reserve(&p->in, 65536))
        n = recv(p->fd, p->in.ptr + p->in.len, 65536, 0);
    if (n > 0)
        p->in.len += (size_t)n;
    else if (n == 0)
        p->end = p->was_reset ? PEER_RESET : PEER_EOF;
    else if (errno == ECONNRESET || errno == EPIPE)
        p->end = PEER_RESET;
    note_time(p);
}

/* The peers that are to be read, with one more that is to be written. */
static int gather(struct world *w, struct pollfd *fds, struct peer **peers)
{
    int n = 0;

    for (int i = 0; i < 2 * CASE_PEERS; i++) {
        struct peer *p = i < CASE_PEERS ? &w->clients[i]
                                        : &w->upstreams[i - CASE_PEERS].peer;

        if (!peer_reads(p))
            continue;
        fds[n] = (struct pollfd){p->fd, POLLIN, 0};
        peers[n++] = p;
    }
    return n;
}

static void pump(struct world *w, int64_t deadline, struct pollfd *also)
{
    struct pollfd fds[2 * CASE_PEERS + 1];
    struct peer *peers[2 * CASE_PEERS];
    int n = gather(w, fds, peers);
    int64_t now = world_now(), wait = deadline > now ? deadline - now : 0;

    if (also)
        fds[n] = *also;
    if (poll(fds, (nfds_t)(n + (also != NULL)), (int)wait) <= 0)
        return;
    for (int i = 0; i < n; i++)
        if (fds[i].revents)
            peer_read(peers[i]);
}

/* What else a step looks at, a log or a process, is looked at by turns: no
 * wait is long. */
static int64_t soon(int64_t deadline)
{
    int64_t turn = world_now() + TURN;

    return deadline < turn ? deadline : turn;
}

void world_pump(struct world *w, int64_t deadline)
{
    pump(w, soon(deadline), NULL);
}

void world_await(struct world *w, const struct upstream *u, int64_t deadline)
{
    struct pollfd in = {u->listener, POLLIN, 0};

    pump(w, soon(deadline), &in);
}

/* Waits for the answer to a SYN; it stays away while the queue is full. */
static bool await_connection(int fd, struct patience *wait)
{
    struct pollfd out = {fd, POLLOUT, 0};
    int why = 0;
    socklen_t len = sizeof why;

    while (poll(&out, 1, TURN) == 0)
        if (!patience_left(wait)) {
            errno = ETIMEDOUT;
            return false;
        }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len);
    errno = why;
    return why == 0;
}

bool peer_connect(struct peer *p, int port, struct patience *wait)
{
    struct sockaddr_in addr = loopback(port);
    int64_t began = world_now();
    int fd = new_socket();

    if (fd < 0)
        return false;
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0 &&
        (errno != EINPROGRESS || !await_connection(fd, wait))) {
        int why = errno;

        close(fd);
        errno = why;
        return false;
    }
    fcntl(fd, F_SETFL, 0);
    peer_open(p, fd);
    p->moved = began;
    return true;
}

bool peer_send(struct world *w, struct peer *p, struct span bytes,
               struct patience *wait)
{
    buf_add_span(&p->sent, bytes);
    while (bytes.len && !p->broken) {
        struct pollfd out = {p->fd, POLLOUT, 0};
        int64_t began = world_now();
        ssize_t n =
            send(p->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) {
            bytes.ptr += n;
            bytes.len -= (size_t)n;
            p->moved = began;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!patience_left(wait))
                return false;
            pump(w, soon(wait->until), &out);
        } else {
            p->broken = true;
            p->was_reset = errno == ECONNRESET;
        }
    }
    return true;
}

bool peer_await_read(struct world *w, struct peer *p, struct patience *wait)
{
    int64_t taken;

    for (;;) {
        world_pump(w, 0);
        if (p->broken || p->end != PEER_OPEN)
            return true;
        taken = taken_bytes(w->diag, p->fd);
        usleep(taken < 0 ? READ_UNKNOWN : READ_LOOK);
        if (taken < 0 || (uint64_t)taken >= p->sent.len)
            return true;
        if (!patience_left(wait))
            return false;
    }
}

void peer_close(struct peer *p, bool abort)
{
    struct linger linger = {1, 0};

    if (p->fd < 0)
        return;
    if (abort)
        setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(p->fd);
    p->fd = -1;
}

void upstream_refuse(struct upstream *u)
{
    for (int k = 0; k < UPSTREAM_FILLERS; k++) {
        if (u->fillers[k] >= 0)
            close(u->fillers[k]);
        u->fillers[k] = -1;
    }
    if (u->listener >= 0)
        close(u->listener);
    u->listener = -1;
}

bool upstream_listen(struct upstream *u, int backlog, struct err *e)
{
    if (u->listener >= 0)
        return true;
    u->listener = new_socket();
    if (u->listener < 0 || !bind_port(u->listener, u->port.port) ||
        listen(u->listener, backlog) != 0)
        return err_set(e, "an upstream cannot listen on 127.0.0.1:%d: %s",
                       u->port.port, strerror(errno));
    return true;
}

/* A queue of length 0 takes one connection; the next is left hanging. */
bool upstream_fill(struct upstream *u, struct err *e)
{
    struct sockaddr_in addr = loopback(u->port.port);

    upstream_refuse(u);
    if (!upstream_listen(u, 0, e))
        return false;
    for (int k = 0; k < UPSTREAM_FILLERS; k++) {
        u->fillers[k] = new_socket();
        if (u->fillers[k] >= 0)
            (void)!connect(u->fillers[k], (struct sockaddr *)&addr,
                           sizeof addr);
    }
    return true;
}

bool upstream_waiting(const struct upstream *u)
{
    struct pollfd in = {u->listener, POLLIN, 0};

    return u->listener >= 0 && poll(&in, 1, 0) == 1;
}

bool upstream_accept(struct upstream *u)
{
    int fd = accept4(u->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
        return false;
    if (u->peer.fd >= 0) {
        int *more = realloc(u->older, (u->older_count + 1) * sizeof *u->older);

        if (!more) {
            close(fd);
            return false;
        }
        u->older = more;
        u->older[u->older_count++] = u->peer.fd;
        u->peer.fd = -1;
    }
    peer_open(&u->peer, fd);
    return true;
}
