/* answer: the head of an answer and the framing of its body (RFC 9112 6). */

#include "answer.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "exchange.h"
#include "filters.h"
#include "front_worker.h"
#include "hooks.h"
#include "http_response.h"
#include "http_status.h"
#include "output.h"
#include "server_tokens.h"
#include "uri.h"

#include <string.h>

#define ANSWER_HEAD_MAX (256 * 1024)

bool answer_field(struct exchange *x, struct span name, struct span value)
{
    struct out_field *f = arena_alloc(&x->arena, sizeof *f);

    if (f == NULL)
        return false;
    *f = (struct out_field){NULL, name, value};
    *x->out.last_field = f;
    x->out.last_field = &f->next;
    return true;
}

struct span answer_get(const struct exchange *x, struct span name)
{
    for (const struct out_field *f = x->out.fields; f != NULL; f = f->next)
        if (span_eq_nocase(f->name, name))
            return f->value;
    return (struct span){NULL, 0};
}

bool answer_list_has(const struct exchange *x, struct span name,
                     struct span token)
{
    for (const struct out_field *f = x->out.fields; f != NULL; f = f->next)
        if (span_eq_nocase(f->name, name) && http_list_has(f->value, token))
            return true;
    return false;
}

/* As nginx, a client that asks is answered, also when its body has come already
 * or there is none: RFC 9110 10.1.1 allows to be silent then, and nobody who
 * has asked is worse off for an answer. */
bool answer_awaits_word(const struct exchange *x)
{
    return x->request.expect_continue && !x->body.invited;
}

void answer_invite(struct exchange *x)
{
    static const struct span go_on = SPAN_INIT("HTTP/1.1 100 Continue\r\n\r\n");

    x->body.invited = true;
    x->out.head_len += go_on.len; /* it is no part of the body */
    if (!output_bytes(x, go_on, NULL))
        x->out.failed = true;
}

/* What neither its length nor chunks end is ended by the connection. */
static void answer_frame(struct exchange *x)
{
    struct answer *out = &x->out;

    /* A client that was told it may go on may be sending already. */
    if (x->worker->quitting && x->keep_alive) {
        x->keep_alive = false;
        x->client->linger = true;
    }
    if (out->status == 204 || out->status == 304)
        out->length = -1;
    if (out->status == 204 && !out->relayed)
        out->type.len = 0; /* an upstream's own words pass, as in nginx */
    /* A client that waits for 100 Continue is told to go on; before an error
     * it is not, and then it may never send its body. */
    if (answer_awaits_word(x) && out->status < 300)
        answer_invite(x);
    else if (answer_awaits_word(x) && x->request.framing != HTTP_NO_BODY &&
             x->client->in.len == 0)
        x->keep_alive = false;
    if (out->length < 0 && !out->no_body && !out->chunked)
        x->keep_alive = false;
}

/* $uri and captures are decoded, and a redirect may be made of them: what would
 * end the field is encoded again.  False without memory. */
static bool answer_one_line(struct exchange *x, struct span *location)
{
    struct buf text = arena_text(&x->arena);

    if (location->len == 0)
        return true;
    uri_escape(&text, *location, URI_ESCAPE_CONTROLS);
    *location = arena_text_end(&text);
    return location->ptr != NULL;
}

static bool add_date_field(struct buf *head, struct span name, time_t t)
{
    char date[HTTP_DATE_LEN];

    http_date_format(date, t);
    return http_add_field(head, name, (struct span){date, sizeof date});
}

static bool answer_add_connection(struct exchange *x, struct buf *head)
{
    int64_t seconds = conversation(x->scope)->keepalive_header;

    if (x->out.status == 101)
        return true;
    if (!http_add_connection(head, x->keep_alive))
        return false;
    return !x->keep_alive || seconds < 0 ||
           buf_printf(head, "Keep-Alive: timeout=%lld\r\n", (long long)seconds);
}

/* Who answered, and when: our own words unless an upstream's are passed on. */
static bool answer_add_origin(struct exchange *x, struct buf *head)
{
    const struct answer *out = &x->out;
    struct span server =
        out->server.ptr != NULL
            ? out->server
            : server_signature(conversation(x->scope)->server_tokens);

    return http_add_status_line(head, out->status, out->reason) &&
           (out->anonymous || http_add_field(head, SPAN("Server"), server)) &&
           http_add_field(head, SPAN("Date"),
                          out->date.ptr != NULL
                              ? out->date
                              : http_clock_now(&x->worker->clock));
}

/* In nginx's order. */
static bool answer_write_head(struct exchange *x, struct buf *head)
{
    const struct answer *out = &x->out;

    if (!answer_add_origin(x, head) ||
        (out->type.len > 0 &&
         !http_add_field(head, SPAN("Content-Type"), out->type)) ||
        (out->length >= 0 && !http_add_length(head, (uint64_t)out->length)) ||
        (out->mtime >= 0 &&
         !add_date_field(head, SPAN("Last-Modified"), out->mtime)) ||
        (out->location.len > 0 &&
         !http_add_field(head, SPAN("Location"), out->location)) ||
        (out->chunked &&
         !http_add_field(head, SPAN("Transfer-Encoding"), SPAN("chunked"))) ||
        !answer_add_connection(x, head) ||
        (out->vary &&
         !http_add_field(head, SPAN("Vary"), SPAN("Accept-Encoding"))) ||
        (out->etag.len > 0 && !http_add_field(head, SPAN("ETag"), out->etag)))
        return false;
    for (const struct out_field *f = out->fields; f != NULL; f = f->next)
        if (f->name.len > 0 && !http_add_field(head, f->name, f->value))
            return false;
    if (out->accept_ranges &&
        !http_add_field(head, SPAN("Accept-Ranges"), SPAN("bytes")))
        return false;
    return http_end_head(head);
}

