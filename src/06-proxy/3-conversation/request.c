/* request: what a head asks for, the phases that answer it, and the end, when
 * the last byte is written or nothing more can be. */

#include "request.h"
#include "answer.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "field_names.h"
#include "filters.h"
#include "front_worker.h"
#include "hooks.h"
#include "output.h"
#include "phases.h"
#include "request_body.h"
#include "uri.h"

#include <stdlib.h>
#include <string.h>

static void exchange_done(struct exchange *x);
static void exchange_break(struct exchange *x);

#define EXCHANGE_BLOCK 4096
#define EXCHANGE_SPARE BYTES_KEPT(64) /* ended ones, of a worker */

/* One that has ended, with its arena's first block: warm memory, and no call of
 * malloc. */
static struct exchange *exchange_take(struct front_worker *w)
{
    struct exchange *x = w->spare;

    if (x != NULL) {
        w->spare = x->next_spare;
        w->spare_count--;
        return x;
    }
    x = malloc(sizeof *x);
    if (x != NULL)
        arena_init(&x->arena, EXCHANGE_BLOCK);
    return x;
}

static void exchange_give_back(struct front_worker *w, struct exchange *x)
{
    if (w->spare_count >= EXCHANGE_SPARE) {
        arena_free(&x->arena);
        free(x);
        return;
    }
    arena_reset(&x->arena);
    x->next_spare = w->spare;
    w->spare = x;
    w->spare_count++;
}

struct exchange *exchange_new(struct client *c)
{
    struct front_worker *w = c->worker;
    struct exchange *x = exchange_take(w);
    struct arena arena;

    if (x == NULL)
        return NULL;
    arena = x->arena;
    memset(x, 0, offsetof(struct exchange, list));
    x->arena = arena;
    x->state = arena_zalloc(&x->arena, w->hooks->state);
    if (x->state == NULL) {
        exchange_give_back(w, x);
        return NULL;
    }
    x->client = c;
    x->worker = w;
    x->scope = x->server = c->place->scope;
    x->server_name = c->place->name;
    x->done = exchange_done;
    x->abort = exchange_break;
    spool_init(&x->body.content);
    x->out.last_field = &x->out.fields;
    x->out.length = -1;
    x->out.mtime = -1;
    x->began = event_now(w->loop);
    c->requests++;
    return x;
}

static void exchange_free(struct event_later *later)
{
    struct exchange *x =
        (struct exchange *)((char *)later - offsetof(struct exchange, later));

    exchange_give_back(x->worker, x);
}

/* $host: the host without its port and its final dot, in lower case.  0, or
 * the status to answer.  It may become the name of a folder (root
 * /sites/$host), and what is cut off ".." makes another one of it, so no host
 * has two dots in a row, and none is empty once it has been cut. */
static int exchange_host(struct exchange *x, struct span host)
{
    const char *colon = span_chr(host, ':');
    struct span copy;

    for (size_t i = 1; i < host.len; i++)
        if (host.ptr[i] == '.' && host.ptr[i - 1] == '.')
            return 400;
    if (span_starts(host, SPAN("["))) {
        const char *end = span_chr(host, ']');

        host.len = end != NULL ? (size_t)(end + 1 - host.ptr) : host.len;
    } else if (colon != NULL) {
        host.len = (size_t)(colon - host.ptr);
    }
    if (span_ends(host, SPAN(".")) && --host.len == 0)
        return 400;
    copy = arena_copy(&x->arena, host);
    for (size_t i = 0; i < copy.len; i++)
        ((char *)copy.ptr)[i] = ascii_lower(copy.ptr[i]);
    x->host = copy;
    return copy.ptr != NULL ? 0 : 500;
}

/* $uri and $args.  0, or the status to answer. */
static int exchange_uri(struct exchange *x)
{
    struct span path = http_request_span(&x->request, x->request.path);
    char *uri;
    long len;

    if (x->request.form == HTTP_ASTERISK_FORM ||
        x->request.form == HTTP_AUTHORITY_FORM) {
        x->uri = http_request_span(&x->request, x->request.target);
        return 0;
    }
    uri = arena_alloc(&x->arena, path.len + 1);
    if (uri == NULL)
        return 500;
    len = uri_normalise(uri, path, conversation(x->scope)->merge_slashes);
    if (len < 0)
        return 400;
    uri[len] = '\0';
    x->uri = (struct span){uri, (size_t)len};
    if (x->request.has_query)
        x->args = http_request_span(&x->request, x->request.query);
    return 0;
}

