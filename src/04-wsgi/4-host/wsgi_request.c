/* wsgi_request: prepare, run, account.
 *
 * HTTP and uwsgi differ in where a request's facts stand; what is made of them
 * is the same from here on. */

#include "wsgi_request.h"

#include "cgi.h"
#include "uri.h"
#include "uwsgi_packet.h"
#include "wsgi_log.h"
#include "wsgi_mount.h"

/* Everything of the last request is forgotten; the buffers stay. */
static void reset(struct wsgi_exchange *x, struct wsgi_peer *p)
{
    struct wsgi_exchange fresh = {
        .host = x->host,
        .draft = x->draft,
        .orders = x->orders,
        .core = x->core,
        .pid = x->pid,
        .at_home = x->at_home,
        .clock = x->clock,
        .head = x->head,
        .decoded = x->decoded,
        .conn = &p->conn,
        .http = p->protocol == WSGI_HTTP,
        .uri = SPAN(""),
        .protocol = SPAN("HTTP/1.1"),
        .remote_addr = span_of(p->remote_addr),
    };
    fresh.head.len = 0;
    *x = fresh;
}

/* True when the head is all that has come, and the client announced no more. */
static bool has_nothing_behind(const struct wsgi_peer *p)
{
    return p->conn.request.framing == HTTP_NO_BODY &&
           http_conn_rest(&p->conn).len == 0;
}

/* An HTTP request: what the log wants to know of it. */
static void note_http(struct wsgi_exchange *x, struct wsgi_peer *p)
{
    const struct http_request *r = &p->conn.request;

    x->method = http_request_span(r, r->method);
    x->uri = http_request_span(r, r->target);
    x->http_1_1 = r->minor > 0;
    x->protocol = x->http_1_1 ? SPAN("HTTP/1.1") : SPAN("HTTP/1.0");
    x->keep = r->keep_alive;
    x->all_said = !r->keep_alive && has_nothing_behind(p);
    x->head_only = span_eq(x->method, SPAN("HEAD"));
}

/* A uwsgi request: the same, from its variables. */
static void note_uwsgi(struct wsgi_exchange *x, struct wsgi_peer *p)
{
    struct span block = wsgi_peer_block(p);
    struct uwsgi_pair pair;
    const char *reason;
    const struct {
        struct span name;
        struct span *to;
    } table[] = {
        {SPAN("REQUEST_METHOD"), &x->method},
        {SPAN("REQUEST_URI"), &x->uri},
        {SPAN("SERVER_PROTOCOL"), &x->protocol},
        {SPAN("REMOTE_ADDR"), &x->remote_addr},
        {SPAN("REMOTE_USER"), &x->remote_user},
        {SPAN("SCRIPT_NAME"), &x->script_name},
        {SPAN("PATH_INFO"), &x->path},
    };
    while (uwsgi_next_pair(&block, &pair, &reason) == HTTP_MORE)
        for (size_t i = 0; i < COUNT(table); i++)
            if (pair.key.len == table[i].name.len &&
                span_eq(pair.key, table[i].name))
                *table[i].to = pair.value;
    /* It comes back in the status line: nothing but a version may. */
    if (!cgi_is_version(x->protocol))
        x->protocol = SPAN("HTTP/1.1");
    x->all_said = has_nothing_behind(p);
    x->head_only = span_eq(x->method, SPAN("HEAD"));
}

/* cgi sends these empty where there is no body; as in uWSGI, an application
 * behind an HTTP socket does not see them then. */
static bool add_if_there(void *exchange, struct span name, struct span value)
{
    if (value.len == 0 && span_starts(name, SPAN("CONTENT_")))
        return true;
    return wsgi_environ_add(exchange, name, value);
}

static bool fill_from_http(struct wsgi_exchange *x, struct wsgi_peer *p)
{
    const struct http_request *r = &p->conn.request;
    char length[BYTES_DECIMAL] = "", port[BYTES_DECIMAL];
    struct cgi_server server = {
        .remote_addr = x->remote_addr,
        .remote_port = span_of(p->remote_port),
        .scheme = SPAN("http"),
        .path = x->path,
    };

    if (r->framing == HTTP_LENGTH)
        bytes_decimal(length, r->content_length);
    bytes_decimal(port, p->server_port);
    server.port = span_of(port);
    server.content_length = span_of(length);
    if (cgi_variables(r, &server, add_if_there, x))
        return true;
    if (!PyErr_Occurred())
        PyErr_NoMemory();
    return false;
}

