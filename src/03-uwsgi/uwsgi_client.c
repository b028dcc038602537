/* uwsgi_client: a question from the command line, asked as a front would ask.
 *
 * The question is written down as an HTTP head and parsed like one.  So the
 * variables come from the same functions as the gateway's, and a target or a
 * field that no server should see is refused here already. */

#include "uwsgi_client.h"

#include "cgi.h"
#include "uri.h"
#include "uwsgi_call.h"
#include "uwsgi_packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct uwsgi_client {
    const struct net_addr *server;
    const struct uwsgi_question *question;
    const struct uwsgi_config *config;
    struct buf head; /* the question as HTTP */
    struct http_field list[HTTP_MAX_FIELDS];
    struct http_request request;
    struct buf path;
    struct spool body;
    struct buf packet;
    struct uwsgi_encoder encoder;
    struct uwsgi_call call;
};

static bool complain(const struct err *err)
{
    fprintf(stderr, "strata-uwsgi: %s\n", err->text);
    return false;
}

static bool read_body(struct uwsgi_client *c, struct err *err)
{
    const char *name = c->question->body;
    char bytes[65536];
    ssize_t n;
    int fd, problem;

    if (name == NULL)
        return true;
    fd = strcmp(name, "-") == 0 ? dup(0) : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, "cannot open the body \"%s\": %s", name,
                       strerror(errno));
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        if (!spool_add(&c->body, (struct span){bytes, (size_t)n})) {
            n = -1;
            break;
        }
    problem = errno;
    close(fd);
    return n == 0 || err_set(err, "cannot read the body \"%s\": %s", name,
                             strerror(problem));
}

/* HTTP_HOST and SERVER_NAME need a host: from a field, else from the target,
 * else the server itself. */
static bool add_host(struct uwsgi_client *c)
{
    struct span target = span_of(c->question->target), scheme, host;
    char address[NET_ADDR_TEXT];

    for (unsigned i = 0; i < c->question->fields.count; i++)
        if (span_starts_nocase(span_of(c->question->fields.word[i]),
                               SPAN("host:")))
            return true;
    if (target.ptr[0] != '/' && span_next(&target, '/', &scheme) &&
        span_starts(target, SPAN("/"))) {
        host = (struct span){target.ptr + 1, strcspn(target.ptr + 1, "/?#")};
        return buf_printf(&c->head, "Host: %.*s\r\n", SPAN_ARG(host));
    }
    net_print(c->server, address);
    if (c->server->sa.sa_family == AF_UNIX)
        strcpy(address, "localhost");
    return buf_printf(&c->head, "Host: %s\r\n", address);
}

/* A line end in a word would begin a field that nobody has given. */
static bool has_line_end(const struct uwsgi_question *q)
{
    for (unsigned i = 0; i < q->fields.count; i++)
        if (strpbrk(q->fields.word[i], "\r\n") != NULL)
            return true;
    return strpbrk(q->target, "\r\n") != NULL ||
           (q->method != NULL && strpbrk(q->method, "\r\n") != NULL);
}

/* The question as the head of an HTTP request. */
static bool write_question(struct uwsgi_client *c, struct err *err)
{
    const struct uwsgi_question *q = c->question;
    const char *otherwise = q->body != NULL ? "POST" : "GET";
    bool ok;

    if (has_line_end(q))
        return err_set(err, "this is no request that could be sent: a line "
                            "ends within a word");
    ok = buf_printf(&c->head, "%s %s HTTP/1.1\r\n",
                    q->method != NULL ? q->method : otherwise, q->target) &&
         add_host(c);
    for (unsigned i = 0; ok && i < q->fields.count; i++)
        ok = buf_printf(&c->head, "%s\r\n", q->fields.word[i]);
    return (ok && buf_add_text(&c->head, "\r\n")) ||
           err_set(err, "the question is longer than %zu bytes", c->head.max);
}

static bool parse_question(struct uwsgi_client *c, struct err *err)
{
    if (!write_question(c, err))
        return false;
    http_request_init(&c->request, c->list, HTTP_MAX_FIELDS,
                      &c->config->http.limits);
    if (http_parse_request(&c->request, c->head.ptr, c->head.len) != HTTP_DONE)
        return err_set(err, "this is no request that could be sent: %s",
                       c->request.reason != NULL ? c->request.reason
                                                 : "a line is not ended");
    http_settle(&c->request.fields, c->head.ptr);
    return uri_path(&c->path, http_request_span(&c->request, c->request.path),
                    true) == 0 ||
           err_set(err,
                   "the path of \"%s\" cannot be decoded: a bad %%XX, or "
                   "\"..\" above the root",
                   c->question->target);
}

/* True when --var has its own word about this variable. */
static bool is_overridden(const struct uwsgi_client *c, struct span name)
{
    const struct uwsgi_words *vars = &c->question->vars;

    for (unsigned i = 0; i < vars->count; i++) {
        struct span key = {vars->word[i], strcspn(vars->word[i], "=")};
        if (span_eq(key, name))
            return true;
    }
    return false;
}

