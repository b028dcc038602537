/* Requests on their way: cut at any byte, malformed, of the wrong protocol. */

#include "unit.h"
#include "uwsgi_packet.h"
#include "wsgi_peer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct pair {
    struct wsgi_config config;
    struct wsgi_peer *peer;
    int client;
};

static void open_pair(struct pair *p, enum wsgi_protocol protocol)
{
    const struct wsgi_socket socket = {.protocol = protocol};
    struct net_addr remote = {.len = sizeof(sa_family_t)};
    int fds[2];

    wsgi_config_init(&p->config);
    remote.sa.sa_family = AF_UNIX;
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    p->client = fds[1];
    p->peer = calloc(1, sizeof *p->peer);
    wsgi_peer_init(p->peer, &p->config, &socket, fds[0], &remote);
}

static void close_pair(struct pair *p)
{
    http_conn_close(&p->peer->conn, false);
    close(p->client);
    free(p->peer);
    wsgi_config_free(&p->config);
}

static enum wsgi_peer_event send_step(struct pair *p, const char *bytes,
                                      size_t n)
{
    if (n > 0)
        CU_ASSERT_EQUAL(write(p->client, bytes, n), (ssize_t)n);
    return wsgi_peer_step(p->peer, &p->config);
}

/* What the client has received so far. */
static const char *received(struct pair *p)
{
    static char text[4096];
    ssize_t n = recv(p->client, text, sizeof text - 1, MSG_DONTWAIT);
    text[n < 0 ? 0 : n] = 0;
    return text;
}

static void http_every_cut(void)
{
    static const char text[] = "POST /a HTTP/1.1\r\nHost: x\r\n"
                               "Content-Length: 3\r\n\r\n";
    for (size_t cut = 1; cut < sizeof text - 1; cut++) {
        struct pair p;
        open_pair(&p, WSGI_HTTP);
        CU_ASSERT_EQUAL(send_step(&p, "", 0), WSGI_PEER_WAIT);
        CU_ASSERT_EQUAL(send_step(&p, text, cut), WSGI_PEER_WAIT);
        CU_ASSERT_EQUAL(send_step(&p, text + cut, sizeof text - 1 - cut),
                        WSGI_PEER_REQUEST);
        CU_ASSERT_EQUAL(p.peer->conn.request.content_length, 3);
        close_pair(&p);
    }
}

static void http_kept(void)
{
    struct pair p;
    const char *two = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
                      "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n";

    open_pair(&p, WSGI_HTTP);
    CU_ASSERT_EQUAL(send_step(&p, two, strlen(two)), WSGI_PEER_REQUEST);
    wsgi_peer_keep(p.peer, &p.config);
    CU_ASSERT_EQUAL(p.peer->state, WSGI_PEER_BEHIND);
    CU_ASSERT_EQUAL(send_step(&p, "", 0), WSGI_PEER_REQUEST);
    wsgi_peer_keep(p.peer, &p.config);
    CU_ASSERT_EQUAL(p.peer->state, WSGI_PEER_KEPT);
    CU_ASSERT_EQUAL(send_step(&p, "G", 1), WSGI_PEER_WAIT);
    CU_ASSERT_EQUAL(p.peer->state, WSGI_PEER_HEAD);
    wsgi_peer_late(p.peer);
    CU_ASSERT_PTR_NOT_NULL(strstr(received(&p), "408"));
    close_pair(&p);
}

static void refused(enum wsgi_protocol protocol, const char *bytes, size_t n,
                    const char *answer)
{
    struct pair p;
    open_pair(&p, protocol);
    CU_ASSERT_EQUAL(send_step(&p, bytes, n), WSGI_PEER_WAIT);
    CU_ASSERT_EQUAL(p.peer->state, WSGI_PEER_DRAIN);
    if (answer != NULL)
        CU_ASSERT_PTR_NOT_NULL(strstr(received(&p), answer))
    else
        CU_ASSERT_STRING_EQUAL(received(&p), "");
    CU_ASSERT_EQUAL(send_step(&p, "more", 4), WSGI_PEER_WAIT);
    shutdown(p.client, SHUT_WR);
    CU_ASSERT_EQUAL(send_step(&p, "", 0), WSGI_PEER_GONE);
    close_pair(&p);
}

