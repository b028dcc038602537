/* The head of a response: each row is parsed whole and byte by byte, before a
 * page that must not be touched. */

#include "guard.h"
#include "http_reply.h"
#include "unit.h"

#define FIELDS 16

static enum http_parse parse_all(struct http_reply *r, struct http_field *list,
                                 const char *text, size_t len, bool head_only)
{
    const char *head = guard_put(text, len);
    enum http_parse found;

    http_reply_init(r, list, FIELDS, 4096, head_only);
    found = http_parse_reply(r, head, len);
    CU_ASSERT_PTR_NULL(r->fields.base);
    http_settle(&r->fields, head);
    return found;
}

/* The same in pieces, each time at another place in memory: all that the
 * parser says must be the same, and never before the last byte is there. */
static void check_pieces(const struct http_reply *whole, enum http_parse parse,
                         const char *text, size_t len, bool head_only)
{
    struct http_field list[FIELDS];
    enum http_parse said = HTTP_MORE;
    struct http_reply r;
    size_t n;

    http_reply_init(&r, list, FIELDS, 4096, head_only);
    for (n = 0; said == HTTP_MORE && n <= len; n++)
        said = http_parse_reply(&r, guard_put(text, n), n);
    CU_ASSERT_EQUAL(said, parse);
    if (parse == HTTP_DONE) {
        CU_ASSERT_EQUAL(n - 1, whole->head_len);
        CU_ASSERT_EQUAL(r.status, whole->status);
        CU_ASSERT_EQUAL(r.framing, whole->framing);
        CU_ASSERT_EQUAL(r.content_length, whole->content_length);
        CU_ASSERT_EQUAL(r.keep_alive, whole->keep_alive);
        CU_ASSERT_EQUAL(r.fields.count, whole->fields.count);
        CU_ASSERT_EQUAL(r.reason_phrase.at, whole->reason_phrase.at);
    } else if (parse == HTTP_BAD) {
        CU_ASSERT_STRING_EQUAL(r.problem, whole->problem);
    }
}

