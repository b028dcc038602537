/* uwsgi_server: read the packet, decode it, read the body, answer.
 *
 * Each step ends the connection when something is wrong, and says in the log
 * what and at which byte: this end is for looking at what a front sends. */

#include "uwsgi_server.h"

#include "cgi.h"
#include "http_response.h"
#include "spool.h"
#include "uwsgi_packet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MODIFIER_WSGI 0
#define MODIFIER_PING 100

/* Room for the listing: each byte as \xNN, and for each pair, which is five
 * bytes long at least, a "=" and a line feed. */
#define MAX_LISTING (5 * UWSGI_MAX_SIZE + 1)

struct uwsgi_request {
    int fd;
    const struct net_addr *peer;
    const struct uwsgi_config *config;
    struct buf block;   /* the packet's pairs, as they came */
    struct buf listing; /* the pairs as text */
    struct span protocol, method;
    uint64_t content_length;
    struct spool body;
    bool answered; /* there is something that the client must not lose */
};

/* Reads exactly n bytes.  False when they do not come; errno is 0 when the
 * connection was closed, and *got counts what came. */
static bool read_exactly(int fd, char *bytes, size_t n, int64_t deadline,
                         size_t *got)
{
    for (*got = 0; *got < n;) {
        ssize_t more = net_read(fd, bytes + *got, n - *got, deadline);
        if (more <= 0) {
            if (more == 0)
                errno = 0;
            return false;
        }
        *got += (size_t)more;
    }
    return true;
}

static bool cut_off(const struct uwsgi_request *r, const char *what, size_t got,
                    size_t expected)
{
    uwsgi_log(r->peer, "%s: there came, of %s, %zu bytes of %zu",
              errno == 0           ? "the connection was closed"
              : errno == ETIMEDOUT ? "the deadline has passed"
                                   : strerror(errno),
              what, got, expected);
    return false;
}

/* An answer in plain text for a client that can read HTTP but sent something
 * wrong. */
static void answer_error(struct uwsgi_request *r, int status, const char *text)
{
    const struct http_answer answer = {
        .status = status,
        .server = SPAN("strata-uwsgi"),
        .type = SPAN("text/plain"),
        .body = span_of(text),
    };
    struct http_clock clock = {0};
    struct buf out;

    r->answered = true;
    buf_init(&out, 4096);
    if (http_add_answer(&out, &answer, &clock))
        net_write(r->fd, out.ptr, out.len, r->config->http.timeouts.send);
    buf_free(&out);
}

/* The commonest mistake: proxy_pass where uwsgi_pass was meant, or a browser
 * on the uwsgi port.  Read as a packet, "GET " would be one of 21573 bytes,
 * and whoever waits for those helps nobody. */
static bool refuse_http(struct uwsgi_request *r)
{
    uwsgi_log(r->peer, "an HTTP request came to a socket that speaks the "
                       "uwsgi protocol; use uwsgi_pass in nginx, or "
                       "strata-uwsgi --to in between");
    answer_error(r, 400,
                 "This socket speaks the uwsgi protocol, and an HTTP request "
                 "came.\nIn nginx, use uwsgi_pass instead of proxy_pass; for a "
                 "browser, put\n`strata-uwsgi --to` in between.\n");
    return false;
}

static bool check_header(struct uwsgi_request *r, const char *bytes)
{
    struct uwsgi_header header = uwsgi_decode_header(bytes);

    if (header.modifier1 == MODIFIER_PING) {
        r->answered = true;
        net_write(r->fd, "\x64\0\0\x01", UWSGI_HEADER,
                  r->config->http.timeouts.send);
        return false;
    }
    if (uwsgi_looks_like_http(bytes))
        return refuse_http(r);
    if (header.modifier1 != MODIFIER_WSGI) {
        uwsgi_log(r->peer,
                  "the packet has modifier1 %u; expected 0 (a "
                  "request) or 100 (a ping)",
                  header.modifier1);
        return false;
    }
    if (header.size == 0) {
        uwsgi_log(r->peer, "the packet has no variables");
        return false;
    }
    return true;
}

static bool read_packet(struct uwsgi_request *r)
{
    int64_t deadline = net_after(r->config->http.timeouts.head);
    char bytes[UWSGI_HEADER];
    size_t got, size;

    if (!read_exactly(r->fd, bytes, UWSGI_HEADER, deadline, &got))
        return got > 0 && cut_off(r, "the packet's header", got, UWSGI_HEADER);
    if (!check_header(r, bytes))
        return false;
    size = uwsgi_decode_header(bytes).size;
    if (!buf_reserve(&r->block, size))
        return false;
    if (!read_exactly(r->fd, r->block.ptr, size, deadline, &got))
        return cut_off(r, "the packet's variables", got, size);
    r->block.len = size;
    return true;
}

static bool add_visible(struct buf *out, struct span s, char special)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = c >= ' ' && c < 0x7f && c != '\\' && c != special;
        if (plain ? !buf_add_char(out, (char)c)
                  : !buf_printf(out, "\\x%02X", c))
            return false;
    }
    return true;
}

