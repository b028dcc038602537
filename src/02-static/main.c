/* strata-static: the files below a directory, served over HTTP.
 *
 *     strata-static --root DIR [OPTIONS] ADDR
 *
 * One client after the other, each with as many requests as it likes to send,
 * one after the other too: `serve` is what happens to a client, `respond` what
 * happens to a request. */

#include "http_conn.h"
#include "http_options.h"
#include "http_response.h"
#include "listener.h"
#include "static_answer.h"
#include "turn.h"
#include "uri.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM      "strata-static"
#define SEND_AT_ONCE (256 << 10) /* of a file, before others are thought of */
#define MAX_REQUESTS 1000 /* of one connection; nginx's keepalive_requests */

/* Everybody waits while one client is served, so the deadlines are shorter
 * than nginx's. */
#define STATIC_TIMEOUTS {10000, 10000, 10000, 10000}

static const struct span server_name = SPAN_INIT("strata/" STRATA_VERSION);

static const char help[] =
    "usage: strata-static --root DIR [OPTIONS] ADDR\n"
    "Serves the files below DIR over HTTP.\n"
    "ADDR is host:port, :port, [v6]:port or unix:/path.\n"
    "\n"
    "  --root DIR               the directory to serve\n"
    "  --index NAME             the file that stands for a directory:\n"
    "                           index.html\n"
    "  --links follow|beneath|none\n"
    "                           symbolic links: wherever they lead, below the\n"
    "                           root only (what is done without this option),\n"
    "                           or not at all\n" HTTP_OPTIONS_HELP
    "A deadline is 10 seconds if no option says otherwise.\n";

struct server {
    struct http_options options;
    struct static_config config;
    const char *index[2]; /* config.index */
    struct http_clock clock;

    struct turn turn; /* of the client who is being served */

    /* Of the answer that is being made; kept, so that an answer allocates
     * nothing once the longest of them has been seen. */
    struct buf path, origin, page, out;
};

static bool has_method(const struct http_request *r, struct span method)
{
    return span_eq(http_request_span(r, r->method), method);
}

/* Location, for the path of the request lacks its "/".  Who
 * names no host is sent to the address that he has come to. */
static bool add_location(struct server *s, const struct http_conn *c,
                         const struct static_answer *a)
{
    const struct http_request *r = &c->request;
    struct net_addr local;
    struct span query = uri_query(http_request_span(r, r->path),
                                  http_request_span(r, r->query));

    s->origin.len = 0;
    return net_local(c->fd, &local) &&
           static_add_origin(&s->origin, http_request_span(r, r->host),
                             &local) &&
           static_add_location(&s->out, buf_span(&s->origin), a,
                               buf_span(&s->path), query);
}

static bool add_head(struct server *s, const struct http_conn *c,
                     const struct static_answer *a, bool keep_alive)
{
    struct buf *out = &s->out;

    return http_add_status(out, a->status, server_name, &s->clock) &&
           (s->page.len == 0 ||
            (http_add_field(out, SPAN("Content-Type"), SPAN("text/html")) &&
             http_add_length(out, s->page.len))) &&
           static_add_fields(out, a) &&
           (!a->directory || add_location(s, c, a)) &&
           http_add_connection(out, keep_alive) &&
           static_add_validators(out, a) && http_end_head(out);
}

