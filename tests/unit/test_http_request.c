/* http_request: what is accepted, what is refused with which status, and that
 * neither depends on how the bytes come. */

#include "guard.h"
#include "http_request.h"
#include "unit.h"

static struct http_field list[HTTP_MAX_FIELDS];
static struct http_request request;

/* Parses text[0 .. len) given first up to `cut`, then up to the end; cut 0 is
 * byte by byte.  Each piece lies against a page that must not be read. */
static enum http_parse parse_cut(const char *text, size_t len, size_t cut,
                                 const struct http_limits *limits, unsigned max)
{
    enum http_parse found = HTTP_MORE;
    size_t step = cut ? cut : 1;
    const char *head = NULL;

    http_request_init(&request, list, max, limits);
    for (size_t n = step; found == HTTP_MORE; n += step) {
        if (n > len || n == 2 * cut)
            n = len;
        head = guard_put(text, n);
        found = http_parse_request(&request, head, n);
        if (n == len)
            break;
    }
    http_settle(&request.fields, head);
    return found;
}

/* Parses it whole, then cut at every byte, then byte by byte: the answer must
 * be the same.  An answer that came before the end may come early. */
static enum http_parse parse_with(const char *text, size_t len,
                                  const struct http_limits *limits,
                                  unsigned max)
{
    enum http_parse whole = parse_cut(text, len, len, limits, max);
    struct http_request first = request;
    size_t cuts = len < 2000 ? len : 2000;

    for (size_t cut = 0; cut < cuts; cut++) {
        bool same = parse_cut(text, len, cut, limits, max) == whole;

        if (whole == HTTP_BAD)
            same = same && request.status == first.status &&
                   request.reason == first.reason;
        else
            first.fields.base = request.fields.base,
            same = same && memcmp(&first, &request, sizeof first) == 0;
        if (!same) {
            printf("cut at %zu of %zu: %.60s...\n", cut, len, text);
            CU_FAIL("where the bytes were cut has changed the answer");
            return HTTP_BAD;
        }
    }
    return parse_cut(text, len, len, limits, max);
}

static enum http_parse parse(struct span s)
{
    return parse_with(s.ptr, s.len, NULL, HTTP_MAX_FIELDS);
}

static bool is(struct http_slice slice, const char *text)
{
    return span_eq(http_request_span(&request, slice), span_of(text));
}

/* Requests that are refused, and the status for each. */
static void check_refused(const struct span *rows, size_t count, int status)
{
    for (size_t i = 0; i < count; i++) {
        bool good =
            parse(rows[i]) == HTTP_BAD && request.status == status &&
            request.reason != NULL &&
            http_parse_request(&request, rows[i].ptr, rows[i].len) == HTTP_BAD;

        if (!good)
            printf("row %zu: %d: %.60s\n", i, request.status, rows[i].ptr);
        CU_ASSERT(good);
    }
}

#define REFUSED(status, ...)                                                   \
    do {                                                                       \
        static const struct span rows[] = {__VA_ARGS__};                       \
        check_refused(rows, sizeof rows / sizeof rows[0], status);             \
    } while (0)

#define HOST "Host: x\r\n"

static void simple(void)
{
    struct span text = SPAN("GET /a/b?c=d HTTP/1.1\r\nHost: h:80\r\n"
                            "User-Agent: x y\r\n\r\nNEXT");

    CU_ASSERT_EQUAL(parse(text), HTTP_DONE);
    CU_ASSERT_EQUAL(request.head_len, text.len - 4);
    CU_ASSERT(is(request.method, "GET"));
    CU_ASSERT(is(request.target, "/a/b?c=d"));
    CU_ASSERT(is(request.path, "/a/b"));
    CU_ASSERT(request.has_query && is(request.query, "c=d"));
    CU_ASSERT_EQUAL(request.form, HTTP_ORIGIN_FORM);
    CU_ASSERT_EQUAL(request.minor, 1);
    CU_ASSERT(is(request.host, "h:80"));
    CU_ASSERT_EQUAL(request.framing, HTTP_NO_BODY);
    CU_ASSERT(request.keep_alive && !request.expect_continue);
    CU_ASSERT_EQUAL(request.fields.count, 2);
}