static bool fill_from_uwsgi(struct wsgi_exchange *x, struct wsgi_peer *p)
{
    struct span block = wsgi_peer_block(p);
    struct uwsgi_pair pair;
    const char *reason;

    while (uwsgi_next_pair(&block, &pair, &reason) == HTTP_MORE)
        if (!wsgi_environ_add(x, pair.key, pair.value))
            return false;
    return true;
}

/* With the interpreter's lock: environ, the application, the end. */
static void run(struct wsgi_exchange *x, struct wsgi_peer *p)
{
    wsgi_environ_begin(x);
    if ((x->http ? fill_from_http(x, p) : fill_from_uwsgi(x, p)) &&
        wsgi_environ_end(x)) {
        wsgi_run(x);
    } else {
        wsgi_log_exception(x->host, "environ could not be made");
        wsgi_send_failure(x);
    }
    wsgi_exchange_end(x);
    x->app_count = x->app->served;
    x->count = x->host->served;
}

static void log_line(const struct wsgi_exchange *x, int64_t begun)
{
    const struct wsgi_log_request line = {
        .app = x->app->callable == NULL ? -1 : x->app->number,
        .app_count = x->app_count,
        .count = x->count,
        .remote_addr = x->remote_addr,
        .remote_user = x->remote_user,
        .method = x->method,
        .uri = x->uri,
        .protocol = x->protocol,
        .vars = x->vars,
        .vars_bytes = x->vars_bytes,
        .body = x->sent,
        .msecs = (uint64_t)(net_now() - begun),
        .status = x->status,
        .headers = x->headers,
        .head_bytes = x->head_bytes,
        .switches = x->switches,
        .core = x->core,
    };
    wsgi_log_request(&line);
}

/* What the application left of the body is skipped if it is here; nobody waits
 * for the rest.  Whoever has sent more than was read may still be sending, and
 * so may one that did not know that this answer would be the last. */
static enum wsgi_fate fate(const struct wsgi_exchange *x, struct wsgi_peer *p)
{
    bool body_done = http_conn_has_body(&p->conn) &&
                     http_conn_skip_body(&p->conn, UINT64_MAX);
    bool more = !body_done || http_conn_rest(&p->conn).len > 0 ||
                (x->http && p->conn.request.keep_alive);

    if (x->gone)
        return WSGI_FATE_CLOSE;
    if (x->reset)
        return WSGI_FATE_RESET;
    if (x->keep && body_done)
        return WSGI_FATE_KEEP;
    return more ? WSGI_FATE_DRAIN : WSGI_FATE_CLOSE;
}

static void choose_app(struct wsgi_exchange *x)
{
    struct wsgi_host *host = x->host;
    size_t n = host->config->mount_count;
    size_t i = wsgi_mount_find(host->config, x->script_name, x->path, &x->cut);

    x->app = i < n ? &host->apps[i] : host->default_app;
}

/* What can be known of a request without Python.  False when it is refused. */
static bool prepare(struct wsgi_exchange *x, struct wsgi_peer *p)
{
    const struct http_request *r = &p->conn.request;
    int status = 0;

    reset(x, p);
    if (x->http) {
        note_http(x, p);
        status = uri_path(&x->decoded, http_request_span(r, r->path), false);
        x->path = buf_span(&x->decoded);
    } else {
        note_uwsgi(x, p);
    }
    if (status != 0)
        wsgi_peer_refuse(p, status, "the path cannot be decoded");
    else
        choose_app(x);
    return status == 0;
}

/* Tells the hook and the log that the request is over. */
static void account(const struct wsgi_hooks *hooks, struct wsgi_exchange *x,
                    int64_t begun)
{
    if (hooks != NULL && hooks->end != NULL)
        x->count = hooks->end(hooks->context, x->core);
    if (!x->host->config->disable_logging)
        log_line(x, begun);
}

enum wsgi_fate wsgi_request_serve(const struct wsgi_server *server,
                                  PyThreadState *thread,
                                  struct wsgi_exchange *x, struct wsgi_peer *p)
{
    const struct wsgi_hooks *hooks = server->hooks;
    struct wsgi_brief brief;
    int64_t begun;

    if (!prepare(x, p))
        return WSGI_FATE_DRAIN;
    begun = x->host->config->disable_logging ? 0 : net_now();
    brief = (struct wsgi_brief){x->core, x->method, x->uri, x->remote_addr};
    if (hooks != NULL && hooks->begin != NULL)
        hooks->begin(hooks->context, &brief);
    PyEval_RestoreThread(thread);
    run(x, p);
    PyEval_SaveThread();
    account(hooks, x, begun);
    return fate(x, p);
}
