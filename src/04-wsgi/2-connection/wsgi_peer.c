/* wsgi_peer: a step looks at what has come, and never waits for more.
 *
 * Both protocols end in the same place: a struct http_request that says how the
 * body is framed.  What is wrong is answered here, and drained. */

#include "wsgi_peer.h"
#include "http_response.h"
#include "http_status.h"
#include "uwsgi_packet.h"
#include "wsgi_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How long a client that has its answer may be silent, and how long it may send
 * on: nginx's lingering_time. */
#define DRAIN_IDLE  2000
#define DRAIN_TOTAL 30000

void wsgi_peer_init(struct wsgi_peer *p, const struct wsgi_config *c,
                    const struct wsgi_socket *s, int fd,
                    const struct net_addr *remote)
{
    const struct http_timeouts timeouts = {c->idle_timeout, c->head_timeout,
                                           c->body_timeout, c->send_timeout};
    const struct http_limits limits = {c->buffer_size, c->buffer_size,
                                       c->buffer_size};

    http_conn_init(&p->conn, fd, &timeouts, &limits);
    p->protocol = s->protocol;
    p->state = WSGI_PEER_HEAD;
    p->deadline = net_after(c->head_timeout);
    p->server_port = s->port;
    p->remote_addr[0] = p->remote_port[0] = 0;
    if (remote->sa.sa_family != AF_UNIX) {
        net_print_host(remote, p->remote_addr);
        bytes_decimal(p->remote_port, net_port(remote));
    }
}

void wsgi_peer_drain(struct wsgi_peer *p)
{
    shutdown(p->conn.fd, SHUT_WR);
    p->state = WSGI_PEER_DRAIN;
    p->deadline = net_after(DRAIN_IDLE);
    p->drained = net_after(DRAIN_TOTAL);
    http_conn_drop(&p->conn);
}

static const char *peer_name(const struct wsgi_peer *p)
{
    return p->remote_addr[0] ? p->remote_addr : "unix client";
}

void wsgi_peer_refuse(struct wsgi_peer *p, int status, const char *text)
{
    struct http_answer answer = {.status = status, .type = SPAN("text/plain")};
    struct buf out, body;

    wsgi_log_dated("%s: %d %.*s: %s", peer_name(p), status,
                   SPAN_ARG(http_reason(status)), text);
    buf_init(&out, 4096);
    buf_init(&body, 1024);
    if (buf_printf(&body, "%s\n", text))
        answer.body = buf_span(&body);
    if (http_add_answer(&out, &answer, NULL))
        net_write(p->conn.fd, out.ptr, out.len, 0);
    buf_free(&out);
    buf_free(&body);
    wsgi_peer_drain(p);
}

static enum wsgi_peer_event refuse(struct wsgi_peer *p, int status,
                                   const char *text)
{
    wsgi_peer_refuse(p, status, text);
    return WSGI_PEER_WAIT;
}

/* Answers nothing, as uWSGI does with a packet that it cannot understand, and
 * says why in the log. */
static enum wsgi_peer_event drop(struct wsgi_peer *p, const char *text)
{
    wsgi_log_dated("%s: closed without an answer: %s", peer_name(p), text);
    wsgi_peer_drain(p);
    return WSGI_PEER_WAIT;
}

static enum wsgi_peer_event ready(struct wsgi_peer *p,
                                  const struct wsgi_config *c)
{
    if (p->conn.request.framing == HTTP_LENGTH &&
        p->conn.request.content_length > c->limit_post)
        return refuse(p, 413, "the body is larger than --limit-post");
    http_conn_begin(&p->conn);
    http_conn_start_body(&p->conn, c->limit_post);
    return WSGI_PEER_REQUEST;
}

static enum wsgi_peer_event step_http(struct wsgi_peer *p,
                                      const struct wsgi_config *c)
{
    struct http_request *r = &p->conn.request;
    struct span in = http_conn_rest(&p->conn);

    /* No method begins with a NUL, every uwsgi request does. */
    if (in.len > 0 && in.ptr[0] == 0)
        return refuse(p, 400,
                      "a uwsgi packet came to a socket that speaks HTTP: use "
                      "--socket for it, or proxy_pass in place of uwsgi_pass "
                      "in the front");
    switch (http_parse_request(r, in.ptr, in.len)) {
    case HTTP_MORE:
        return WSGI_PEER_WAIT;
    case HTTP_BAD:
        return refuse(p, r->status, r->reason);
    case HTTP_DONE:
        break;
    }
    http_settle(&r->fields, in.ptr);
    if (r->form == HTTP_AUTHORITY_FORM)
        return refuse(p, 405, "CONNECT is for proxies, this is a server");
    return ready(p, c);
}

/* The block's pairs are looked at once, all of them, before anything is made
 * of the first. */
