/* strata-echo: answers each request with the message that it received.
 *
 *     strata-echo [OPTIONS] ADDR
 *
 * One client at a time, one request a connection.  What a client can cost the
 * others is bounded by the deadlines and by the size of a message. */

#include "http_conn.h"
#include "http_options.h"
#include "http_status.h"
#include "listener.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define PROGRAM "strata-echo"

/* Everybody waits while one client is served, so the deadlines are shorter
 * than those of a server that has several hands. */
#define ECHO_TIMEOUTS {10000, 10000, 10000, 10000}

static const char help[] =
    "usage: strata-echo [OPTIONS] ADDR\n"
    "Answers each HTTP request with the message itself.\n"
    "ADDR is host:port, :port, [v6]:port or unix:/path.\n"
    "\n" HTTP_OPTIONS_HELP
    "A deadline is 10 seconds if no option says otherwise.\n";

/* An answer is its head and then a body, which HEAD leaves out. */
static void send_answer(struct http_conn *c, int status, struct span type,
                        struct span body)
{
    const struct http_request *r = &c->request;
    bool no_body = span_eq(http_request_span(r, r->method), SPAN("HEAD"));
    char date[64], head[512];
    time_t now = time(NULL);
    struct iovec iov[2];
    struct tm tm;

    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT",
             gmtime_r(&now, &tm));
    iov[0].iov_base = head;
    iov[0].iov_len = (size_t)snprintf(head, sizeof head,
                                      "HTTP/1.1 %d %.*s\r\n"
                                      "Date: %s\r\n"
                                      "Content-Type: %.*s\r\n"
                                      "Content-Length: %zu\r\n"
                                      "Connection: close\r\n\r\n",
                                      status, SPAN_ARG(http_reason(status)),
                                      date, SPAN_ARG(type), body.len);
    iov[1] = (struct iovec){(void *)body.ptr, body.len};
    net_writev(c->fd, iov, no_body ? 1 : 2, c->timeouts.send);
}

/* Says to the client and to the log why there is no echo. */
static void send_refusal(struct http_conn *c, const struct net_addr *peer,
                         int status, const char *reason)
{
    char text[NET_ADDR_TEXT], body[256];
    int len = snprintf(body, sizeof body, "%d %.*s: %s\n", status,
                       SPAN_ARG(http_reason(status)), reason);

    net_print(peer, text);
    fprintf(stderr, PROGRAM ": %s: %s", text, body);
    send_answer(c, status, SPAN("text/plain"),
                (struct span){body, (size_t)len});
}

/* Reads the body, as it was sent, behind the head.  Returns 0, or the status
 * to answer; -1 when there is nobody left to answer. */
static int read_message(struct http_conn *c, uint64_t max_body,
                        struct buf *message, const char **reason)
{
    struct span raw;
    int n;

    raw = http_conn_head(c);
    http_conn_start_body(c, max_body);
    do {
        if (!buf_add_span(message, raw)) {
            *reason = "the message does not fit into the memory for it";
            return errno == ENOBUFS ? 413 : 503;
        }
        n = http_conn_read_raw(c, &raw);
    } while (n > 0);
    if (n == 0)
        return 0;
    *reason = c->body.reason;
    return c->body.status > 0 ? c->body.status : -1;
}

static void echo(struct http_conn *c, const struct net_addr *peer,
                 const struct http_options *o)
{
    struct buf message;
    const char *reason;
    int status;

    buf_init(&message, o->limits.head + o->max_body);
    status = read_message(c, o->max_body, &message, &reason);
    if (status == 0)
        send_answer(c, 200, SPAN("message/http"), buf_span(&message));
    else if (status > 0)
        send_refusal(c, peer, status, reason);
    buf_free(&message);
}

static void serve(int fd, const struct net_addr *peer,
                  const struct http_options *o)
{
    struct http_conn c;
    bool answered = true;

    http_conn_init(&c, fd, &o->timeouts, &o->limits);
    switch (http_conn_next(&c)) {
    case HTTP_EV_REQUEST:
        echo(&c, peer, o);
        break;
    case HTTP_EV_BAD:
        send_refusal(&c, peer, c.request.status, c.request.reason);
        break;
    case HTTP_EV_TIMEOUT:
        send_refusal(&c, peer, 408, "the head did not come in time");
        break;
    case HTTP_EV_CLOSED:
        answered = false;
        break;
    }
    http_conn_close(&c, answered);
}

int main(int argc, char **argv)
{
    struct http_options options = {ECHO_TIMEOUTS, HTTP_DEFAULT_LIMITS,
                                   HTTP_DEFAULT_MAX_BODY};
    const struct http_command command = {PROGRAM, help, NULL};
    struct http_words words = {0};
    const char *where = NULL;
    int listener = -1;
    struct err err;

    net_keep_standard();
    net_ignore_signals();
    if (http_read_arguments(argv, &command, NULL, &options, &words, &err))
        where = http_only_address(&words, "127.0.0.1:8080", &err);
    if (where != NULL)
        listener = listener_open(PROGRAM, where, &err);
    while (listener >= 0) {
        struct net_addr peer;
        int fd = listener_next(listener, PROGRAM, &peer);

        serve(fd, &peer, &options);
    }
    fprintf(stderr, PROGRAM ": %s\n", err.text);
    return 1;
}
