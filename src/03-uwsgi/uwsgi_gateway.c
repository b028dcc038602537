/* uwsgi_gateway: a client on one side, a call on the other.
 *
 * One request at a time, in the order of events: understand the request,
 * connect, send, listen, pass on.  What goes wrong before the answer has begun
 * becomes an error page; after that, all that can be done is to break the
 * connection off so that the client notices. */

#include "uwsgi_gateway.h"

#include "cgi.h"
#include "http_response.h"
#include "turn.h"
#include "uri.h"
#include "uwsgi_call.h"
#include "uwsgi_packet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SERVER_NAME SPAN("strata-uwsgi")

/* One client and the request in hand. */
struct gateway {
    struct http_conn client;
    const struct net_addr *peer, *server;
    const struct uwsgi_config *config;
    struct http_clock clock;
    struct turn turn;

    struct buf path;   /* PATH_INFO */
    struct spool body; /* of a chunked request */
    struct buf packet;
    struct uwsgi_call call;
    bool keep_alive;
};

static bool is_method(const struct gateway *g, struct span method)
{
    const struct http_request *r = &g->client.request;

    return span_eq(http_request_span(r, r->method), method);
}

/* Whether the connection goes on is decided when the answer's head is written.
 * A body of which something is still to come would be in the way, and so would
 * a client that keeps the others from their turn with one request after the
 * other. */
static void decide_keep_alive(struct gateway *g)
{
    g->keep_alive =
        g->keep_alive && g->client.body_done && !turn_wanted(&g->turn);
}

/* A client that sends or takes a little now and then meets no deadline, but the
 * end of its turn. */
static bool may_go_on(const struct gateway *g)
{
    if (!turn_over(&g->turn))
        return true;
    uwsgi_log(g->peer, "a slow client is cut off: the next one waits");
    return false;
}

/* The gateway's own answer.  True when the connection can go on. */
static bool answer_error(struct gateway *g, int status)
{
    struct http_answer answer = {
        .status = status,
        .server = SERVER_NAME,
        .type = SPAN("text/html"),
        .head_only = is_method(g, SPAN("HEAD")),
    };
    struct buf out, page;

    decide_keep_alive(g);
    buf_init(&out, 8192);
    buf_init(&page, 4096);
    answer.keep_alive = g->keep_alive;
    if (http_error_page(&page, status, SERVER_NAME))
        answer.body = buf_span(&page);
    if (!http_add_answer(&out, &answer, &g->clock) ||
        !net_write(g->client.fd, out.ptr, out.len,
                   g->config->http.timeouts.send))
        g->keep_alive = false;
    buf_free(&out);
    buf_free(&page);
    return g->keep_alive;
}

/* The body broke off: the status to answer, or -1 when nobody is left to be
 * answered. */
static int body_failed(struct gateway *g)
{
    const struct http_body *body = &g->client.body;

    if (body->status == 0)
        return -1;
    uwsgi_log(g->peer, "the body of the request is refused with %d: %s",
              body->status, body->reason);
    return body->status;
}

/* The packet must say how long the body is; chunks tell only at their end.  So
 * a chunked body is collected first.  0, or the status. */
static int collect_body(struct gateway *g)
{
    struct span content;
    int more;

    while ((more = http_conn_read_body(&g->client, &content)) > 0) {
        if (!may_go_on(g))
            return 408;
        if (!spool_add(&g->body, content)) {
            uwsgi_log(g->peer, "cannot keep the body of the request: %s",
                      strerror(errno));
            return 500;
        }
    }
    return more < 0 ? body_failed(g) : 0;
}

static bool emit_pair(void *encoder, struct span name, struct span value)
{
    return uwsgi_add(encoder, name, value);
}

static struct span length_text(const struct gateway *g, char *text, size_t size)
{
    const struct http_request *r = &g->client.request;
    uint64_t length =
        r->framing == HTTP_CHUNKED ? g->body.len : r->content_length;

    snprintf(text, size, "%ju", (uintmax_t)length);
    return r->framing == HTTP_NO_BODY ? SPAN("") : span_of(text);
}

/* A unix socket has neither name nor port; a name there must be (PEP 3333,
 * "environ Variables"). */
static bool build_packet(struct gateway *g)
{
    char name[NET_ADDR_TEXT], port[8], remote[NET_ADDR_TEXT], remote_port[8];
    char length[24];
    struct net_addr local;
    struct uwsgi_encoder encoder;
    bool tcp =
        g->peer->sa.sa_family != AF_UNIX && net_local(g->client.fd, &local);

    if (tcp) {
        net_print_host(&local, name);
        snprintf(port, sizeof port, "%u", net_port(&local));
        snprintf(remote_port, sizeof remote_port, "%u", net_port(g->peer));
    }
    net_print_host(g->peer, remote);
    const struct cgi_server server = {
        .name = tcp ? span_of(name) : SPAN("localhost"),
        .port = tcp ? span_of(port) : SPAN("80"),
        .remote_addr = span_of(remote),
        .remote_port = tcp ? span_of(remote_port) : SPAN(""),
        .scheme = SPAN("http"),
        .path = buf_span(&g->path),
        .content_length = length_text(g, length, sizeof length),
    };
    g->packet.len = 0;
    uwsgi_begin(&encoder, &g->packet);
    return cgi_variables(&g->client.request, &server, emit_pair, &encoder) &&
           uwsgi_end(&encoder, 0, 0);
}