/* Every beginning of a good head says "more", until its last byte. */
static void truncated(void)
{
    struct span text = SPAN("\r\nPOST http://h/p?q HTTP/1.1\r\nHost: h\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n");

    for (size_t n = 0; n < text.len; n++)
        CU_ASSERT_EQUAL(parse_cut(text.ptr, n, n ? n : 1, NULL, 8), HTTP_MORE);
    CU_ASSERT_EQUAL(parse(text), HTTP_DONE);
    CU_ASSERT_EQUAL(request.head_len, text.len);
}

/* Between the calls the bytes may move, and so nothing of them can be read;
 * where they have come to rest, what has come of a head can. */
static void homeless(void)
{
    static const char text[] = "GET /a HTTP/1.1\r\nHost: h\r\nA: b";
    size_t len = sizeof text - 1;

    http_request_init(&request, list, 8, NULL);
    for (size_t n = 1; n <= len; n++) {
        CU_ASSERT_EQUAL(http_parse_request(&request, guard_put(text, n), n),
                        HTTP_MORE);
        CU_ASSERT_PTR_NULL(http_request_span(&request, request.target).ptr);
        CU_ASSERT_PTR_NULL(http_get(&request.fields, SPAN("Host")).ptr);
    }
    http_settle(&request.fields, text);
    CU_ASSERT(is(request.target, "/a"));
    CU_ASSERT(span_eq(http_get(&request.fields, SPAN("Host")), SPAN("h")));
    CU_ASSERT_PTR_NULL(http_get(&request.fields, SPAN("A")).ptr);
}