#define REFUSED(protocol, literal, answer)                                     \
    refused(protocol, literal, sizeof(literal) - 1, answer)

static void refusals(void)
{
    REFUSED(WSGI_HTTP, "GET / HTTP/1.1\r\n\r\n", " 400 ");
    REFUSED(WSGI_HTTP, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", " 405 ");
    REFUSED(WSGI_HTTP, "\0\4\0\0", "--socket");
    REFUSED(WSGI_UWSGI, "GET / HTTP/1.1\r\n", "--http-socket");
    REFUSED(WSGI_UWSGI, "\5\0\0\0", NULL);
    REFUSED(WSGI_UWSGI, "\0\0\0\0", NULL);
    REFUSED(WSGI_UWSGI, "\0\3\0\0\1\0k", NULL);
    REFUSED(WSGI_UWSGI, "\0\4\0\0\0\0\0\0", NULL);
    REFUSED(WSGI_UWSGI, "\0\5\0\0\1\0k\0\0", NULL); /* no method */
    REFUSED(WSGI_UWSGI,
            "\0\x28\0\0\x0e\0REQUEST_METHOD\3\0GET\x0e\0CONTENT_LENGTH\1\0-",
            NULL);
}

static size_t packet(struct buf *out)
{
    struct uwsgi_encoder e;
    buf_init(out, 70000);
    uwsgi_begin(&e, out);
    uwsgi_add(&e, SPAN("REQUEST_METHOD"), SPAN("POST"));
    uwsgi_add(&e, SPAN("CONTENT_LENGTH"), SPAN("3"));
    CU_ASSERT(uwsgi_end(&e, 0, 0));
    return out->len;
}

static void uwsgi_every_cut(void)
{
    struct buf bytes;
    size_t len = packet(&bytes);

    for (size_t cut = 1; cut < len; cut++) {
        struct pair p;
        open_pair(&p, WSGI_UWSGI);
        CU_ASSERT_EQUAL(send_step(&p, bytes.ptr, cut), WSGI_PEER_WAIT);
        CU_ASSERT_EQUAL(send_step(&p, bytes.ptr + cut, len - cut),
                        WSGI_PEER_REQUEST);
        CU_ASSERT_EQUAL(p.peer->conn.request.content_length, 3);
        CU_ASSERT_EQUAL(wsgi_peer_block(p.peer).len, len - 4);
        close_pair(&p);
    }
    buf_free(&bytes);
}

/* The bound itself passes, one byte more does not. */
static void uwsgi_bound(void)
{
    struct buf bytes;
    size_t len = packet(&bytes);
    struct pair p;

    open_pair(&p, WSGI_UWSGI);
    p.config.buffer_size = (uint32_t)len - 4;
    CU_ASSERT_EQUAL(send_step(&p, bytes.ptr, len), WSGI_PEER_REQUEST);
    close_pair(&p);
    open_pair(&p, WSGI_UWSGI);
    p.config.buffer_size = (uint32_t)len - 5;
    CU_ASSERT_EQUAL(send_step(&p, bytes.ptr, len), WSGI_PEER_WAIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(received(&p), "--buffer-size"));
    close_pair(&p);
    buf_free(&bytes);
}

static void ping(void)
{
    struct pair p;
    char answer[4];

    open_pair(&p, WSGI_UWSGI);
    CU_ASSERT_EQUAL(send_step(&p, "\x64\0\0\0", 4), WSGI_PEER_WAIT);
    CU_ASSERT_EQUAL(recv(p.client, answer, 4, MSG_DONTWAIT), 4);
    CU_ASSERT_EQUAL(memcmp(answer, "\x64\0\0\1", 4), 0);
    close_pair(&p);
}

UNIT_MAIN("wsgi_peer", {"http, every cut", http_every_cut},
          {"http, kept", http_kept}, {"refusals", refusals},
          {"uwsgi, every cut", uwsgi_every_cut}, {"uwsgi, bound", uwsgi_bound},
          {"ping", ping})