/* Understands the request as far as it can be without the server.  0, or the
 * status to answer; -1 when the client has gone. */
static int prepare(struct gateway *g)
{
    const struct http_request *r = &g->client.request;
    int status;

    if (!http_is_method(http_request_span(r, r->method))) {
        g->keep_alive = false;
        return 400;
    }
    if (r->form == HTTP_AUTHORITY_FORM)
        return 405;
    /* PATH_INFO: decoded, and without dot segments, so that an application
     * cannot be made to look above its place.  "*" has no path. */
    status = uri_path(&g->path, http_request_span(r, r->path), true);
    if (status != 0)
        return status;
    http_conn_start_body(&g->client, g->config->http.max_body);
    if (r->framing == HTTP_LENGTH &&
        r->content_length > g->config->http.max_body) {
        uwsgi_log(g->peer,
                  "a body of %ju bytes is refused; at most %ju are "
                  "taken (--max-body)",
                  (uintmax_t)r->content_length,
                  (uintmax_t)g->config->http.max_body);
        return 413;
    }
    if (r->framing == HTTP_NO_BODY)
        http_conn_skip_body(&g->client, 0);
    if (r->framing == HTTP_CHUNKED && (status = collect_body(g)) != 0)
        return status;
    if (build_packet(g))
        return 0;
    uwsgi_log(g->peer,
              "the variables do not fit into a uwsgi packet of %d "
              "bytes",
              UWSGI_MAX_SIZE);
    return 431;
}

/* Content-Length: each piece is passed on as it comes.  The time that the
 * server takes for it is not the client's. */
static int stream_body(struct gateway *g, struct err *err)
{
    struct span content;
    int more, status = 0;

    while (status == 0 && !g->call.deaf &&
           (more = http_conn_read_body(&g->client, &content)) != 0) {
        int64_t came = net_now();

        if (more < 0)
            return body_failed(g);
        if (!may_go_on(g))
            return 408;
        status = uwsgi_call_send(&g->call, content.ptr, content.len, err);
        g->turn.ends += net_now() - came;
    }
    return status;
}

/* Sends the request and waits for the answer's head.  As prepare. */
static int exchange(struct gateway *g)
{
    struct err err = {""};
    int status;

    status = uwsgi_call_connect(&g->call, g->server, g->config, &err);
    if (status == 0)
        status = uwsgi_call_send(&g->call, g->packet.ptr, g->packet.len, &err);
    if (status == 0 && g->client.request.framing == HTTP_CHUNKED)
        status = uwsgi_call_send_spool(&g->call, &g->body, &err);
    if (status == 0 && g->client.request.framing == HTTP_LENGTH)
        status = stream_body(g, &err);
    if (status == 0)
        status = uwsgi_call_reply(&g->call, is_method(g, SPAN("HEAD")), &err);
    if (err.text[0] != '\0')
        uwsgi_log(g->peer, "%s", err.text);
    return status;
}

/* The answer's fields in their order; a Date where there was none (RFC 9110
 * 6.6.1). */
static bool add_fields(struct gateway *g, struct buf *out)
{
    const struct http_fields *f = &g->call.reply.fields;

    if (http_get(f, SPAN("Date")).ptr == NULL &&
        !http_add_field(out, SPAN("Date"), http_clock_now(&g->clock)))
        return false;
    for (unsigned i = 0; i < f->count; i++)
        if (!http_reply_ends_here(&g->call.reply, http_name(f, i)) &&
            !http_add_field(out, http_name(f, i), http_value(f, i)))
            return false;
    return true;
}

/* How the client learns where the body ends: by the length if that is known,
 * else by chunks, else (HTTP/1.0) by the end of the connection. */
static bool add_framing(struct gateway *g, struct buf *out, bool *chunked)
{
    const struct http_reply *r = &g->call.reply;

    *chunked = false;
    decide_keep_alive(g);
    if (r->has_length && r->status != 204)
        return http_add_length(out, r->content_length);
    if (r->framing == HTTP_NO_BODY)
        return true;
    if (g->client.request.minor == 1) {
        *chunked = true;
        return http_add_field(out, SPAN("Transfer-Encoding"), SPAN("chunked"));
    }
    g->keep_alive = false;
    return true;
}

