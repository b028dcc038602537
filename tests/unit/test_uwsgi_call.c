/* A call to a server that behaves in all the ways in which servers do: the
 * other end of each is played by a child process. */

#include "unit.h"
#include "uwsgi_call.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct uwsgi_config config = {
    .http = {{500, 500, 500, 500}, HTTP_DEFAULT_LIMITS, HTTP_DEFAULT_MAX_BODY}};

enum { SHORT = 100 }; /* ms, where a deadline is to pass */

static struct net_addr address;
static char path[64];
static int listener = -1;
static pid_t child;

/* Starts `play` as the server. */
static void start(void (*play)(int fd))
{
    char text[80];

    config.connect_timeout = config.reply_timeout = unit_patience();
    snprintf(path, sizeof path, "/tmp/test_uwsgi_call.%d", getpid());
    snprintf(text, sizeof text, "unix:%s", path);
    CU_ASSERT_FATAL(net_parse(&address, text, NULL));
    listener = net_listen(&address, 5, NULL);
    CU_ASSERT_FATAL(listener >= 0);
    child = play != NULL ? fork() : 0;
    if (child == 0 && play != NULL) {
        int fd = net_accept(listener, NULL, net_after(unit_patience()));
        play(fd);
        close(fd);
        _exit(0);
    }
}

static void finish(void)
{
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    close(listener);
    unlink(path);
}

/* Makes one call with a request of n bytes.  Returns the status that failed,
 * 0 when the head of the answer is there. */
static int call(struct uwsgi_call *c, size_t n, struct err *err)
{
    char piece[1000];
    int status = uwsgi_call_connect(c, &address, &config, err);

    memset(piece, 'x', sizeof piece);
    for (size_t at = 0; status == 0 && at < n; at += sizeof piece)
        status = uwsgi_call_send(c, piece, sizeof piece, err);
    return status != 0 ? status : uwsgi_call_reply(c, false, err);
}

/* Reads the body; its length, or -1 when it breaks off. */
static int64_t body(struct uwsgi_call *c, struct err *err)
{
    struct span content;
    int64_t total = 0;
    int more;

    while ((more = uwsgi_call_read(c, &content, err)) > 0)
        total += (int64_t)content.len;
    return more < 0 ? -1 : total;
}

static void take(int fd, size_t n)
{
    char bytes[1000];

    for (size_t at = 0; at < n; at += sizeof bytes)
        net_read(fd, bytes, sizeof bytes, net_after(unit_patience()));
}

static void say(int fd, const char *text)
{
    net_write(fd, text, strlen(text), unit_patience());
}

static void play_simple(int fd)
{
    take(fd, 1000);
    say(fd, "HTTP/1.1 200 OK\r\n\r\nhello");
}

static void test_to_close(void)
{
    struct uwsgi_call c;
    struct err err;

    start(play_simple);
    CU_ASSERT_EQUAL(call(&c, 1000, &err), 0);
    CU_ASSERT_EQUAL(c.reply.status, 200);
    CU_ASSERT_EQUAL(body(&c, &err), 5);
    CU_ASSERT_EQUAL(body(&c, &err), 0);
    uwsgi_call_close(&c);
    finish();
}

