/* test_client: a whole conversation, by a socket pair, with no site above it:
 * the one module that answers is this test's. */

#include "answer.h"
#include "chunk.h"
#include "client.h"
#include "connection.h"
#include "conversation.h"
#include "error_log.h"
#include "front_worker.h"
#include "hooks.h"
#include "request.h"
#include "request_body.h"
#include "unit.h"

#include <stdlib.h>
#include <sys/socket.h>

extern const struct module chunked_module;

static struct arena arena;
static struct conf cf;
static struct conf_scope *http;
static struct front_worker worker;
static struct place place;
static int peer;
static char got[65536];

static bool set_http(struct conf *c, const struct conf_row *row, void *settings)
{
    http = conf_open_scope(c);
    return http != NULL && conf_block(c, CONF_HTTP, http, NULL);
}

static void answer_body(struct exchange *x)
{
    struct span body = buf_span(&x->body.content.memory);

    answer_whole(x, 200, SPAN("text/plain"), body);
}

/* "/none" is not for us; "/long" is an answer whose length is not said. */
static int content(struct exchange *x)
{
    if (span_eq(x->uri, SPAN("/none")))
        return NEXT_HANDLER;
    if (span_eq(x->uri, SPAN("/teapot")))
        return 418;
    if (span_eq(x->uri, SPAN("/long"))) {
        x->out.status = 200;
        answer_begin(x);
        answer_bytes(x, SPAN("0123456789"), NULL);
        answer_bytes(x, SPAN("abc"), NULL);
        answer_end(x);
    } else if (x->request.framing != HTTP_NO_BODY) {
        body_read(x, answer_body);
    } else {
        answer_whole(x, 200, SPAN("text/plain"), x->uri);
    }
    return ANSWERED;
}

/* 418 has a page of its own, and 404 is 410 here. */
static int own_error(struct exchange *x, int status)
{
    if (status == 418)
        answer_whole(x, 418, SPAN("text/plain"), SPAN("short"));
    return status == 418 ? ANSWERED : status == 404 ? 410 : NEXT_HANDLER;
}

static const struct conf_row rows[] = {
    {"http", CONF_MAIN, 0, 0, true, set_http, CONF_OTHER, 0, 0, NULL}, {0}};
static const struct handler handlers[] = {{CONTENT, content}, {0}};
static const struct module own_module = {.name = "own",
                                         .index = MODULE_INDEX,
                                         .rows = rows,
                                         .handlers = handlers,
                                         .error = own_error};
static const struct module *const list[] = {&error_log_module,
                                            &conversation_module, &own_module,
                                            &chunked_module, NULL};

static bool find_server(struct exchange *x)
{
    return true;
}

static void begin(void)
{
    static const char text[] = "http { }";
    char path[] = "/tmp/strata-test-XXXXXX";
    static struct err err;
    int fd = mkstemp(path), pair[2];

    CU_ASSERT_EQUAL_FATAL(write(fd, text, strlen(text)),
                          (ssize_t)strlen(text));
    close(fd);
    arena_init(&arena, 4096);
    cf = (struct conf){.modules = list,
                       .arena = &arena,
                       .prefix = SPAN("/tmp/"),
                       .conf_dir = SPAN("/tmp/"),
                       .error_log = SPAN("error.log"),
                       .body_temp = SPAN("body"),
                       .err = &err};
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf_read(&cf, path, SPAN("")));
    unlink(path);
    memset(&worker, 0, sizeof worker);
    worker.loop = event_loop_new();
    worker.hooks = hooks_compile(&arena, list);
    CU_ASSERT_FATAL(worker.loop != NULL && worker.hooks != NULL);
    place = (struct place){http, SPAN("here"), find_server};
    CU_ASSERT_EQUAL_FATAL(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    peer = pair[1];
    client_open(&worker, &place, pair[0],
                &(struct net_addr){.sa.sa_family = AF_UNIX});
    CU_ASSERT_PTR_NOT_NULL_FATAL(worker.idle.first);
}

static void end(void)
{
    close(peer);
    while (worker.idle.first != NULL)
        client_close(worker.idle.first);
    while (worker.busy.first != NULL)
        client_close(worker.busy.first);
    event_loop_free(worker.loop);
    exchanges_free(&worker);
    chunks_free(&worker);
    arena_free(&arena);
}

/* Says something and listens until `last` has come, or the end. */
static bool say(const char *text, const char *last)
{
    int64_t until = unit_now() + unit_patience();
    size_t len = 0;
    ssize_t n = 1;

    CU_ASSERT_EQUAL_FATAL(write(peer, text, strlen(text)),
                          (ssize_t)strlen(text));
    do {
        event_run(worker.loop, 10);
        while ((n = read(peer, got + len, sizeof got - 1 - len)) > 0)
            len += (size_t)n;
        got[len] = '\0';
    } while (n != 0 && strstr(got, last) == NULL && unit_now() < until);
    return strstr(got, last) != NULL;
}

