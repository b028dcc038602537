/* http_conn: read, ask the parser, mind the clock; again. */

#include "http_conn.h"

#include <errno.h>
#include <unistd.h>

void http_conn_init(struct http_conn *c, int fd,
                    const struct http_timeouts *timeouts,
                    const struct http_limits *limits)
{
    static const struct http_limits defaults = HTTP_DEFAULT_LIMITS;

    c->fd = fd;
    c->timeouts = *timeouts;
    c->limits = limits != NULL ? *limits : defaults;
    buf_init(&c->in, (size_t)c->limits.head + HTTP_READ_SIZE);
    c->used = 0;
    c->requests = 0;
    c->body_done = true;
    c->continue_due = false;
    http_request_init(&c->request, c->list, HTTP_MAX_FIELDS, &c->limits);
}

void http_conn_close(struct http_conn *c, bool linger)
{
    if (linger)
        net_close_lingering(c->fd, HTTP_LINGER_MS);
    else
        close(c->fd);
    c->fd = -1;
    buf_free(&c->in);
}

/* The buffer gets all the room it may have before the first read, and is never
 * asked for more: so it never moves under the feet of the request's slices.
 * Pages that are never touched cost nothing. */
static bool has_room(struct http_conn *c)
{
    return c->in.ptr != NULL || buf_reserve(&c->in, c->in.max);
}

/* Reads what there is. */
static ssize_t fill(struct http_conn *c, int64_t deadline)
{
    ssize_t n;

    if (!has_room(c))
        return -1;
    n = net_read(c->fd, c->in.ptr + c->in.len, c->in.max - c->in.len, deadline);
    if (n > 0)
        c->in.len += (size_t)n;
    return n;
}

int http_conn_receive(struct http_conn *c)
{
    ssize_t n;

    if (!has_room(c))
        return -1;
    if (c->in.len == c->in.max)
        return 0;
    n = recv(c->fd, c->in.ptr + c->in.len, c->in.max - c->in.len, MSG_DONTWAIT);
    if (n > 0)
        c->in.len += (size_t)n;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n > 0 ? 1 : -1;
}

struct span http_conn_head(const struct http_conn *c)
{
    return (struct span){c->in.ptr, c->request.head_len};
}

struct span http_conn_rest(const struct http_conn *c)
{
    return span_from(buf_span(&c->in), c->used);
}

void http_conn_begin(struct http_conn *c)
{
    const struct http_request *r = &c->request;
    bool has_body = r->framing == HTTP_CHUNKED ||
                    (r->framing == HTTP_LENGTH && r->content_length > 0);

    c->used = r->head_len;
    c->body_done = !has_body;
    c->continue_due = has_body && r->expect_continue;
    http_conn_start_body(c, UINT64_MAX);
}

void http_conn_forget(struct http_conn *c)
{
    buf_consume(&c->in, c->used);
    c->used = 0;
    c->body_done = false; /* until there is a request, none may follow */
    http_request_init(&c->request, c->list, HTTP_MAX_FIELDS, &c->limits);
}

void http_conn_drop(struct http_conn *c)
{
    c->in.len = c->used = 0;
}

/* The clock of a head starts with its first byte, and is not wound up again by
 * the next ones: a client that sends a byte now and then gets no more time
 * than one that sends none. */
enum http_event http_conn_next(struct http_conn *c)
{
    bool first = c->requests++ == 0;
    int64_t deadline;
    bool idle;

    if (!c->body_done)
        return HTTP_EV_CLOSED;
    http_conn_forget(c);
    idle = !first && c->in.len == 0;
    deadline = net_after(idle ? c->timeouts.idle : c->timeouts.head);
    for (;;) {
        enum http_parse found =
            http_parse_request(&c->request, c->in.ptr, c->in.len);
        ssize_t n;

        http_settle(&c->request.fields, c->in.ptr);
        if (found == HTTP_DONE) {
            http_conn_begin(c);
            return HTTP_EV_REQUEST;
        }
        if (found == HTTP_BAD)
            return HTTP_EV_BAD;
        if (idle && c->in.len > 0) {
            idle = false;
            deadline = net_after(c->timeouts.head);
        }
        n = fill(c, deadline);
        if (n < 0 && errno == EINTR && !idle)
            continue;
        if (n < 0 && errno == ETIMEDOUT && c->in.len > 0)
            return HTTP_EV_TIMEOUT;
        if (n <= 0)
            return HTTP_EV_CLOSED;
    }
}

void http_conn_start_body(struct http_conn *c, uint64_t max_body)
{
    http_body_init(&c->body, c->request.framing, c->request.content_length,
                   max_body);
}

/* A client that said Expect: 100-continue waits for a word before it sends its
 * body; if that is there already, it did not wait, and the word is spared. */
static bool send_continue(struct http_conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (!c->continue_due)
        return true;
    c->continue_due = false;
    return net_write(c->fd, text, sizeof text - 1, c->timeouts.send);
}

/* Waits for more of the body.  All that was received is used, so the new bytes
 * take the place of the old, behind the head. */
static bool fill_body(struct http_conn *c)
{
    int64_t deadline = net_after(c->timeouts.body);
    ssize_t n;

    if (!send_continue(c))
        return false;
    c->in.len = c->used = c->request.head_len;
    do
        n = fill(c, deadline);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == ETIMEDOUT) {
        c->body.status = 408;
        c->body.reason = "the body did not come in time";
    }
    return n > 0;
}

/* The next bytes of the body and the content among them. */
static int next_run(struct http_conn *c, struct span *raw, struct span *content)
{
    while (!c->body_done) {
        const char *in = c->in.ptr + c->used;
        size_t used;

        switch (http_decode_body(&c->body, in, c->in.len - c->used, &used,
                                 content)) {
        case HTTP_BAD:
            return -1;
        case HTTP_DONE:
            c->body_done = true;
            break;
        case HTTP_MORE:
            break;
        }
        *raw = (struct span){in, used};
        c->used += used;
        if (used > 0) {
            c->continue_due = false;
            return 1;
        }
        if (!c->body_done && !fill_body(c))
            return -1;
    }
    return 0;
}

int http_conn_read_body(struct http_conn *c, struct span *content)
{
    struct span raw;
    int n;

    *content = (struct span){NULL, 0};
    do
        n = next_run(c, &raw, content);
    while (n > 0 && content->len == 0);
    return n;
}

int http_conn_read_raw(struct http_conn *c, struct span *raw)
{
    struct span content;

    return next_run(c, raw, &content);
}

bool http_conn_has_body(const struct http_conn *c)
{
    return c->body_done || (c->body.framing == HTTP_LENGTH &&
                            c->body.left <= http_conn_rest(c).len);
}

/* A client that still waits for 100 Continue may send its body or may not:
 * what comes next on the connection could be either. */
bool http_conn_skip_body(struct http_conn *c, uint64_t max)
{
    struct span content;
    int n;

    if (c->body_done)
        return true;
    if (c->continue_due)
        return false;
    if (c->body.framing == HTTP_LENGTH && c->body.left > max)
        return false;
    while ((n = http_conn_read_body(c, &content)) > 0) {
        if (content.len > max)
            return false;
        max -= content.len;
    }
    return n == 0;
}