/* Of two variables of one name the last counts, as in real uWSGI. */
static bool take_pair(struct uwsgi_request *r, const struct uwsgi_pair *pair)
{
    if (span_eq(pair->key, SPAN("SERVER_PROTOCOL")))
        r->protocol = pair->value;
    if (span_eq(pair->key, SPAN("REQUEST_METHOD")))
        r->method = pair->value;
    if (span_eq(pair->key, SPAN("CONTENT_LENGTH"))) {
        r->content_length = 0;
        if (pair->value.len > 0 &&
            !span_decimal(pair->value, &r->content_length)) {
            uwsgi_log(r->peer, "CONTENT_LENGTH is not a number");
            answer_error(r, 400, "CONTENT_LENGTH is not a number.\n");
            return false;
        }
    }
    return add_visible(&r->listing, pair->key, '=') &&
           buf_add_char(&r->listing, '=') &&
           add_visible(&r->listing, pair->value, '\\') &&
           buf_add_char(&r->listing, '\n');
}

static bool decode_packet(struct uwsgi_request *r)
{
    struct span block = buf_span(&r->block);
    struct uwsgi_pair pair;
    const char *reason;
    enum http_parse parse;

    while ((parse = uwsgi_next_pair(&block, &pair, &reason)) == HTTP_MORE)
        if (!take_pair(r, &pair))
            return false;
    if (parse == HTTP_BAD) {
        uwsgi_log(r->peer, "the packet is malformed at byte %zu of %zu: %s",
                  r->block.len - block.len, r->block.len, reason);
        return false;
    }
    return buf_add_char(&r->listing, '\n');
}

/* The body is read to its end before the answer begins: the front may be a
 * simple one, which sends everything first and then listens. */
static bool read_body(struct uwsgi_request *r)
{
    char bytes[65536];

    if (r->content_length > r->config->http.max_body) {
        uwsgi_log(r->peer,
                  "the body has %ju bytes; at most %ju are taken "
                  "(--max-body)",
                  (uintmax_t)r->content_length,
                  (uintmax_t)r->config->http.max_body);
        answer_error(r, 413, "The body is too large.\n");
        return false;
    }
    while (r->body.len < r->content_length) {
        uint64_t left = r->content_length - r->body.len;
        ssize_t n =
            net_read(r->fd, bytes, left < sizeof bytes ? left : sizeof bytes,
                     net_after(r->config->http.timeouts.body));
        if (n <= 0) {
            errno = n == 0 ? 0 : errno;
            return cut_off(r, "the body", r->body.len, r->content_length);
        }
        if (!spool_add(&r->body, (struct span){bytes, (size_t)n})) {
            uwsgi_log(r->peer, "cannot keep the body: %s", strerror(errno));
            answer_error(r, 500, "The body cannot be kept.\n");
            return false;
        }
    }
    return true;
}

static void answer(struct uwsgi_request *r)
{
    struct span protocol =
        cgi_is_version(r->protocol) ? r->protocol : SPAN("HTTP/1.0");
    int64_t patience = r->config->http.timeouts.send;
    uint64_t length = r->listing.len + r->body.len;
    bool ok, bodiless = span_eq(r->method, SPAN("HEAD"));
    char head[256], bytes[65536];
    struct iovec iov[2];
    ssize_t n;

    r->answered = true;
    n = snprintf(head, sizeof head,
                 "%.*s 200 OK\r\nContent-Type: text/plain\r\n"
                 "Content-Length: %ju\r\n\r\n",
                 SPAN_ARG(protocol), (uintmax_t)length);
    iov[0] = (struct iovec){head, (size_t)n};
    iov[1] = (struct iovec){r->listing.ptr, r->listing.len};
    ok = net_writev(r->fd, iov, bodiless ? 1 : 2, patience);
    for (uint64_t at = 0; ok && !bodiless && at < r->body.len;
         at += (uint64_t)n) {
        n = spool_read(&r->body, at, bytes, sizeof bytes);
        ok = n > 0 && net_write(r->fd, bytes, (size_t)n, patience);
    }
    if (!ok)
        uwsgi_log(r->peer, "cannot send the answer: %s", strerror(errno));
}

void uwsgi_server(int fd, const struct net_addr *peer,
                  const struct uwsgi_config *config)
{
    struct uwsgi_request r = {.fd = fd, .peer = peer, .config = config};

    buf_init(&r.block, UWSGI_MAX_SIZE);
    buf_init(&r.listing, MAX_LISTING);
    spool_init(&r.body);
    if (read_packet(&r) && decode_packet(&r) && read_body(&r))
        answer(&r);
    buf_free(&r.block);
    buf_free(&r.listing);
    spool_free(&r.body);
    if (r.answered)
        net_close_lingering(fd, HTTP_LINGER_MS);
    else
        close(fd);
}
