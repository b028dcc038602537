/* http_conn: requests, bodies and the clock over a real socket. */

#include "http_conn.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct http_conn conn;
static int client;

static const struct http_timeouts quick = {60, 60, 60, 60};

static void open_conn(const struct http_timeouts *timeouts,
                      const struct http_limits *limits)
{
    int end[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, end) != 0)
        abort();
    client = end[0];
    http_conn_init(&conn, end[1], timeouts, limits);
}

static void close_conn(void)
{
    close(client);
    http_conn_close(&conn, false);
}

static void send_text(struct span s)
{
    CU_ASSERT_FATAL(net_write(client, s.ptr, s.len, unit_patience()));
}

/* What the client receives now; "" if nothing. */
static const char *received(void)
{
    static char text[256];
    ssize_t n = read(client, text, sizeof text - 1);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* All content that is left, as text; NULL when the body fails. */
static const char *read_all(void)
{
    static char text[512];
    size_t len = 0;
    struct span s;
    int n;

    while ((n = http_conn_read_body(&conn, &s)) > 0) {
        memcpy(text + len, s.ptr, s.len);
        len += s.len;
    }
    text[len] = '\0';
    return n == 0 ? text : NULL;
}

static bool target_is(const char *text)
{
    return span_eq(http_request_span(&conn.request, conn.request.target),
                   span_of(text));
}

#define CHUNKED_POST                                                           \
    "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

/* Three requests in one write come out one by one, their bodies too. */
static void pipelined(void)
{
    open_conn(&quick, NULL);
    send_text(SPAN("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
                   "abc" CHUNKED_POST "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"
                   "GET /b HTTP/1.1\r\nHost: x\r\n\r\nGE"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT(target_is("/a"));
    CU_ASSERT_STRING_EQUAL(read_all(), "abc");
    CU_ASSERT(target_is("/a")); /* the head stays */
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT(target_is("/c"));
    CU_ASSERT_STRING_EQUAL(read_all(), "abc");
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT(target_is("/b"));
    CU_ASSERT_STRING_EQUAL(read_all(), "");
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_TIMEOUT);
    close_conn();
}

/* A body of several reads does not disturb the head before it. */
static void long_body(void)
{
    static char text[3 * HTTP_READ_SIZE];
    uint64_t total = 0;
    struct span s;
    int n;

    memset(text, 'x', sizeof text);
    open_conn(&quick, NULL);
    send_text(SPAN("PUT /long HTTP/1.1\r\nHost: x\r\n"
                   "Content-Length: 49152\r\n\r\n"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    send_text((struct span){text, sizeof text});
    send_text(SPAN("GET /next HTTP/1.1\r\nHost: x\r\n\r\n"));
    while ((n = http_conn_read_body(&conn, &s)) > 0) {
        total += s.len;
        CU_ASSERT(target_is("/long"));
    }
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(total, sizeof text);
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT(target_is("/next"));
    close_conn();
}

/* The raw reading gives every byte once: head, framing, trailer, content. */
static void raw(void)
{
    char text[256];
    size_t len;
    struct span s;

    open_conn(&quick, NULL);
    send_text(SPAN(CHUNKED_POST "1;e\r\na\r\n0\r\nT: u\r\n\r\nGET"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    len = conn.request.head_len;
    memcpy(text, conn.in.ptr, len);
    while (http_conn_read_raw(&conn, &s) > 0) {
        memcpy(text + len, s.ptr, s.len);
        len += s.len;
    }
    CU_ASSERT(span_eq((struct span){text, len},
                      SPAN(CHUNKED_POST "1;e\r\na\r\n0\r\nT: u\r\n\r\n")));
    close_conn();
}

static void bad(void)
{
    static const struct http_limits limits = {30, 30, 40};

    open_conn(&quick, &limits);
    send_text(SPAN("GET / HTTP/1.1\r\nHost: x\r\nA: 0123456789\r\n\r\n"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_BAD);
    CU_ASSERT_EQUAL(conn.request.status, 431);
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_CLOSED);
    close_conn();
}

/* The end of the stream: before a request, in its head, in its body. */
static void closed(void)
{
    open_conn(&quick, NULL);
    close(client);
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_CLOSED);
    close_conn();

    open_conn(&quick, NULL);
    send_text(SPAN("GET /"));
    close(client);
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_CLOSED);
    close_conn();

    open_conn(&quick, NULL);
    send_text(SPAN(CHUNKED_POST "3\r\nab"));
    close(client);
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT_PTR_NULL(read_all());
    CU_ASSERT_EQUAL(conn.body.status, 0);
    close_conn();
}

static void timeouts(void)
{
    int64_t start = net_now();

    open_conn(&quick, NULL);
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_CLOSED);
    CU_ASSERT(net_now() - start >= 60);
    close_conn();

    open_conn(&quick, NULL);
    send_text(SPAN("G"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_TIMEOUT);
    close_conn();

    open_conn(&quick, NULL);
    send_text(SPAN("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT_PTR_NULL(read_all());
    CU_ASSERT_EQUAL(conn.body.status, 408);
    close_conn();
}

/* One byte now and then does not wind up the clock of the head. */
static void slow_head(void)
{
    const struct http_timeouts slow = {unit_patience(), 200, 60, 60};
    int64_t start;
    pid_t pid;

    open_conn(&slow, NULL);
    pid = fork();
    if (pid == 0) {
        while (write(client, "G", 1) == 1)
            unit_dawdle(20000);
        _exit(0);
    }
    start = net_now();
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_TIMEOUT);
    CU_ASSERT(net_now() - start >= 200);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close_conn();
}

/* A first request has the head's time, a later one may be waited for. */
static void idle_time(void)
{
    const struct http_timeouts times = {60, unit_patience(), 60, 60};
    int64_t start;

    open_conn(&times, NULL);
    send_text(SPAN("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    start = net_now();
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_CLOSED);
    CU_ASSERT(net_now() - start >= 60 && net_now() - start < times.head);
    close_conn();
}

#define EXPECT_POST                                                            \
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"                      \
    "Expect: 100-continue\r\n\r\n"

static void expectations(void)
{
    struct span s;

    /* It waits, so it is told once. */
    open_conn(&quick, NULL);
    send_text(SPAN(EXPECT_POST));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT_STRING_EQUAL(received(), "");
    CU_ASSERT_EQUAL(http_conn_read_body(&conn, &s), -1);
    CU_ASSERT_STRING_EQUAL(received(), "HTTP/1.1 100 Continue\r\n\r\n");
    close_conn();

    /* It did not wait. */
    open_conn(&quick, NULL);
    send_text(SPAN(EXPECT_POST "ab"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT_STRING_EQUAL(read_all(), "ab");
    CU_ASSERT_STRING_EQUAL(received(), "");
    close_conn();

    /* Its body is refused before it is asked for. */
    open_conn(&quick, NULL);
    send_text(SPAN(EXPECT_POST));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    http_conn_start_body(&conn, 1);
    CU_ASSERT_PTR_NULL(read_all());
    CU_ASSERT_EQUAL(conn.body.status, 413);
    CU_ASSERT_STRING_EQUAL(received(), "");
    close_conn();

    /* Nobody wants its body, and it may or may not come. */
    open_conn(&quick, NULL);
    send_text(SPAN(EXPECT_POST));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT(!http_conn_skip_body(&conn, 1000));
    CU_ASSERT_STRING_EQUAL(received(), "");
    close_conn();
}

static void skipping(void)
{
    static const struct {
        struct span text;
        uint64_t max;
        bool skipped;
    } rows[] = {
        {SPAN_INIT(
             "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
         3, true},
        {SPAN_INIT(
             "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
         2, false},
        {SPAN_INIT("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
         0, true},
        {SPAN_INIT(CHUNKED_POST "3\r\nabc\r\n0\r\n\r\n"), 3, true},
        {SPAN_INIT(CHUNKED_POST "3\r\nabc\r\n0\r\n\r\n"), 2, false},
        {SPAN_INIT(CHUNKED_POST "x"), 1000, false},
        {SPAN_INIT(CHUNKED_POST "3\r\nab"), 1000, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_conn(&quick, NULL);
        send_text(rows[i].text);
        send_text(SPAN("GET /next HTTP/1.1\r\nHost: x\r\n\r\n"));
        shutdown(client, SHUT_WR);
        CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
        CU_ASSERT_EQUAL(http_conn_skip_body(&conn, rows[i].max),
                        rows[i].skipped);
        if (rows[i].skipped) {
            CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
            CU_ASSERT(target_is("/next"));
        } else if (!conn.body_done) {
            CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_CLOSED);
        }
        close_conn();
    }
}

static void on_alarm(int number)
{
    (void)number;
}

/* A signal ends the wait of an idle connection, and no other. */
static void signals(void)
{
    const struct http_timeouts times = {unit_patience(), 150, 150, 60};
    struct sigaction action = {.sa_handler = on_alarm}, before;
    int64_t start;

    sigaction(SIGALRM, &action, &before);
    ualarm(30000, 30000); /* again and again: one may come before the wait */
    open_conn(&times, NULL);
    send_text(SPAN("POST / HTTP/1.1\r\n"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_TIMEOUT);
    close_conn();

    open_conn(&times, NULL);
    send_text(SPAN("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    start = net_now();
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_CLOSED);
    CU_ASSERT(net_now() - start < times.idle);
    close_conn();

    open_conn(&times, NULL);
    send_text(SPAN(CHUNKED_POST));
    CU_ASSERT_EQUAL(http_conn_next(&conn), HTTP_EV_REQUEST);
    CU_ASSERT_PTR_NULL(read_all());
    CU_ASSERT_EQUAL(conn.body.status, 408);
    ualarm(0, 0);
    sigaction(SIGALRM, &before, NULL);
    close_conn();
}

UNIT_MAIN("http_conn", {"pipelined", pipelined}, {"long body", long_body},
          {"raw", raw}, {"bad", bad}, {"closed", closed},
          {"timeouts", timeouts}, {"slow head", slow_head},
          {"idle time", idle_time}, {"expectations", expectations},
          {"skipping", skipping}, {"signals", signals})