static void play_interim(int fd)
{
    say(fd, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n");
    say(fd, "\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc");
    unit_dawdle(20000);
    say(fd, "\r\n2\r\nde\r\n0\r\n\r\n");
    pause(); /* the end is in the bytes, not in the close */
}

static void test_interim_and_chunks(void)
{
    struct uwsgi_call c;
    struct err err;

    start(play_interim);
    CU_ASSERT_EQUAL(call(&c, 0, &err), 0);
    CU_ASSERT_EQUAL(c.reply.status, 200);
    CU_ASSERT_EQUAL(c.reply.fields.count, 1);
    CU_ASSERT_EQUAL(body(&c, &err), 5);
    uwsgi_call_close(&c);
    finish();
}

/* Sends back what it gets, as it gets it: both directions are full at once,
 * and who only writes would wait for ever. */
static void play_echo(int fd)
{
    char bytes[65536];
    ssize_t n;
    size_t total = 0;

    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n");
    while (total < 5000000 &&
           (n = net_read(fd, bytes, sizeof bytes,
                         net_after(unit_patience()))) > 0) {
        net_write(fd, bytes, (size_t)n, unit_patience());
        total += (size_t)n;
    }
}

static void test_answer_while_sending(void)
{
    struct uwsgi_call c;
    struct err err;

    start(play_echo);
    CU_ASSERT_EQUAL(call(&c, 5000000, &err), 0);
    CU_ASSERT_EQUAL(body(&c, &err), 5000000);
    uwsgi_call_close(&c);
    finish();
}

/* Answers without reading the request, and hangs up. */
static void play_impatient(int fd)
{
    take(fd, 1000);
    say(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    shutdown(fd, SHUT_RDWR);
}

static void test_answer_instead_of_reading(void)
{
    struct uwsgi_call c;
    struct err err;

    start(play_impatient);
    CU_ASSERT_EQUAL(call(&c, 5000000, &err), 0);
    CU_ASSERT_EQUAL(c.reply.status, 413);
    CU_ASSERT(c.deaf);
    CU_ASSERT_EQUAL(body(&c, &err), 2);
    uwsgi_call_close(&c);
    finish();
}

/* Failures before the head: what the server does, the status, a word of the
 * sentence. */
static void check_failure(void (*play)(int fd), size_t n, int status,
                          const char *word)
{
    struct uwsgi_call c;
    struct err err = {""};

    start(play);
    if (status == 504)
        config.reply_timeout = SHORT;
    CU_ASSERT_EQUAL(call(&c, n, &err), status);
    if (strstr(err.text, word) == NULL || strstr(err.text, path) == NULL)
        CU_FAIL(err.text);
    uwsgi_call_close(&c);
    finish();
}

static void play_nothing(int fd)
{
    take(fd, 1000);
}

static void play_half_head(int fd)
{
    say(fd, "HTTP/1.1 200 OK\r\nA: b\r\n");
}

static void play_garbage(int fd)
{
    say(fd, "SSH-2.0-OpenSSH_9.2\r\n");
}

static void play_switch(int fd)
{
    say(fd, "HTTP/1.1 101 Switching\r\n\r\n");
}

static void play_silence(int fd)
{
    (void)fd;
    pause();
}

static void play_endless_head(int fd)
{
    say(fd, "HTTP/1.1 200 OK\r\nA: ");
    for (int i = 0; i < 1000; i++)
        say(fd, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
}

static void test_failures(void)
{
    check_failure(play_nothing, 1000, 502, "without an answer");
    check_failure(play_half_head, 0, 502, "midst");
    check_failure(play_garbage, 0, 502, "refused");
    check_failure(play_switch, 0, 502, "protocol");
    check_failure(play_endless_head, 0, 502, "too long");
    check_failure(play_silence, 0, 504, "deadline");
    check_failure(play_silence, 10000000, 504, "send");
}

static void test_refused(void)
{
    struct uwsgi_call c;
    struct err err;

    start(NULL);
    finish();
    CU_ASSERT_EQUAL(call(&c, 0, &err), 502);
    CU_ASSERT(strstr(err.text, path) != NULL);
    uwsgi_call_close(&c);
}

static void play_stall(int fd)
{
    say(fd, "HTTP/1.1 200 OK\r\n\r\nabc");
    pause();
}

/* Failures behind the head. */
static void check_body(void (*play)(int fd), const char *word)
{
    struct uwsgi_call c;
    struct err err = {""};

    start(play);
    CU_ASSERT_EQUAL(call(&c, 0, &err), 0);
    if (play == play_stall)
        config.reply_timeout = SHORT;
    CU_ASSERT_EQUAL(body(&c, &err), -1);
    CU_ASSERT(strstr(err.text, word) != NULL);
    uwsgi_call_close(&c);
    finish();
}

static void play_short(int fd)
{
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd");
}

static void play_cut_chunk(int fd)
{
    say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
}

static void play_bad_chunk(int fd)
{
    say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
}

static void test_broken_bodies(void)
{
    check_body(play_short, "before its answer was complete");
    check_body(play_cut_chunk, "before its answer was complete");
    check_body(play_bad_chunk, "broken");
    check_body(play_stall, "deadline");
}

UNIT_MAIN("uwsgi_call", {"to_close", test_to_close},
          {"interim_and_chunks", test_interim_and_chunks},
          {"answer_while_sending", test_answer_while_sending},
          {"answer_instead_of_reading", test_answer_instead_of_reading},
          {"failures", test_failures}, {"refused", test_refused},
          {"broken_bodies", test_broken_bodies})