static bool read_block(struct wsgi_peer *p, const char **reason)
{
    struct http_request *r = &p->conn.request;
    struct span block = wsgi_peer_block(p);
    struct uwsgi_pair pair;
    enum http_parse parsed;
    bool have_method = false;

    r->framing = HTTP_NO_BODY;
    r->expect_continue = false;
    while ((parsed = uwsgi_next_pair(&block, &pair, reason)) == HTTP_MORE) {
        if (span_eq(pair.key, SPAN("REQUEST_METHOD")))
            have_method = pair.value.len > 0; /* the last one counts */
        if (!span_eq(pair.key, SPAN("CONTENT_LENGTH")))
            continue;
        r->framing = HTTP_LENGTH;
        if (pair.value.len == 0) {
            r->framing = HTTP_NO_BODY;
        } else if (!span_decimal(pair.value, &r->content_length)) {
            *reason = "CONTENT_LENGTH is not a number of bytes";
            return false;
        }
    }
    if (parsed == HTTP_DONE && !have_method)
        *reason = "there is no REQUEST_METHOD among the variables";
    return parsed == HTTP_DONE && have_method;
}

static enum wsgi_peer_event pong(struct wsgi_peer *p)
{
    static const char answer[] = {100, 0, 0, 1};
    net_write(p->conn.fd, answer, sizeof answer, 0);
    wsgi_peer_drain(p);
    return WSGI_PEER_WAIT;
}

static enum wsgi_peer_event step_uwsgi(struct wsgi_peer *p,
                                       const struct wsgi_config *c)
{
    struct span in = http_conn_rest(&p->conn);
    const char *reason = NULL;
    struct uwsgi_header h;
    char text[200];

    if (in.len < UWSGI_HEADER)
        return WSGI_PEER_WAIT;
    h = uwsgi_decode_header(in.ptr);
    if (uwsgi_looks_like_http(in.ptr))
        return refuse(p, 400,
                      "an HTTP request came to a socket that speaks the uwsgi "
                      "protocol: use --http-socket or --protocol=http for "
                      "browsers, or uwsgi_pass in place of proxy_pass in the "
                      "front");
    if (h.modifier1 == 100)
        return pong(p);
    if (h.modifier1 != 0) {
        snprintf(text, sizeof text,
                 "uwsgi modifier1 %u is not served: 0 is Python, 100 a ping",
                 h.modifier1);
        return drop(p, text);
    }
    if (h.size == 0)
        return drop(p, "an empty uwsgi packet is no request");
    if (h.size > c->buffer_size) {
        snprintf(text, sizeof text,
                 "a uwsgi packet of %u bytes is larger than --buffer-size, "
                 "which is %llu",
                 h.size, (unsigned long long)c->buffer_size);
        return refuse(p, 431, text);
    }
    if (in.len < UWSGI_HEADER + (size_t)h.size)
        return WSGI_PEER_WAIT;
    p->conn.request.head_len = UWSGI_HEADER + (uint32_t)h.size;
    if (!read_block(p, &reason))
        return drop(p, reason);
    return ready(p, c);
}

struct span wsgi_peer_block(const struct wsgi_peer *p)
{
    return span_from(http_conn_head(&p->conn), UWSGI_HEADER);
}

/* A piece a turn: a client that sends as fast as it can must not keep the
 * others waiting. */
static enum wsgi_peer_event step_drain(struct wsgi_peer *p)
{
    int got = http_conn_receive(&p->conn);

    if (got > 0) {
        int64_t deadline = net_after(DRAIN_IDLE);

        p->deadline = deadline < p->drained ? deadline : p->drained;
        http_conn_drop(&p->conn);
    }
    return got < 0 ? WSGI_PEER_GONE : WSGI_PEER_WAIT;
}

enum wsgi_peer_event wsgi_peer_step(struct wsgi_peer *p,
                                    const struct wsgi_config *c)
{
    enum wsgi_peer_event (*step)(struct wsgi_peer *,
                                 const struct wsgi_config *) =
        p->protocol == WSGI_HTTP ? step_http : step_uwsgi;
    enum wsgi_peer_event event = WSGI_PEER_WAIT;
    bool kept;
    int got;

    if (p->state == WSGI_PEER_DRAIN)
        return step_drain(p);
    if (p->state == WSGI_PEER_BEHIND)
        p->state = WSGI_PEER_HEAD;
    if (http_conn_rest(&p->conn).len > 0)
        event = step(p, c); /* a pipelined request */
    if (event != WSGI_PEER_WAIT || p->state == WSGI_PEER_DRAIN)
        return event;
    got = http_conn_receive(&p->conn);
    if (got <= 0)
        return got < 0 ? WSGI_PEER_GONE : WSGI_PEER_WAIT;
    kept = p->state == WSGI_PEER_KEPT;
    p->state = WSGI_PEER_HEAD;
    event = step(p, c);
    if (kept && event == WSGI_PEER_WAIT && p->state == WSGI_PEER_HEAD)
        p->deadline = net_after(c->head_timeout);
    return event;
}

void wsgi_peer_late(struct wsgi_peer *p)
{
    if (p->state == WSGI_PEER_HEAD && http_conn_rest(&p->conn).len > 0)
        wsgi_peer_refuse(p, 408, "the request did not come in time");
    else if (p->state == WSGI_PEER_KEPT)
        wsgi_peer_drain(p);
}

void wsgi_peer_keep(struct wsgi_peer *p, const struct wsgi_config *c)
{
    bool more;

    http_conn_forget(&p->conn);
    more = http_conn_rest(&p->conn).len > 0;
    p->state = more ? WSGI_PEER_BEHIND : WSGI_PEER_KEPT;
    p->deadline = net_after(more ? c->head_timeout : c->idle_timeout);
}