static void answer_ask(struct exchange *x)
{
    x->out.vary = x->out.coded = false;
    filters_choose(x);
}

void answer_choose(struct exchange *x)
{
    answer_ask(x);
    x->out.chosen = true;
}

void answer_begin(struct exchange *x)
{
    struct answer *out = &x->out;
    struct buf text = arena_text(&x->arena);
    struct span head;
    bool good;

    if (!out->chosen)
        answer_ask(x);
    out->no_body = x->head_only || out->status < 200 || out->status == 204 ||
                   out->status == 304;
    if (!filters_head(x) || !answer_one_line(x, &out->location)) {
        exchange_abort(x);
        return;
    }
    answer_frame(x);
    out->begun = true;
    good = answer_write_head(x, &text);
    head = arena_text_end(&text);
    if (!good || head.len > ANSWER_HEAD_MAX) {
        exchange_log(x, ERROR_LOG_ERROR, 0,
                     "the head of the response is larger than %d bytes",
                     ANSWER_HEAD_MAX);
        exchange_abort(x);
        return;
    }
    out->head_len += head.len;
    if (!output_bytes(x, head, NULL))
        out->failed = true;
}

static void answer_give(struct exchange *x, struct piece *piece)
{
    if (x->ended || (x->out.no_body && !piece->end))
        return;
    if (!filter_next(x, piece))
        x->out.failed = true;
}

void answer_bytes(struct exchange *x, struct span bytes,
                  struct front_chunk *chunk)
{
    struct piece p = {.bytes = bytes, .chunk = chunk, .file = -1};

    if (bytes.len > 0)
        answer_give(x, &p);
}

void answer_file(struct exchange *x, int fd, uint64_t offset, uint64_t n)
{
    struct piece p = {.file = fd, .offset = offset, .left = n};

    if (n > 0)
        answer_give(x, &p);
}

/* What there is goes out.  If the socket has taken it all, no event will come
 * for what a filter has not taken yet: it has to be asked for. */
static void answer_push(struct exchange *x)
{
    output_flush(x);
    if (!x->ended && x->out.held != NULL && x->out.queued < FRONT_LOW_WATER)
        client_soon(x->client);
}

void answer_end(struct exchange *x)
{
    struct piece p = {.file = -1, .end = true};

    answer_give(x, &p);
    answer_push(x);
}

bool answer_full(const struct exchange *x, uint64_t bytes)
{
    return x->out.held != NULL || output_full(x, bytes);
}

void answer_go_on(struct exchange *x)
{
    if (x->out.queued >= FRONT_LOW_WATER)
        return;
    if (x->out.held != NULL) {
        if (!filters_go_on(x))
            x->out.failed = true;
        answer_push(x);
    }
    if (!x->ended && x->out.held == NULL && !x->out.ended && x->more != NULL)
        x->more(x);
}

void answer_whole(struct exchange *x, int status, struct span type,
                  struct span body)
{
    x->out.status = status;
    x->out.type = type;
    x->out.length = (int64_t)body.len;
    answer_begin(x);
    answer_bytes(x, body, NULL);
    answer_end(x);
}

/* After these the stream cannot be trusted, or the server is in trouble. */
static bool status_ends_connection(int status)
{
    static const int list[] = {400, 408, 413, 414, 431, 500, 501, 505};

    for (size_t i = 0; i < COUNT(list); i++)
        if (status == list[i])
            return true;
    return false;
}

/* A module may have another answer than the page; its verdict, or the status.
 */
static int ask_modules(struct exchange *x, int status)
{
    for (const struct module *const *m = x->worker->hooks->modules; *m != NULL;
         m++) {
        int verdict =
            (*m)->error != NULL ? (*m)->error(x, status) : NEXT_HANDLER;

        if (verdict != NEXT_HANDLER)
            return verdict;
    }
    return status;
}

void exchange_error(struct exchange *x, int status)
{
    struct buf page = arena_text(&x->arena);
    struct span body;

    if (x->out.begun) {
        exchange_abort(x);
        return;
    }
    if (status_ends_connection(status))
        x->keep_alive = false;
    status = ask_modules(x, status);
    if (status == ANSWERED)
        return;
    http_error_page(&page, status,
                    server_signature(conversation(x->scope)->server_tokens));
    body = arena_text_end(&page);
    if (body.ptr == NULL) {
        exchange_abort(x);
        return;
    }
    x->out.mtime = -1;
    x->out.etag = (struct span){NULL, 0};
    x->out.accept_ranges = false;
    /* The page of another status is another whole. */
    x->out.chosen = x->out.chosen && status == 416;
    if (http_reason(status).len == 0)
        answer_whole(x, status, (struct span){NULL, 0}, SPAN(""));
    else
        answer_whole(x, status, SPAN("text/html"), body);
}