static void test_good(void)
{
    static const struct {
        const char *text;
        int status;
        const char *phrase;
        enum http_framing framing;
        uint64_t length;
        bool keep_alive, head_only, cgi;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\n",
         200, "OK", HTTP_TO_CLOSE, 0, false, false, false},
        {"HTTP/1.0 404 Not There\r\nA: b\r\n\r\n",
         404, "Not There", HTTP_TO_CLOSE, 0, false, false, false},
        {"HTTP/1.1 200 \r\n\r\n",
         200, "", HTTP_TO_CLOSE, 0, false, false, false},
        {"HTTP/1.1 200\r\n\r\n",
         200, "", HTTP_TO_CLOSE, 0, false, false, false},
        {"HTTP/1.1 999 \xc3\xa9\tx\r\n\r\n",
         999, "\xc3\xa9\tx", HTTP_TO_CLOSE, 0, false, false, false},
        {"HTTP/1.1 200 OK\n\n",
         200, "OK", HTTP_TO_CLOSE, 0, false, false, false},
        {"HTTP/1.7 200 OK\r\nContent-Length: 0\r\n\r\n",
         200, "OK", HTTP_LENGTH, 0, true, false, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
         200, "OK", HTTP_LENGTH, 5, true, false, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
         200, "OK", HTTP_LENGTH, 5, false, false, false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n"
         "Connection: Keep-Alive\r\n\r\n",
         200, "OK", HTTP_LENGTH, 5, true, false, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: x, CLOSE\r\n\r\n",
         200, "OK", HTTP_LENGTH, 5, false, false, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 05\r\ncontent-length: 5\r\n\r\n",
         200, "OK", HTTP_LENGTH, 5, true, false, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n",
         200, "OK", HTTP_LENGTH, INT64_MAX, true, false, false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n",
         200, "OK", HTTP_CHUNKED, 0, true, false, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
         200, "OK", HTTP_NO_BODY, 5, true, true, false},
        {"HTTP/1.1 200 OK\r\n\r\n",
         200, "OK", HTTP_NO_BODY, 0, true, true, false},
        {"HTTP/1.1 204 No Content\r\n\r\n",
         204, "No Content", HTTP_NO_BODY, 0, true, false, false},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
         304, "Not Modified", HTTP_NO_BODY, 7, true, false, false},
        {"HTTP/1.1 100 Continue\r\n\r\n",
         100, "Continue", HTTP_NO_BODY, 0, true, false, false},
        {"HTTP/1.1 199 x\r\n\r\n",
         199, "x", HTTP_NO_BODY, 0, true, false, false},
        {"HTTP/1.1 200 OK\r\nStatus: 404 Behind a status line\r\n\r\n",
         200, "OK", HTTP_TO_CLOSE, 0, false, false, false},
        {"Status: 404 Not Found\r\nX: y\r\n\r\n",
         404, "Not Found", HTTP_TO_CLOSE, 0, false, false, true},
        {"X: y\nstatus: 404\n\n",
         404, "", HTTP_TO_CLOSE, 0, false, false, true},
        {"X: y\r\n\r\n", 200, "", HTTP_TO_CLOSE, 0, false, false, true},
        {"Location: /x\r\n\r\n", 302, "", HTTP_TO_CLOSE, 0, false, false, true},
        {"Location: /x\r\nStatus: 201 Made\r\n\r\n",
         201, "Made", HTTP_TO_CLOSE, 0, false, false, true},
        {"Content-Length: 3\r\nConnection: keep-alive\r\n\r\n",
         200, "", HTTP_LENGTH, 3, false, false, true},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_field list[FIELDS];
        struct http_reply r;
        size_t len = strlen(rows[i].text);
        enum http_parse parse =
            parse_all(&r, list, rows[i].text, len, rows[i].head_only);

        CU_ASSERT_EQUAL_FATAL(parse, HTTP_DONE);
        CU_ASSERT_EQUAL(r.head_len, len);
        CU_ASSERT_EQUAL(r.status, rows[i].status);
        CU_ASSERT(span_eq(http_span(&r.fields, r.reason_phrase),
                          span_of(rows[i].phrase)));
        CU_ASSERT_EQUAL(r.framing, rows[i].framing);
        CU_ASSERT_EQUAL(r.content_length, rows[i].length);
        CU_ASSERT_EQUAL(r.keep_alive, rows[i].keep_alive);
        CU_ASSERT_EQUAL(r.cgi, rows[i].cgi);
        check_pieces(&r, parse, rows[i].text, len, rows[i].head_only);
    }
}

static void test_bad(void)
{
    static const struct {
        const char *text;
        const char *problem; /* a part of it */
    } rows[] = {
        {"\r\n", "neither"},
        {"\n", "neither"},
        {"\r\nHTTP/1.1 200 OK\r\n\r\n", "neither"},
        {"garbage\r\n", ""},
        {"<html>\n", ""},
        {"HTTP/2 200 OK\r\n", "HTTP/1.0"},
        {"HTTP/2.0 200 OK\r\n", "HTTP/1.0"},
        {"HTTP/1.x 200 OK\r\n", "HTTP/1.0"},
        {"HTTP/1.1\r\n", "HTTP/1.0"},
        {"HTTP/1.1  200 OK\r\n", "digits"},
        {"HTTP/1.1\t200 OK\r\n", "HTTP/1.0"},
        {"HTTP/1.1 20\r\n", "digits"},
        {"HTTP/1.1 2000 OK\r\n", "digits"},
        {"HTTP/1.1 200OK\r\n", "digits"},
        {"HTTP/1.1 2x0 OK\r\n", "digits"},
        {"HTTP/1.1 -20 OK\r\n", "digits"},
        {"HTTP/1.1 099 Low\r\n", "below"},
        {"HTTP/1.1 200 a\rb\r\n", "control"},
        {"HTTP/1.1 200 a\x7f\r\n", "control"},
        {"http/1.1 200 OK\r\n", ""},
        {"HTTP/1.1 200 OK\r\nno colon\r\n", ""},
        {"HTTP/1.1 200 OK\r\nX : y\r\n", ""},
        {"HTTP/1.1 200 OK\r\nX: y\r\n folded\r\n", ""},
        {"HTTP/1.1 200 OK\r\nX: a\rb\r\n", ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: \r\n", "number"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n", "number"},
        {"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n", "number"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n", "number"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n", "number"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n",
         "2^63"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n",
         "number"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
         "differ"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n", "chunked"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", "chunked"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: \r\n", "chunked"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
         "Transfer-Encoding: chunked\r\n",
         "chunked"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
         "Content-Length: 5\r\n\r\n",
         "and Transfer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
         "Transfer-Encoding: chunked\r\n\r\n",
         "and Transfer"},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         "not HTTP/1.1"},
        {"Transfer-Encoding: chunked\r\n\r\n", "not HTTP/1.1"},
        {"Status: OK\r\n", "digits"},
        {"Status: \r\n", "digits"},
        {"Status: 200 OK\r\nStatus: 200 OK\r\n", "two Status"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_field list[FIELDS];
        struct http_reply r;
        size_t len = strlen(rows[i].text);
        enum http_parse parse = parse_all(&r, list, rows[i].text, len, false);

        CU_ASSERT_EQUAL_FATAL(parse, HTTP_BAD);
        CU_ASSERT(strstr(r.problem, rows[i].problem) != NULL);
        check_pieces(&r, parse, rows[i].text, len, false);
    }
}