static void test_pipeline(void)
{
    const char *second;

    begin();
    CU_ASSERT(say("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET /b HTTP/1.1\r\nHost: x\r\n\r\n",
                  "\r\n\r\n/b"));
    CU_ASSERT_PTR_EQUAL(strstr(got, "HTTP/1.1 200 OK\r\n"), got);
    second = strstr(got, "\r\n\r\n/aHTTP/1.1 200 OK\r\n");
    CU_ASSERT_PTR_NOT_NULL(second);
    CU_ASSERT_PTR_NOT_NULL(worker.idle.first);
    CU_ASSERT(say("GET /c HTTP/1.0\r\nHost: x\r\n\r\n", "\r\n\r\n/c"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\nConnection: close\r\n"));
    end();
}

static void test_bodies(void)
{
    begin();
    CU_ASSERT(say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                  "Expect: 100-continue\r\n\r\n",
                  "HTTP/1.1 100 Continue\r\n\r\n"));
    CU_ASSERT(say("12345", "\r\n\r\n12345"));
    CU_ASSERT(say("POST / HTTP/1.1\r\nHost: x\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                  "\r\n\r\nabc"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\nContent-Length: 3\r\n"));
    CU_ASSERT(say("GET /long HTTP/1.1\r\nHost: x\r\n\r\n",
                  "\r\n\r\na\r\n0123456789\r\n3\r\nabc\r\n0\r\n\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\nTransfer-Encoding: chunked\r\n"));
    end();
}

/* A status that a handler says, a request that nobody answers, and what is no
 * request. */
static void test_errors(void)
{
    begin();
    CU_ASSERT(say("GET /teapot HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nshort"));
    CU_ASSERT_PTR_EQUAL(strstr(got, "HTTP/1.1 418"), got);
    CU_ASSERT(say("GET /none HTTP/1.1\r\nHost: x\r\n\r\n", "</html>"));
    CU_ASSERT_PTR_EQUAL(strstr(got, "HTTP/1.1 410 Gone\r\n"), got);
    CU_ASSERT(say("nonsense\r\n\r\n", "</html>"));
    CU_ASSERT_PTR_EQUAL(strstr(got, "HTTP/1.1 400 Bad Request\r\n"), got);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "\r\nConnection: close\r\n"));
    end();
}

/* Who waits for a request has no exchange, and is the first to go. */
static void test_idle(void)
{
    begin();
    CU_ASSERT_PTR_NULL(worker.idle.first->exchange);
    CU_ASSERT(client_close_oldest(&worker));
    CU_ASSERT_PTR_NULL(worker.idle.first);
    CU_ASSERT(!client_close_oldest(&worker));
    event_run(worker.loop, 0);
    CU_ASSERT_EQUAL(worker.connections, 0);
    CU_ASSERT_EQUAL(read(peer, got, 1), 0);
    end();
}

/* An invitation that had to wait for room leaves the body's deadline alone. */
static void test_late_invitation(void)
{
    static const char ask[] = "POST / HTTP/1.1\r\nHost: x\r\n"
                              "Content-Length: 5\r\n"
                              "Expect: 100-continue\r\n\r\n";
    struct client *c;
    bool invited = false;
    ssize_t n;

    begin();
    c = worker.idle.first;
    while (write(c->event.fd, got, sizeof got) > 0)
        ;
    while (write(c->event.fd, got, 1) > 0)
        ;
    CU_ASSERT_EQUAL(write(peer, ask, strlen(ask)), (ssize_t)strlen(ask));
    event_run(worker.loop, 10);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c->exchange);
    CU_ASSERT_PTR_NOT_NULL(c->exchange->out.first);
    CU_ASSERT(c->timer.when > 0);
    for (int i = 0; i < 10; i++) {
        while ((n = read(peer, got, sizeof got)) > 0)
            invited =
                n >= 25 && memcmp(got + n - 25, "HTTP/1.1 100", 12) == 0;
        event_run(worker.loop, 10);
    }
    CU_ASSERT(invited);
    CU_ASSERT_PTR_NULL(c->exchange->out.first);
    CU_ASSERT(c->timer.when > 0);
    end();
}

UNIT_MAIN("client", {"pipeline", test_pipeline}, {"bodies", test_bodies},
          {"errors", test_errors}, {"idle", test_idle},
          {"late invitation", test_late_invitation})