/* Sends what is followed by a file: the kernel may put both in one packet. */
static bool send_before_file(int fd, struct span s, int64_t patience)
{
    ssize_t n = send(fd, s.ptr, s.len, MSG_MORE | MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    if (n < 0)
        n = 0;
    return net_write(fd, s.ptr + n, s.len - (size_t)n, patience);
}

/* A client that reads slowly, but reads, never meets its send deadline.  It may
 * take its time while nobody waits; when its turn is over and somebody does,
 * it is cut off. */
static bool may_go_on(const struct server *s)
{
    if (!turn_over(&s->turn))
        return true;
    fputs(PROGRAM ": a slow client was cut off: the next one waits\n", stderr);
    return false;
}

/* Sends s->out, then n bytes of the file. */
static bool send_piece(struct server *s, struct http_conn *c, int file,
                       uint64_t first, uint64_t n)
{
    int64_t patience = c->timeouts.send;
    bool ok = send_before_file(c->fd, buf_span(&s->out), patience);

    s->out.len = 0;
    while (ok && n > 0) {
        uint64_t part = n < SEND_AT_ONCE ? n : SEND_AT_ONCE;

        ok = file_send(c->fd, file, first, part, patience) == part;
        first += part;
        n -= part;
        ok = ok && (n == 0 || may_go_on(s));
    }
    return ok;
}

/* Sends s->out, which is the head, and what of the file was asked for. */
static bool send_file(struct server *s, struct http_conn *c,
                      const struct static_answer *a)
{
    if (a->ranges == 0)
        return send_piece(s, c, a->file.fd, 0, a->file.size);
    for (int i = 0; i < a->ranges; i++) {
        const struct http_range *range = &a->range[i];

        if ((a->ranges > 1 && !static_add_part(&s->out, a, i)) ||
            !send_piece(s, c, a->file.fd, range->first,
                        range->last - range->first + 1))
            return false;
    }
    return a->ranges == 1 ||
           (static_add_part(&s->out, a, a->ranges) &&
            net_write(c->fd, s->out.ptr, s->out.len, c->timeouts.send));
}

/* Sends the answer, whole.  False when it could not, for whatever reason: what
 * the client then has is a broken message, and only closing says so. */
static bool send_answer(struct server *s, struct http_conn *c,
                        const struct static_answer *a, bool keep_alive)
{
    bool file = a->status == 200 || a->status == 206;
    bool head_only = has_method(&c->request, SPAN("HEAD"));

    s->out.len = s->page.len = 0;
    if (!file && a->status != 304 &&
        !http_error_page(&s->page, a->status, server_name))
        return false;
    if (!add_head(s, c, a, keep_alive))
        return false;
    if (file && !head_only && a->file.size > 0)
        return send_file(s, c, a);
    return (head_only || buf_add_span(&s->out, buf_span(&s->page))) &&
           net_write(c->fd, s->out.ptr, s->out.len, c->timeouts.send);
}

/* Says to the client and to the log what is wrong with the request. */
static void refuse(struct server *s, struct http_conn *c, int status,
                   const char *reason)
{
    struct static_answer a = {.status = status, .file.fd = -1, .mtime = -1};

    fprintf(stderr, PROGRAM ": refused with %d: %s\n", status, reason);
    send_answer(s, c, &a, false);
}

/* Reads past the body, which means nothing to a file.  False when something
 * is wrong with it; the client was told if it is still there. */
static bool pass_body(struct server *s, struct http_conn *c)
{
    struct span content;
    int n;

    http_conn_start_body(c, s->options.max_body);
    do
        n = http_conn_read_body(c, &content);
    while (n > 0);
    if (n < 0 && c->body.status > 0)
        refuse(s, c, c->body.status, c->body.reason);
    return n == 0;
}

/* Decodes the path into s->path and finds what it names.  "*" and the host of
 * CONNECT are no paths; their methods will be refused before one is needed. */
static void find_answer(struct server *s, const struct http_request *r,
                        struct static_answer *a)
{
    struct span raw = http_request_span(r, r->path);

    *a = (struct static_answer){.file.fd = -1, .mtime = -1};
    if (r->form == HTTP_ASTERISK_FORM || r->form == HTTP_AUTHORITY_FORM)
        raw = SPAN("/");
    a->status = http_is_method(http_request_span(r, r->method))
                    ? uri_path(&s->path, raw, true)
                    : 400;
    if (a->status == 0)
        static_answer(a, r, s->path.ptr, &s->config);
}

/* What becomes of a connection.  One that is dropped is closed at once: who
 * did not take the answer will not take a polite goodbye. */
enum next { NEXT_REQUEST, NEXT_CLOSE, NEXT_DROP };

/* Answers the request that was read. */
static enum next respond(struct server *s, struct http_conn *c)
{
    const struct http_request *r = &c->request;
    struct static_answer a;
    bool keep_alive, sent;

    if (!pass_body(s, c))
        return NEXT_CLOSE;
    find_answer(s, r, &a);
    /* The path as it was sent: still encoded, it cannot forge a line. */
    if (a.status >= 500)
        fprintf(stderr, PROGRAM ": cannot open \"%.*s\": %s\n",
                SPAN_ARG(http_request_span(r, r->path)), strerror(errno));
    keep_alive = r->keep_alive && a.status != 400 &&
                 c->requests < MAX_REQUESTS && !has_method(r, SPAN("TRACE"));
    turn_start(&s->turn, c->timeouts.send);
    sent = send_answer(s, c, &a, keep_alive);
    if (a.file.fd >= 0)
        close(a.file.fd);
    return !sent ? NEXT_DROP : keep_alive ? NEXT_REQUEST : NEXT_CLOSE;
}

static void serve(struct server *s, int fd)
{
    enum next next = NEXT_REQUEST;
    struct http_conn c;

    http_conn_init(&c, fd, &s->options.timeouts, &s->options.limits);
    while (next == NEXT_REQUEST) {
        next = NEXT_CLOSE;
        switch (http_conn_next(&c)) {
        case HTTP_EV_REQUEST:
            next = respond(s, &c);
            break;
        case HTTP_EV_BAD:
            refuse(s, &c, c.request.status, c.request.reason);
            break;
        case HTTP_EV_TIMEOUT:
            refuse(s, &c, 408, "the head did not come in time");
            break;
        case HTTP_EV_CLOSED:
            next = NEXT_DROP;
            break;
        }
    }
    http_conn_close(&c, next == NEXT_CLOSE);
}

struct arguments {
    struct http_options http;
    struct http_words words;
    const char *root, *index;
    enum file_links links;
};

static bool read_links(struct span text, void *place)
{
    static const char *const names[] = {
        [FILE_LINKS_FOLLOW] = "follow",
        [FILE_LINKS_BENEATH] = "beneath",
        [FILE_LINKS_NONE] = "none",
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (span_eq(text, span_of(names[i]))) {
            *(enum file_links *)place = (enum file_links)i;
            return true;
        }
    return false;
}

#define AT(member) offsetof(struct arguments, member)

static const struct http_option own_options[] = {
    {"--root", AT(root), http_read_text, "a directory"},
    {"--index", AT(index), http_read_text, "a file name"},
    {"--links", AT(links), read_links, "follow, beneath or none"},
    {0},
};

/* Makes the server that the arguments describe, but for its socket. */
static bool set_up(struct server *s, const struct arguments *a, struct err *err)
{
    struct mime_table *types = mime_new();
    size_t line = a->http.limits.line;

    if (a->root == NULL)
        return err_set(err, "--root DIR is missing, the directory to serve");
    s->options = a->http;
    s->index[0] = a->index;
    s->config = (struct static_config){
        .index = s->index,
        .links = a->links,
        .types = types,
        .default_type = SPAN("text/plain"),
        .etag = true,
        .exact_times = true,
        .max_ranges = HTTP_MAX_RANGES,
    };
    buf_init(&s->path, line + 1);
    buf_init(&s->origin, line + NET_ADDR_TEXT + 16);
    buf_init(&s->page, 4096);
    buf_init(&s->out, 4 * line + 8192); /* a path escaped is thrice as long */
    if (types == NULL || !mime_add_known(types))
        return err_set(err, "cannot load the media types: %s", strerror(errno));
    s->config.root = open(a->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return s->config.root >= 0 ||
           err_set(err, "cannot open the root \"%s\": %s; expected a directory",
                   a->root, strerror(errno));
}

int main(int argc, char **argv)
{
    struct arguments a = {
        .http = {STATIC_TIMEOUTS, HTTP_DEFAULT_LIMITS, HTTP_DEFAULT_MAX_BODY},
        .index = "index.html",
        .links = FILE_LINKS_BENEATH,
    };
    const struct http_command command = {PROGRAM, help, own_options};
    struct server s = {0};
    const char *where = NULL;
    int listener = -1;
    struct err err;

    net_keep_standard();
    net_ignore_signals();
    if (http_read_arguments(argv, &command, &a, &a.http, &a.words, &err) &&
        set_up(&s, &a, &err))
        where = http_only_address(&a.words, "127.0.0.1:8080", &err);
    if (where != NULL)
        listener = listener_open(PROGRAM, where, &err);
    s.turn.listener = listener;
    while (listener >= 0)
        serve(&s, listener_next(listener, PROGRAM, NULL));
    fprintf(stderr, PROGRAM ": %s\n", err.text);
    return 1;
}
