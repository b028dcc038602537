/* The log's lines: their form, and that nobody can forge one. */

#include "unit.h"
#include "wsgi_log.h"

#include <stdlib.h>
#include <unistd.h>

/* What a call writes to standard error. */
static char *captured(void (*call)(void))
{
    static char text[70000];
    char name[] = "/tmp/strata-unit-XXXXXX";
    int file = mkstemp(name), saved = dup(2);

    unlink(name);
    dup2(file, 2);
    call();
    dup2(saved, 2);
    close(saved);
    ssize_t n = pread(file, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = 0;
    close(file);
    return text;
}

static void escape(void)
{
    struct buf out;

    buf_init(&out, 64);
    CU_ASSERT(wsgi_log_escape(&out, SPAN("a\r\n\x7f\tz \xc3\xa9")));
    CU_ASSERT(span_eq(buf_span(&out), SPAN("a\\x0d\\x0a\\x7f\\x09z \xc3\xa9")));
    out.len = 0;
    CU_ASSERT(wsgi_log_escape(&out, SPAN("")));
    CU_ASSERT_EQUAL(out.len, 0);
    buf_free(&out);
    buf_init(&out, 3);
    CU_ASSERT(!wsgi_log_escape(&out, SPAN("\n")));
    buf_free(&out);
}

static void write_dated(void)
{
    wsgi_log_dated("%s %d", "text", 7);
}

static void dated(void)
{
    char *line = captured(write_dated);
    CU_ASSERT_EQUAL(strlen(line), 24 + 3 + 6 + 1);
    CU_ASSERT_STRING_EQUAL(line + 24, " - text 7\n");
}

static struct wsgi_log_request request = {
    .app_count = 2,
    .count = 9,
    .remote_addr = SPAN_INIT("127.0.0.1"),
    .remote_user = SPAN_INIT("me"),
    .method = SPAN_INIT("GET"),
    .uri = SPAN_INIT("/a\n[pid: 1]"),
    .protocol = SPAN_INIT("HTTP/1.1"),
    .vars = 22,
    .vars_bytes = 236,
    .body = 27,
    .status = 200,
    .headers = 2,
    .head_bytes = 71,
    .switches = 1,
};

static void write_request(void)
{
    wsgi_log_request(&request);
}

static void request_line(void)
{
    char *line = captured(write_request), expected[512], date[25];
    char *bracket = strchr(line + 1, '[');

    CU_ASSERT_PTR_NOT_NULL_FATAL(bracket);
    memcpy(date, bracket + 1, 24);
    date[24] = 0;
    snprintf(expected, sizeof expected,
             "[pid: %d|app: 0|req: 2/9] 127.0.0.1 (me) {22 vars in 236 bytes} "
             "[%s] GET /a\\x0a[pid: 1] => generated 27 bytes in 0 msecs "
             "(HTTP/1.1 200) 2 headers in 71 bytes (1 switches on core 0)\n",
             getpid(), date);
    CU_ASSERT_STRING_EQUAL(line, expected);
    request.app = -1;
    line = captured(write_request);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "|app: -1|req: -1/9] "));
    request.app = 0;
}

/* A target as long as the buffer allows, of bytes that are all escaped. */
static void long_line(void)
{
    static char uri[16000];
    memset(uri, '\n', sizeof uri);
    request.uri = (struct span){uri, sizeof uri};
    char *line = captured(write_request);
    size_t len = strlen(line);
    CU_ASSERT(len > 4 * sizeof uri);
    CU_ASSERT_PTR_EQUAL(strchr(line, '\n'), line + len - 1);
}

static void write_long_text(void)
{
    static char text[60000];
    memset(text, 'x', sizeof text - 1);
    wsgi_log_dated("%s: the end", text);
    wsgi_log("next");
}

/* A text longer than any buffer of ours keeps its end, and the next line begins
 * behind it. */
static void long_text(void)
{
    char *line = captured(write_long_text);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "x: the end\nnext\n"));
}

UNIT_MAIN("wsgi_log", {"escape", escape}, {"dated", dated},
          {"request line", request_line}, {"long line", long_line},
          {"long text", long_text})