static void targets(void)
{
    static const struct {
        struct span text;
        enum http_target form;
        const char *path, *query, *host;
    } rows[] = {
        {SPAN_INIT("GET / HTTP/1.0\r\n\r\n"), HTTP_ORIGIN_FORM, "/", NULL, ""},
        {SPAN_INIT("GET /? HTTP/1.0\r\n\r\n"), HTTP_ORIGIN_FORM, "/", "", ""},
        {SPAN_INIT("GET //a//b??c HTTP/1.0\r\n\r\n"), HTTP_ORIGIN_FORM,
         "//a//b", "?c", ""},
        {SPAN_INIT("GET /a#b?c HTTP/1.0\r\n\r\n"), HTTP_ORIGIN_FORM, "/a", NULL,
         ""},
        {SPAN_INIT("GET /a?b#c HTTP/1.0\r\n\r\n"), HTTP_ORIGIN_FORM, "/a", "b",
         ""},
        {SPAN_INIT("GET /\xc3\xa4 HTTP/1.0\r\n\r\n"), HTTP_ORIGIN_FORM,
         "/\xc3\xa4", NULL, ""},
        {SPAN_INIT("GET http://h/p?q HTTP/1.1\r\nHost: x\r\n\r\n"),
         HTTP_ABSOLUTE_FORM, "/p", "q", "h"},
        {SPAN_INIT("GET HTTPS://h:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
         HTTP_ABSOLUTE_FORM, "/", NULL, "h:1"},
        {SPAN_INIT("GET http://h?q HTTP/1.0\r\n\r\n"), HTTP_ABSOLUTE_FORM, "/",
         "q", "h"},
        {SPAN_INIT("GET http://[::1]:8/ HTTP/1.0\r\n\r\n"), HTTP_ABSOLUTE_FORM,
         "/", NULL, "[::1]:8"},
        {SPAN_INIT("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"),
         HTTP_AUTHORITY_FORM, "", NULL, "h:443"},
        {SPAN_INIT("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), HTTP_ASTERISK_FORM,
         "", NULL, "x"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL_FATAL(parse(rows[i].text), HTTP_DONE);
        CU_ASSERT_EQUAL(request.form, rows[i].form);
        CU_ASSERT(is(request.path, rows[i].path));
        CU_ASSERT_EQUAL(request.has_query, rows[i].query != NULL);
        CU_ASSERT(is(request.query, rows[i].query ? rows[i].query : ""));
        CU_ASSERT(is(request.host, rows[i].host));
    }
}

static void bad_targets(void)
{
    REFUSED(400, SPAN_INIT("GET a HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET * HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET *a HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("OPTIONS ** HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET h:80 HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("CONNECT / HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("CONNECT h HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("CONNECT h: HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("CONNECT h:65536 HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("CONNECT http://h:1/ HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET ftp://h/ HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET http:// HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET http:/ HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET http:///a HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET http://u@h/ HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET http://h:x/ HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET http://:80/ HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET http://h\\a/ HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET /a\x01 HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET /a\x7f HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET /a\0 HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET /a\tb HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET /a b HTTP/1.1\r\n" HOST "\r\n"),
            SPAN_INIT("GET /a\rb HTTP/1.1\r\n" HOST "\r\n"));
}

static void request_lines(void)
{
    CU_ASSERT_EQUAL(parse(SPAN("\r\nget!#1 / HTTP/1.0\r\n\r\n")), HTTP_DONE);
    CU_ASSERT(is(request.method, "get!#1"));
    CU_ASSERT_EQUAL(parse(SPAN("\nGET / HTTP/1.0\n\n")), HTTP_DONE);
    CU_ASSERT_EQUAL(parse(SPAN("GET / HTTP/1.9\nHost:x\n\n")), HTTP_DONE);
    CU_ASSERT_EQUAL(request.minor, 1);
    CU_ASSERT_EQUAL(parse(SPAN("\r\n\n\r\nGET / HTTP/1.0\r\n\r\n")),
                    HTTP_DONE);
    CU_ASSERT(http_is_method(SPAN("M-SEARCH_")));
    CU_ASSERT(!http_is_method(SPAN("get")) && !http_is_method(SPAN("GE1")));
    REFUSED(400, SPAN_INIT("\r\r\nGET / HTTP/1.0\r\n\r\n"),
            SPAN_INIT(" GET / HTTP/1.0\r\n\r\n"), SPAN_INIT("GET\r\n"),
            SPAN_INIT("GET /\r\n"), SPAN_INIT("GET / \r\n"),
            SPAN_INIT("GET  / HTTP/1.0\r\n\r\n"),
            SPAN_INIT("GET /  HTTP/1.0\r\n\r\n"),
            SPAN_INIT("GET\t/ HTTP/1.0\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.0 \r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.0\r\r\n\r\n"),
            SPAN_INIT("GET / http/1.0\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.10\r\n\r\n"),
            SPAN_INIT("GET / HTTP/01.1\r\n\r\n"),
            SPAN_INIT("GET / HTTP/0.9\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1,1\r\n\r\n"),
            SPAN_INIT("GET / XTTP/1.1\r\n\r\n"),
            SPAN_INIT("(ET / HTTP/1.1\r\n\r\n"),
            SPAN_INIT("G(T / HTTP/1.1\r\n\r\n"), SPAN_INIT("\x16\x03\x01\x02"),
            SPAN_INIT("\0"), SPAN_INIT("\x80"), SPAN_INIT("\r\n "));
    REFUSED(505, SPAN_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            SPAN_INIT("GET / HTTP/2.0\r\n\r\n"),
            SPAN_INIT("GET / HTTP/9.9\r\n\r\n"));
}

static void hosts(void)
{
    static const char *const good[] = {"h",
                                       "h:",
                                       "h:0",
                                       "h:65535",
                                       "1.2.3.4:80",
                                       "[::1]",
                                       "[::1]:80",
                                       "a_b-c.d~",
                                       "%41",
                                       "a!$&'()*+,;=",
                                       "[::ffff:1.2.3.4]:1"};
    static const char *const bad[] = {
        "",         " ",    ":80",    "h:65536", "h:8a",   "h:-1", "h:+1",
        "a b",      "a/b",  "a@b",    "a\\b",    "a?b",    "a#b",  "a\tb",
        "[::1",     "::1",  "[]",     "[g]",     "[::1]x", "a<b",  "h:80:80",
        "\xc3\xa4", "a\"b", "[::1]]", "[[::1]]", "[::1]80", "[1:2]",
        "[1::2::3]", "[fe80::1%25x]", "[1.2.3.4]", "a%", "a%4", "a%4g", "%zz"};
    char text[128];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nhOST: %s\r\n\r\n",
                 good[i]);
        CU_ASSERT_EQUAL(parse(span_of(text)), HTTP_DONE);
        CU_ASSERT(is(request.host, good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n",
                 bad[i]);
        if (parse(span_of(text)) != HTTP_BAD || request.status != 400)
            CU_FAIL(bad[i]);
    }
    REFUSED(400, SPAN_INIT("GET / HTTP/1.1\r\n\r\n"),
            SPAN_INIT("GET http://h/ HTTP/1.1\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.1\r\n" HOST HOST "\r\n"),
            SPAN_INIT("GET / HTTP/1.0\r\n" HOST HOST "\r\n"),
            SPAN_INIT("GET http://h/ HTTP/1.1\r\nHost: a@b\r\n\r\n"));
}

static void field_lines(void)
{
    CU_ASSERT_EQUAL(parse(SPAN("GET / HTTP/1.1\nHost: x\nA:\t\xff \r\n\n")),
                    HTTP_DONE);
    CU_ASSERT(is(request.fields.list[1].value, "\xff"));
    REFUSED(400, SPAN_INIT("GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.1\r\nHost : x\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.1\r\n" HOST "nocolon\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.1\r\n" HOST "A: b\rC: d\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.1\r\n" HOST "A: b\0\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.1\r\n" HOST "A\0: b\r\n\r\n"),
            SPAN_INIT("GET / HTTP/1.1\r\n" HOST "\r\r\n"));
}

static void lengths(void)
{
#define WITH(f) SPAN_INIT("POST / HTTP/1.1\r\n" HOST f "\r\n")
    static const struct span zeros =
        WITH("Content-Length: 000000000000000000000042\r\n");
    static const struct span most =
        WITH("content-length:9223372036854775807\r\n");

    CU_ASSERT_EQUAL(parse(zeros), HTTP_DONE);
    CU_ASSERT_EQUAL(request.framing, HTTP_LENGTH);
    CU_ASSERT_EQUAL(request.content_length, 42);
    CU_ASSERT_EQUAL(parse(most), HTTP_DONE);
    CU_ASSERT_EQUAL(request.content_length, INT64_MAX);
    REFUSED(413, WITH("Content-Length: 9223372036854775808\r\n"),
            WITH("Content-Length: 18446744073709551616\r\n"),
            WITH("Content-Length: 99999999999999999999999999\r\n"));
    REFUSED(400, WITH("Content-Length: \r\n"), WITH("Content-Length: +1\r\n"),
            WITH("Content-Length: -1\r\n"), WITH("Content-Length: 0x1\r\n"),
            WITH("Content-Length: 1_0\r\n"), WITH("Content-Length: 1 0\r\n"),
            WITH("Content-Length: 1, 1\r\n"), WITH("Content-Length: a\r\n"),
            WITH("Content-Length: 1.0\r\n"), WITH("Content-Length: 1\v\r\n"),
            WITH("Content-Length: \xb2\r\n"),
            WITH("Content-Length: 1\r\nContent-Length: 1\r\n"),
            WITH("Content-Length: 1\r\nContent-Length: 2\r\n"));
}

static void codings(void)
{
    static const struct span good = WITH("Transfer-Encoding:\t CHunked \r\n");

    CU_ASSERT_EQUAL(parse(good), HTTP_DONE);
    CU_ASSERT_EQUAL(request.framing, HTTP_CHUNKED);
    REFUSED(501, WITH("Transfer-Encoding: gzip\r\n"),
            WITH("Transfer-Encoding: identity\r\n"),
            WITH("Transfer-Encoding: gzip, chunked\r\n"),
            WITH("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
            WITH("Transfer-Encoding: xchunked\r\n"),
            WITH("Transfer-Encoding: chunked;a=b\r\n"),
            WITH("Transfer-Encoding: \"chunked\"\r\n"),
            WITH("Transfer-Encoding: ,chunked\r\n"),
            WITH("Transfer-Encoding:\r\n"),
            WITH("Content-Length: 3\r\nTransfer-Encoding: x\r\n"));
    REFUSED(400, WITH("Transfer-Encoding: chunked, chunked\r\n"),
            WITH("Transfer-Encoding: chunked, gzip\r\n"),
            WITH("Transfer-Encoding: chunked,\r\n"),
            WITH("Transfer-Encoding: \vchunked\r\n"),
            WITH("Transfer-Encoding : chunked\r\n"),
            WITH("Transfer-Encoding: chunked\r\n"
                 "Transfer-Encoding: chunked\r\n"),
            WITH("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"),
            WITH("Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n"),
            WITH("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
            WITH("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
            SPAN_INIT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"));
#undef WITH
}

static void connections(void)
{
    static const struct {
        const char *version, *fields;
        bool keep_alive, expect;
    } rows[] = {
        {"1.1", "", true, false},
        {"1.0", "", false, false},
        {"1.1", "Connection: x, CLOSE\r\n", false, false},
        {"1.1", "Connection: x\r\nConnection: close\r\n", false, false},
        {"1.1", "Connection: closed\r\n", true, false},
        {"1.0", "Connection: Keep-Alive\r\n", true, false},
        {"1.0", "Connection: keep-alive, close\r\n", false, false},
        {"1.1", "Expect: 100-Continue\r\n", true, true},
        {"1.0", "Expect: 100-continue\r\n", false, false},
        {"1.1", "Expect: 200-ok\r\n", true, false},
    };
    char text[128];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "GET / HTTP/%s\r\n" HOST "%s\r\n",
                 rows[i].version, rows[i].fields);
        CU_ASSERT_EQUAL(parse(span_of(text)), HTTP_DONE);
        CU_ASSERT_EQUAL(request.keep_alive, rows[i].keep_alive);
        CU_ASSERT_EQUAL(request.expect_continue, rows[i].expect);
    }
}

/* Each bound: at it the head is taken, one past it the status says which. */
static void limits(void)
{
    static const char text[] = "GET /abc HTTP/1.1\r\n" /* 19 */
                               "Host: x\r\n"           /* 9 */
                               "A: 12345678\r\n"       /* 13 */
                               "\r\n";                 /* 43 in all */
    static const struct {
        struct http_limits limits;
        unsigned fields;
        int status; /* 0: taken */
    } rows[] = {
        {{19, 13, 43}, 2, 0},     {{18, 13, 43}, 2, 414},
        {{1, 13, 43}, 2, 414},    {{19, 12, 43}, 2, 431},
        {{19, 13, 42}, 2, 431},   {{19, 13, 41}, 2, 431},
        {{19, 13, 20}, 2, 431},   {{19, 13, 19}, 2, 431},
        {{19, 13, 18}, 2, 414},   {{19, 13, 43}, 1, 431},
        {{19, 13, 43}, 0, 431},   {{19, 8, 43}, 2, 431},
        {{999, 999, 999}, 99, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum http_parse found =
            parse_with(text, sizeof text - 1, &rows[i].limits, rows[i].fields);

        CU_ASSERT_EQUAL(found, rows[i].status ? HTTP_BAD : HTTP_DONE);
        if (found == HTTP_BAD)
            CU_ASSERT_EQUAL(request.status, rows[i].status);
    }
}

/* A line that will be too long is refused before it ends, at the byte where
 * no LF could save it, and not one byte before. */
static void endless_line(void)
{
    static char text[HTTP_MAX_LINE + 1];

    memset(text, 'A', sizeof text);
    CU_ASSERT_EQUAL(
        parse_cut(text, HTTP_MAX_LINE - 1, HTTP_MAX_LINE - 1, NULL, 8),
        HTTP_MORE);
    CU_ASSERT_EQUAL(parse_cut(text, HTTP_MAX_LINE, HTTP_MAX_LINE, NULL, 8),
                    HTTP_BAD);
    CU_ASSERT_EQUAL(request.status, 414);
}

/* The default bounds, with a head that fills them: the widest place for an
 * off-by-one against the guard page. */
static void full_head(void)
{
    static char text[HTTP_MAX_HEAD + 1];
    size_t at = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: x\r\n");

    while (at < HTTP_MAX_HEAD - 2) {
        size_t line = HTTP_MAX_HEAD - 2 - at;

        line = line > HTTP_MAX_FIELD ? HTTP_MAX_FIELD - 10 : line;
        memset(text + at, 'a', line);
        memcpy(text + at, "A: ", 3);
        memcpy(text + at + line - 2, "\r\n", 2);
        at += line;
    }
    memcpy(text + at, "\r\n", 2);
    CU_ASSERT_EQUAL(parse_cut(text, HTTP_MAX_HEAD, 0, NULL, 99), HTTP_DONE);
    CU_ASSERT_EQUAL(request.head_len, HTTP_MAX_HEAD);
    memcpy(text + at, "AA", 2);
    CU_ASSERT_EQUAL(parse_cut(text, HTTP_MAX_HEAD, 0, NULL, 99), HTTP_BAD);
    CU_ASSERT_EQUAL(request.status, 431);
}

UNIT_MAIN("http_request", {"simple", simple}, {"truncated", truncated},
          {"homeless", homeless}, {"targets", targets},
          {"bad targets", bad_targets},
          {"request lines", request_lines}, {"hosts", hosts},
          {"field lines", field_lines}, {"lengths", lengths},
          {"codings", codings}, {"connections", connections},
          {"limits", limits}, {"endless line", endless_line},
          {"full head", full_head})