static bool write_head(struct gateway *g, struct buf *head)
{
    bool ok = net_write(g->client.fd, head->ptr, head->len,
                        g->config->http.timeouts.send);

    head->len = 0;
    return ok;
}

/* Writes head and first content together; *head is empty after that.  Empty
 * content is the last chunk. */
static bool write_piece(struct gateway *g, struct buf *head, bool chunked,
                        struct span content)
{
    char size[24];
    int n = chunked ? snprintf(size, sizeof size, "%zx\r\n", content.len) : 0;
    struct iovec iov[] = {
        {head->ptr, head->len},
        {size, (size_t)n},
        {(void *)content.ptr, content.len},
        {(void *)"\r\n", chunked ? 2 : 0},
    };
    bool ok = net_writev(g->client.fd, iov, 4, g->config->http.timeouts.send);

    head->len = 0;
    return ok;
}

/* As uwsgi_call_read; what it waits for is the server. */
static int next_piece(struct gateway *g, struct span *content, struct err *err)
{
    int64_t asked = net_now();
    int more = uwsgi_call_read(&g->call, content, err);

    g->turn.ends += net_now() - asked;
    return more;
}

/* True when the client got a whole answer.  The head waits for the first
 * content if that is here already, and for nothing else: a program that
 * answers a little now and more later is seen to answer now.  As long as it
 * waits, an answer that turns out to be broken can be replaced. */
static bool pass_body(struct gateway *g, struct buf *head, bool chunked)
{
    bool content_is_here = g->call.at < g->call.in.len;
    struct span content;
    struct err err;
    int more;

    if (!content_is_here && !write_head(g, head))
        return false;
    while ((more = next_piece(g, &content, &err)) > 0)
        if (!write_piece(g, head, chunked, content) || !may_go_on(g))
            return false;
    if (more < 0) {
        uwsgi_log(g->peer, "%s", err.text);
        return head->len > 0 && answer_error(g, 502);
    }
    if (chunked)
        return write_piece(g, head, chunked, SPAN(""));
    return write_head(g, head);
}

static void pass_on(struct gateway *g)
{
    const struct http_reply *r = &g->call.reply;
    struct buf head;
    bool chunked;

    turn_start(&g->turn, g->config->http.timeouts.send);
    buf_init(&head, 2 * HTTP_MAX_HEAD);
    if (!(http_add_status_line(&head, r->status,
                               http_span(&r->fields, r->reason_phrase)) &&
          add_fields(g, &head) && add_framing(g, &head, &chunked) &&
          http_add_connection(&head, g->keep_alive) && http_end_head(&head)))
        answer_error(g, 502);
    else if (!pass_body(g, &head, chunked))
        g->keep_alive = false;
    buf_free(&head);
}

static void serve_request(struct gateway *g)
{
    int status;

    g->keep_alive = g->client.request.keep_alive;
    g->call.fd = -1;
    spool_init(&g->body);
    turn_start(&g->turn, g->config->http.timeouts.send);
    status = prepare(g);
    if (status == 0) {
        status = exchange(g);
        if (status == 0)
            pass_on(g);
        uwsgi_call_close(&g->call);
    }
    if (status > 0)
        answer_error(g, status);
    else if (status < 0)
        g->keep_alive = false;
    spool_free(&g->body);
}

/* False when the connection is over. */
static bool serve_event(struct gateway *g, enum http_event event)
{
    switch (event) {
    case HTTP_EV_REQUEST:
        serve_request(g);
        return g->keep_alive;
    case HTTP_EV_BAD:
        uwsgi_log(g->peer, "the request is refused with %d: %s",
                  g->client.request.status, g->client.request.reason);
        g->keep_alive = false;
        answer_error(g, g->client.request.status);
        return false;
    case HTTP_EV_TIMEOUT:
        g->keep_alive = false;
        answer_error(g, 408);
        return false;
    case HTTP_EV_CLOSED:
        return false;
    }
    return false;
}

void uwsgi_gateway(int fd, const struct net_addr *peer, int listener,
                   const struct net_addr *server,
                   const struct uwsgi_config *config)
{
    struct gateway g = {.peer = peer,
                        .server = server,
                        .config = config,
                        .turn.listener = listener};
    enum http_event event;

    http_conn_init(&g.client, fd, &config->http.timeouts, &config->http.limits);
    buf_init(&g.path, (size_t)config->http.limits.line + 1);
    buf_init(&g.packet, UWSGI_HEADER + UWSGI_MAX_SIZE);
    do
        event = turn_next(&g.turn, &g.client) ? http_conn_next(&g.client)
                                              : HTTP_EV_CLOSED;
    while (serve_event(&g, event));
    http_conn_close(&g.client, event != HTTP_EV_CLOSED);
    buf_free(&g.path);
    buf_free(&g.packet);
}
