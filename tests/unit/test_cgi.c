/* CGI variables: a request is parsed, its variables are written down as lines,
 * and the lines compared.  Where nginx's packet differs on purpose, the row
 * says so. */

#include "cgi.h"
#include "guard.h"
#include "unit.h"

#include <stdlib.h>

struct walk {
    struct buf lines;
    int left; /* emit so many, then refuse; -1: all */
};

static bool emit_line(void *context, struct span name, struct span value)
{
    struct walk *w = context;

    if (w->left == 0)
        return false;
    if (w->left > 0)
        w->left--;
    return buf_add_span(&w->lines, name) && buf_add_char(&w->lines, '=') &&
           buf_add_span(&w->lines, value) && buf_add_char(&w->lines, '\n');
}

static struct http_field list[HTTP_MAX_FIELDS];

static void parse(struct http_request *r, const char *text)
{
    size_t len = strlen(text);
    const char *head = guard_put(text, len);

    http_request_init(r, list, HTTP_MAX_FIELDS, NULL);
    CU_ASSERT_EQUAL_FATAL(http_parse_request(r, head, len), HTTP_DONE);
    http_settle(&r->fields, head);
}

/* The fields' variables alone. */
static void check_fields(const char *fields, const char *lines)
{
    char text[8192];
    struct http_request r;
    struct walk w = {.left = -1};

    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: h:1\r\n%s\r\n",
             fields);
    parse(&r, text);
    buf_init(&w.lines, 100000);
    CU_ASSERT(cgi_fields(&r, false, emit_line, &w));
    CU_ASSERT(buf_add_char(&w.lines, '\0'));
    if (strncmp(w.lines.ptr, "HTTP_HOST=h:1\n", 14) != 0 ||
        strcmp(w.lines.ptr + 14, lines) != 0) {
        printf("\nexpected:\n%s\nfound:\n%s\n", lines, w.lines.ptr);
        CU_FAIL("other lines");
    }
    buf_free(&w.lines);
}

static void test_names(void)
{
    check_fields("", "");
    check_fields("User-Agent: u\r\n", "HTTP_USER_AGENT=u\n");
    check_fields("x-1-aZ: v\r\n", "HTTP_X_1_AZ=v\n");
    check_fields("X-Empty:\r\n", "HTTP_X_EMPTY=\n");
    check_fields("-: v\r\n", "HTTP__=v\n");
    check_fields("X-B: \xff\x80\r\n", "HTTP_X_B=\xff\x80\n");
}

/* What could pass for another field after the mapping is dropped before. */
static void test_forgeries(void)
{
    check_fields("X_Forwarded_For: 1\r\nX-Forwarded-For: 2\r\n",
                 "HTTP_X_FORWARDED_FOR=2\n");
    check_fields("Content_Length: 9\r\nContent_Type: x\r\n", "");
    check_fields("X.Y: 1\r\nX'Y: 2\r\nX!: 3\r\nX~: 4\r\n", "");
    check_fields("Proxy: http://evil\r\nPROXY: a\r\n", "");
    check_fields("Proxy-Authorization: a\r\n", "HTTP_PROXY_AUTHORIZATION=a\n");
    check_fields("Content-Type: t/p\r\nContent-Length: 0\r\n", "");
}

static void test_repeats(void)
{
    check_fields("X-A: 1\r\nB: 2\r\nx-a: 3\r\nX-a:\r\n",
                 "HTTP_X_A=1, 3, \nHTTP_B=2\n");
    check_fields("Cookie: a=1\r\nX: y\r\ncookie: b=2\r\n",
                 "HTTP_COOKIE=a=1; b=2\nHTTP_X=y\n");
}