/* Keep-alive is offered when the client and the limits allow it. */
static bool exchange_may_keep(const struct exchange *x)
{
    const struct conversation_settings *s = conversation(x->scope);
    const struct client *c = x->client;

    return x->request.keep_alive && s->keepalive_timeout > 0 &&
           c->requests < s->keepalive_requests &&
           event_now(x->worker->loop) - c->since < s->keepalive_time;
}

/* `OPTIONS *` asks about the server itself (RFC 9110 9.3.7); CONNECT and TRACE
 * are not for a reverse proxy. */
static void exchange_dispatch(struct exchange *x)
{
    if (x->request.form == HTTP_ASTERISK_FORM) {
        answer_whole(x, 200, (struct span){NULL, 0}, SPAN(""));
    } else if (x->request.form == HTTP_AUTHORITY_FORM ||
               span_eq(x->method, SPAN("TRACE"))) {
        exchange_log(x, ERROR_LOG_INFO, 0, "client sent %.*s method",
                     SPAN_ARG(x->method));
        x->keep_alive = false;
        exchange_error(x, 405);
    } else {
        phases_run(x);
    }
}

bool exchange_settle(struct exchange *x)
{
    struct http_request *r = &x->request;
    struct span head = buf_span(&x->client->in);

    if (r->head_len > 0)
        head.len = r->head_len;
    x->head = arena_copy(&x->arena, head);
    http_settle(&r->fields, x->head.ptr);
    return x->head.ptr != NULL;
}

/* What the head says of where the request goes.  0, or the status to
 * answer. */
static int exchange_read_head(struct exchange *x)
{
    const struct http_request *r = &x->request;
    struct span method = http_request_span(r, r->method);
    int status;

    if (!http_is_method(method))
        return 400;
    x->method = method;
    x->head_only = span_eq(method, SPAN("HEAD"));
    status = exchange_host(x, http_request_span(r, r->host));
    if (status != 0)
        return status;
    /* In what broke off the host may be still to come. */
    if ((x->host.len > 0 || r->head_len > 0) &&
        !x->client->place->find_server(x))
        return 500;
    field_names_filter(x);
    return exchange_uri(x);
}

/* Whoever answers or logs an exchange comes by here.  Where its head broke off
 * or was refused, what had come of it before is known of the request, as nginx
 * knows it. */
void exchange_salvage(struct exchange *x)
{
    if (x->request.fields.base == NULL && exchange_settle(x) &&
        x->request.have_line)
        exchange_read_head(x);
}

void exchange_start(struct exchange *x)
{
    int status = exchange_read_head(x);

    if (status != 0) {
        exchange_log(x, ERROR_LOG_INFO, 0, "client sent invalid request");
        exchange_error(x, status);
        return;
    }
    x->keep_alive = exchange_may_keep(x);
    exchange_dispatch(x);
}

static void exchange_end(struct exchange *x)
{
    struct client *c = x->client;

    x->ended = true;
    exchange_salvage(x);
    for (const struct module **m = x->worker->hooks->ends; *m != NULL; m++)
        (*m)->end(x, exchange_state(x, *m));
    phases_log(x);
    filters_clear(x);
    output_clear(x);
    body_free(x);
    c->exchange = NULL;
    x->later.run = exchange_free;
    event_do_later(x->worker->loop, &x->later);
}

static void exchange_over(struct exchange *x)
{
    struct client *c = x->client;
    bool keep = x->keep_alive;

    exchange_end(x);
    client_next(c, keep);
}

/* An answer may come before the request's body has: then what is left of the
 * body is read and dropped, and the next request found behind it.  Where none
 * is to be found, the client is heard out all the same. */
static void exchange_done(struct exchange *x)
{
    if (x->ended)
        return;
    if (x->keep_alive) {
        body_discard(x, exchange_over);
        return;
    }
    if (x->request.framing != HTTP_NO_BODY && !x->body.done)
        x->client->linger = true;
    exchange_over(x);
}

static void exchange_break(struct exchange *x)
{
    struct client *c = x->client;

    if (x->ended)
        return;
    if (x->out.status == 0)
        x->out.status = 499;
    exchange_end(x);
    client_close(c);
}

void exchanges_free(struct front_worker *w)
{
    while (w->spare != NULL) {
        struct exchange *x = w->spare;

        w->spare = x->next_spare;
        arena_free(&x->arena);
        free(x);
    }
}