/* NUL is what no string above can hold. */
static void test_nul(void)
{
    static const char phrase[] = "HTTP/1.1 200 a\0b\r\n\r\n";
    static const char value[] = "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n";
    struct http_field list[FIELDS];
    struct http_reply r;

    CU_ASSERT_EQUAL(parse_all(&r, list, phrase, sizeof phrase - 1, false),
                    HTTP_BAD);
    CU_ASSERT_EQUAL(parse_all(&r, list, value, sizeof value - 1, false),
                    HTTP_BAD);
}

/* What follows the head is not looked at. */
static void test_body_follows(void)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n";
    struct http_field list[FIELDS];
    struct http_reply r;

    CU_ASSERT_EQUAL(parse_all(&r, list, text, sizeof text - 1, false),
                    HTTP_DONE);
    CU_ASSERT_EQUAL(r.head_len, 25);
    CU_ASSERT(span_eq(http_get(&r.fields, SPAN("a")), SPAN("b")));
}

static void test_max_head(void)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nX: 123456789\r\n\r\n";
    size_t len = sizeof text - 1;
    struct http_field list[FIELDS];
    struct http_reply r;

    for (uint32_t max = 1; max < len + 3; max++) {
        http_reply_init(&r, list, FIELDS, max, false);
        CU_ASSERT_EQUAL(http_parse_reply(&r, guard_put(text, len), len),
                        max < len ? HTTP_BAD : HTTP_DONE);
    }
    http_reply_init(&r, list, FIELDS, (uint32_t)len - 1, false);
    CU_ASSERT_EQUAL(http_parse_reply(&r, guard_put(text, len - 2), len - 2),
                    HTTP_MORE);
    CU_ASSERT_EQUAL(http_parse_reply(&r, guard_put(text, len - 1), len - 1),
                    HTTP_BAD);
}

static void test_max_fields(void)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n";
    struct http_field list[FIELDS];

    for (unsigned max = 0; max < 4; max++) {
        struct http_reply r;

        http_reply_init(&r, list, max, 4096, false);
        CU_ASSERT_EQUAL(http_parse_reply(&r, text, sizeof text - 1),
                        max < 2 ? HTTP_BAD : HTTP_DONE);
    }
}

static void test_empty(void)
{
    struct http_field list[FIELDS];
    struct http_reply r;

    http_reply_init(&r, list, FIELDS, 4096, false);
    CU_ASSERT_EQUAL(http_parse_reply(&r, NULL, 0), HTTP_MORE);
}

UNIT_MAIN("http_reply", {"good", test_good}, {"bad", test_bad},
          {"nul", test_nul}, {"body_follows", test_body_follows},
          {"max_head", test_max_head}, {"max_fields", test_max_fields},
          {"empty", test_empty})