static bool emit_pair(void *context, struct span name, struct span value)
{
    struct uwsgi_client *c = context;

    return is_overridden(c, name) || uwsgi_add(&c->encoder, name, value);
}

static bool add_own_vars(struct uwsgi_client *c)
{
    const struct uwsgi_words *vars = &c->question->vars;

    for (unsigned i = 0; i < vars->count; i++) {
        size_t len = strcspn(vars->word[i], "=");
        if (len == 0 ||
            (vars->word[i][len] == '=' &&
             !uwsgi_add(&c->encoder, (struct span){vars->word[i], len},
                        span_of(vars->word[i] + len + 1))))
            return false;
    }
    return true;
}

/* "example.org:8080" is two variables. */
static void split_host(struct span host, struct span *name, struct span *port)
{
    size_t len = host.len;
    bool has_port;

    while (len > 0 && ascii_is_digit(host.ptr[len - 1]))
        len--;
    has_port = len > 0 && host.ptr[len - 1] == ':';
    *name = (struct span){host.ptr, has_port ? len - 1 : host.len};
    *port = has_port && len < host.len
                ? span_from(host, len)
                : SPAN("80");
}

static bool build_packet(struct uwsgi_client *c, struct err *err)
{
    const struct http_request *r = &c->request;
    struct cgi_server server = {
        .remote_addr = SPAN("127.0.0.1"),
        .scheme = SPAN("http"),
        .path = buf_span(&c->path),
    };
    char address[NET_ADDR_TEXT], port[8], length[24];
    struct net_addr local;

    if (c->server->sa.sa_family != AF_UNIX && net_local(c->call.fd, &local)) {
        net_print_host(&local, address);
        snprintf(port, sizeof port, "%u", net_port(&local));
        server.remote_addr = span_of(address);
        server.remote_port = span_of(port);
    }
    split_host(http_request_span(r, r->host), &server.name, &server.port);
    snprintf(length, sizeof length, "%ju", (uintmax_t)c->body.len);
    if (c->question->body != NULL)
        server.content_length = span_of(length);
    c->packet.len = 0;
    uwsgi_begin(&c->encoder, &c->packet);
    return (cgi_variables(r, &server, emit_pair, c) && add_own_vars(c) &&
            uwsgi_end(&c->encoder, 0, 0)) ||
           err_set(err,
                   "the variables do not fit into a uwsgi packet of %d bytes, "
                   "or --var has an empty key",
                   UWSGI_MAX_SIZE);
}

static bool send_question(struct uwsgi_client *c, struct err *err)
{
    return uwsgi_call_connect(&c->call, c->server, c->config, err) == 0 &&
           build_packet(c, err) &&
           uwsgi_call_send(&c->call, c->packet.ptr, c->packet.len, err) == 0 &&
           uwsgi_call_send_spool(&c->call, &c->body, err) == 0;
}

static bool print_answer(struct uwsgi_client *c, struct err *err)
{
    const struct http_reply *r = &c->call.reply;
    struct span content;
    char phrase[64];
    int more;

    if (c->question->include)
        fwrite(c->call.in.ptr, 1, r->head_len, stdout);
    /* The phrase is gone with the head once the body is read. */
    snprintf(phrase, sizeof phrase, "%.*s",
             SPAN_ARG(http_span(&r->fields, r->reason_phrase)));
    while ((more = uwsgi_call_read(&c->call, &content, err)) > 0)
        fwrite(content.ptr, 1, content.len, stdout);
    if (fflush(stdout) != 0 || ferror(stdout))
        return err_set(err, "cannot write the answer: %s", strerror(errno));
    if (more < 0)
        return false;
    return (r->status >= 200 && r->status < 400) ||
           err_set(err, "the uwsgi server %s answered %d %s", c->call.server,
                   r->status, phrase);
}

static bool ask(struct uwsgi_client *c)
{
    const struct http_request *r = &c->request;
    bool head_only = span_eq(http_request_span(r, r->method), SPAN("HEAD"));
    struct err err;
    bool ok = send_question(c, &err) &&
              uwsgi_call_reply(&c->call, head_only, &err) == 0 &&
              print_answer(c, &err);

    uwsgi_call_close(&c->call);
    return ok || complain(&err);
}

bool uwsgi_client(const struct net_addr *server,
                  const struct uwsgi_question *question,
                  const struct uwsgi_config *config)
{
    struct uwsgi_client c = {
        .server = server, .question = question, .config = config};
    struct err err;
    bool ok;

    buf_init(&c.head, 2 * (size_t)config->http.limits.head);
    buf_init(&c.path, c.head.max + 1);
    buf_init(&c.packet, UWSGI_HEADER + UWSGI_MAX_SIZE);
    spool_init(&c.body);
    ok = (parse_question(&c, &err) && read_body(&c, &err)) || complain(&err);
    for (uint64_t i = 0; ok && i < question->repeat; i++)
        ok = ask(&c);
    buf_free(&c.head);
    buf_free(&c.path);
    buf_free(&c.packet);
    spool_free(&c.body);
    return ok;
}