/* HTTP_HOST is the request's host, wherever it came from. */
static void test_host(void)
{
    static const struct {
        const char *head, *lines;
    } rows[] = {
        {"GET / HTTP/1.0\r\n\r\n", ""},
        {"GET / HTTP/1.0\r\nX: y\r\nHost: a.b:80\r\n\r\n",
         "HTTP_HOST=a.b:80\nHTTP_X=y\n"},
        {"GET http://abs.org/x HTTP/1.1\r\nHost: other\r\n\r\n",
         "HTTP_HOST=abs.org\n"},
        {"GET http://abs.org:81 HTTP/1.0\r\n\r\n", "HTTP_HOST=abs.org:81\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_request r;
        struct walk w = {.left = -1};

        parse(&r, rows[i].head);
        buf_init(&w.lines, 1000);
        CU_ASSERT(cgi_fields(&r, false, emit_line, &w));
        CU_ASSERT(span_eq(buf_span(&w.lines), span_of(rows[i].lines)));
        buf_free(&w.lines);
    }
}

static const struct cgi_server server = {
    .name = SPAN_INIT("name"),       .port = SPAN_INIT("81"),
    .remote_addr = SPAN_INIT("::1"), .remote_port = SPAN_INIT("4711"),
    .scheme = SPAN_INIT("http"),     .document_root = SPAN_INIT("/srv"),
    .path = SPAN_INIT("/p q"),       .content_length = SPAN_INIT("3"),
};

static void check_variables(const char *head, const struct cgi_server *s,
                            const char *lines)
{
    struct http_request r;
    struct walk w = {.left = -1};

    parse(&r, head);
    buf_init(&w.lines, 10000);
    CU_ASSERT(cgi_variables(&r, s, emit_line, &w));
    CU_ASSERT(buf_add_char(&w.lines, '\0'));
    CU_ASSERT_STRING_EQUAL(w.lines.ptr, lines);
    buf_free(&w.lines);
}

/* The order of nginx's uwsgi_params; its packet has HTTP_CONTENT_TYPE and
 * HTTP_CONTENT_LENGTH besides. */
static void test_variables(void)
{
    check_variables("POST /p%20q?x=1&y=%20z HTTP/1.1\r\nHost: h\r\n"
                    "Content-Type: t/p\r\nContent-Length: 3\r\n"
                    "Connection: close\r\n\r\n",
                    &server,
                    "QUERY_STRING=x=1&y=%20z\nREQUEST_METHOD=POST\n"
                    "CONTENT_TYPE=t/p\nCONTENT_LENGTH=3\n"
                    "REQUEST_URI=/p%20q?x=1&y=%20z\nPATH_INFO=/p q\n"
                    "DOCUMENT_ROOT=/srv\nSERVER_PROTOCOL=HTTP/1.1\n"
                    "REQUEST_SCHEME=http\nREMOTE_ADDR=::1\nREMOTE_PORT=4711\n"
                    "SERVER_PORT=81\nSERVER_NAME=name\n"
                    "HTTP_HOST=h\nHTTP_CONNECTION=close\n");
}

/* Empty CONTENT_*, as nginx sends them; no root and no port where there is
 * none. */
static void test_variables_empty(void)
{
    struct cgi_server s = server;

    s.document_root = s.remote_port = s.content_length = SPAN("");
    check_variables("GET /a? HTTP/1.0\r\n\r\n", &s,
                    "QUERY_STRING=\nREQUEST_METHOD=GET\n"
                    "CONTENT_TYPE=\nCONTENT_LENGTH=\n"
                    "REQUEST_URI=/a?\nPATH_INFO=/p q\n"
                    "SERVER_PROTOCOL=HTTP/1.0\n"
                    "REQUEST_SCHEME=http\nREMOTE_ADDR=::1\n"
                    "SERVER_PORT=81\nSERVER_NAME=name\n");
}

/* A chunked body: the length is the decoded one's, and the coding is spent
 * (nginx lets HTTP_TRANSFER_ENCODING through). */
static void test_variables_chunked(void)
{
    struct http_request r;
    struct walk w = {.left = -1};

    parse(&r, "POST /x HTTP/1.1\r\nHost: h\r\n"
              "Transfer-Encoding: chunked\r\n\r\n");
    buf_init(&w.lines, 10000);
    CU_ASSERT(cgi_variables(&r, &server, emit_line, &w));
    CU_ASSERT(buf_add_char(&w.lines, '\0'));
    CU_ASSERT(strstr(w.lines.ptr, "\nCONTENT_LENGTH=3\n") != NULL);
    CU_ASSERT(strstr(w.lines.ptr, "TRANSFER") == NULL);
    buf_free(&w.lines);
}

/* REQUEST_URI is in origin form. */
static void test_request_uri(void)
{
    static const struct {
        const char *target, *uri;
    } rows[] = {
        {"/", "\nREQUEST_URI=/\n"},
        {"/a/../b%20?c?d", "\nREQUEST_URI=/a/../b%20?c?d\n"},
        {"http://abs.org/x?q", "\nREQUEST_URI=/x?q\n"},
        {"http://abs.org/x?", "\nREQUEST_URI=/x?\n"},
        {"http://abs.org/x", "\nREQUEST_URI=/x\n"},
        {"http://abs.org?q", "\nREQUEST_URI=/?q\n"}, /* nginx 1.22: "?q" */
        {"http://abs.org", "\nREQUEST_URI=/\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char head[256];
        struct http_request r;
        struct walk w = {.left = -1};

        snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n",
                 rows[i].target);
        parse(&r, head);
        buf_init(&w.lines, 10000);
        CU_ASSERT(cgi_variables(&r, &server, emit_line, &w));
        CU_ASSERT(buf_add_char(&w.lines, '\0'));
        CU_ASSERT(strstr(w.lines.ptr, rows[i].uri) != NULL);
        buf_free(&w.lines);
    }
}

/* Whoever refuses a variable gets no more. */
static void test_refused(void)
{
    struct http_request r;

    parse(&r, "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\n\r\n");
    for (int n = 0; n <= 16; n++) {
        struct walk w = {.left = n};
        buf_init(&w.lines, 10000);
        CU_ASSERT_EQUAL(cgi_variables(&r, &server, emit_line, &w), n >= 16);
        buf_free(&w.lines);
    }
}

/* As many fields as there may be, all of one name: the longest value that a
 * join can make. */
static void test_most_repeats(void)
{
    struct http_request r;
    struct walk w = {.left = -1};
    struct buf head;

    buf_init(&head, HTTP_MAX_HEAD);
    CU_ASSERT(buf_add_text(&head, "GET / HTTP/1.0\r\n"));
    for (int i = 0; i < HTTP_MAX_FIELDS; i++)
        CU_ASSERT(buf_add_text(&head, "A:\n"));
    CU_ASSERT(buf_add_text(&head, "\n"));
    CU_ASSERT(buf_add_char(&head, '\0'));
    parse(&r, head.ptr);
    buf_init(&w.lines, 10000);
    CU_ASSERT(cgi_fields(&r, false, emit_line, &w));
    CU_ASSERT_EQUAL(w.lines.len, 8 + 2 * (HTTP_MAX_FIELDS - 1));
    buf_free(&w.lines);
    buf_free(&head);
}

/* Names that begin alike, are as long as each other, come in either case and in
 * any order: each gets its own values, in their order, at the first's place. */
static void test_mixed_repeats(void)
{
    check_fields("B: 1\r\nAb: 2\r\nb: 3\r\nA: 4\r\naB: 5\r\nAc: 6\r\n"
                 "a: 7\r\nAb: 8\r\nA-: 9\r\nA0: 10\r\n0: 11\r\nB: 12\r\n",
                 "HTTP_B=1, 3, 12\nHTTP_AB=2, 5, 8\nHTTP_A=4, 7\nHTTP_AC=6\n"
                 "HTTP_A_=9\nHTTP_A0=10\nHTTP_0=11\n");
}

/* As many names as there may be fields, each twice, the second time in the
 * opposite order. */
static void test_many_names(void)
{
    const int names = HTTP_MAX_FIELDS / 2;
    struct http_request r;
    struct walk w = {.left = -1};
    struct buf head, lines;

    buf_init(&head, HTTP_MAX_HEAD);
    buf_init(&lines, HTTP_MAX_HEAD);
    CU_ASSERT(buf_add_text(&head, "GET / HTTP/1.0\r\n"));
    for (int i = 0; i < names; i++) {
        CU_ASSERT(buf_printf(&head, "X-%d: %d\r\n", i, i));
        CU_ASSERT(buf_printf(&lines, "HTTP_X_%d=%d, %d\n", i, i, -i));
    }
    for (int i = names - 1; i >= 0; i--)
        CU_ASSERT(buf_printf(&head, "x-%d: %d\r\n", i, -i));
    CU_ASSERT(buf_add(&head, "\r\n", 3));
    parse(&r, head.ptr);
    buf_init(&w.lines, HTTP_MAX_HEAD);
    CU_ASSERT(cgi_fields(&r, false, emit_line, &w));
    CU_ASSERT(span_eq(buf_span(&w.lines), buf_span(&lines)));
    buf_free(&w.lines);
    buf_free(&head);
    buf_free(&lines);
}

UNIT_MAIN("cgi", {"names", test_names}, {"forgeries", test_forgeries},
          {"repeats", test_repeats}, {"host", test_host},
          {"variables", test_variables},
          {"variables_empty", test_variables_empty},
          {"variables_chunked", test_variables_chunked},
          {"request_uri", test_request_uri}, {"refused", test_refused},
          {"most_repeats", test_most_repeats},
          {"mixed_repeats", test_mixed_repeats},
          {"many_names", test_many_names})
