/* The uwsgi packet: every length that can lie, every place where it can be cut
 * off, and both ends against a packet that nginx has made. */

#include "guard.h"
#include "unit.h"
#include "uwsgi_packet.h"

#include <stdlib.h>

/* What nginx 1.22.1 sends with its own uwsgi_params for
 * "GET http://abs.org/x?q HTTP/1.1", as it stood on the wire. */
static const char from_nginx[] =
    "\x00\x2b\x01\x00"
    "\x0c\x00QUERY_STRING\x01\x00q"
    "\x0e\x00REQUEST_METHOD\x03\x00GET"
    "\x0c\x00" "CONTENT_TYPE\x00\x00"
    "\x0e\x00" "CONTENT_LENGTH\x00\x00"
    "\x0b\x00REQUEST_URI\x04\x00/x?q"
    "\x09\x00PATH_INFO\x02\x00/x"
    "\x0d\x00" "DOCUMENT_ROOT\x04\x00/srv"
    "\x0f\x00SERVER_PROTOCOL\x08\x00HTTP/1.1"
    "\x0e\x00REQUEST_SCHEME\x04\x00http"
    "\x0b\x00REMOTE_ADDR\x09\x00" "127.0.0.1"
    "\x0b\x00REMOTE_PORT\x05\x00" "38382"
    "\x0b\x00SERVER_PORT\x05\x00" "18399"
    "\x0b\x00SERVER_NAME\x00\x00"
    "\x09\x00HTTP_HOST\x07\x00" "abs.org"
    "\x0f\x00HTTP_CONNECTION\x05\x00" "close";

static const char *const nginx_pairs[][2] = {
    {"QUERY_STRING", "q"},         {"REQUEST_METHOD", "GET"},
    {"CONTENT_TYPE", ""},          {"CONTENT_LENGTH", ""},
    {"REQUEST_URI", "/x?q"},       {"PATH_INFO", "/x"},
    {"DOCUMENT_ROOT", "/srv"},     {"SERVER_PROTOCOL", "HTTP/1.1"},
    {"REQUEST_SCHEME", "http"},    {"REMOTE_ADDR", "127.0.0.1"},
    {"REMOTE_PORT", "38382"},      {"SERVER_PORT", "18399"},
    {"SERVER_NAME", ""},           {"HTTP_HOST", "abs.org"},
    {"HTTP_CONNECTION", "close"},
};
#define NGINX_PAIRS (sizeof nginx_pairs / sizeof nginx_pairs[0])

static void test_header(void)
{
    struct uwsgi_header h = uwsgi_decode_header(guard_put("\x05\x34\x12\xff", 4));

    CU_ASSERT(h.modifier1 == 5 && h.modifier2 == 255);
    CU_ASSERT_EQUAL(h.size, 0x1234);
    h = uwsgi_decode_header(guard_put("\xff\xff\xff\x80", 4));
    CU_ASSERT(h.modifier1 == 255 && h.modifier2 == 128);
    CU_ASSERT_EQUAL(h.size, 65535);
    CU_ASSERT_EQUAL(uwsgi_decode_header(guard_put("GET ", 4)).size, 21573);
}

static void test_looks_like_http(void)
{
    static const char *const http[] = {"GET ", "PUT ", "POST", "HEAD",
                                       "OPTI", "CONN", "DELE", "PRI "};
    static const char *const other[] = {"\0\1\0\0", "\x64\0\0\0", "GE\0\0",
                                        "get ", "G ET", "GET\0", "\x16\3\1\2",
                                        "AZ[A", "@AAA"};

    for (size_t i = 0; i < sizeof http / sizeof http[0]; i++)
        CU_ASSERT(uwsgi_looks_like_http(guard_put(http[i], 4)));
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        CU_ASSERT_FALSE(uwsgi_looks_like_http(guard_put(other[i], 4)));
}

static void test_decode_nginx(void)
{
    size_t len = sizeof from_nginx - 1;
    struct span block = {guard_put(from_nginx, len) + UWSGI_HEADER,
                         len - UWSGI_HEADER};
    const char *reason = NULL;
    struct uwsgi_pair pair;

    CU_ASSERT_EQUAL(uwsgi_decode_header(block.ptr - UWSGI_HEADER).size,
                    block.len);
    for (size_t i = 0; i < NGINX_PAIRS; i++) {
        CU_ASSERT_EQUAL(uwsgi_next_pair(&block, &pair, &reason), HTTP_MORE);
        CU_ASSERT(span_eq(pair.key, span_of(nginx_pairs[i][0])));
        CU_ASSERT(span_eq(pair.value, span_of(nginx_pairs[i][1])));
    }
    CU_ASSERT_EQUAL(uwsgi_next_pair(&block, &pair, &reason), HTTP_DONE);
    CU_ASSERT_EQUAL(uwsgi_next_pair(&block, &pair, &reason), HTTP_DONE);
}

static void test_encode_nginx(void)
{
    struct uwsgi_encoder e;
    struct buf out;

    buf_init(&out, 100000);
    CU_ASSERT(buf_add_text(&out, "before"));
    uwsgi_begin(&e, &out);
    for (size_t i = 0; i < NGINX_PAIRS; i++)
        CU_ASSERT(uwsgi_add(&e, span_of(nginx_pairs[i][0]),
                            span_of(nginx_pairs[i][1])));
    CU_ASSERT(uwsgi_end(&e, 0, 0));
    CU_ASSERT_EQUAL(out.len, 6 + sizeof from_nginx - 1);
    CU_ASSERT(memcmp(out.ptr, "before", 6) == 0);
    CU_ASSERT(memcmp(out.ptr + 6, from_nginx, sizeof from_nginx - 1) == 0);
    buf_free(&out);
}

/* Walks a block to its end and says how that ended. */
static enum http_parse walk(const char *bytes, size_t len, unsigned *pairs,
                            const char **reason)
{
    struct span block = {guard_put(bytes, len), len};
    struct uwsgi_pair pair;
    enum http_parse parse;

    *pairs = 0;
    *reason = NULL;
    while ((parse = uwsgi_next_pair(&block, &pair, reason)) == HTTP_MORE) {
        CU_ASSERT(pair.key.len > 0);
        CU_ASSERT(pair.key.ptr + pair.key.len <= block.ptr);
        CU_ASSERT(pair.value.ptr + pair.value.len == block.ptr);
        ++*pairs;
    }
    CU_ASSERT((parse == HTTP_BAD) == (*reason != NULL));
    return parse;
}

/* Cut off at any byte the block is bad, but for the places between pairs. */
static void test_truncations(void)
{
    const char *block = from_nginx + UWSGI_HEADER;
    size_t len = sizeof from_nginx - 1 - UWSGI_HEADER, border = 0;
    unsigned pairs, seen = 0;
    const char *reason;

    for (size_t cut = 0; cut <= len; cut++) {
        enum http_parse parse = walk(block, cut, &pairs, &reason);
        CU_ASSERT_EQUAL(parse, cut == border ? HTTP_DONE : HTTP_BAD);
        CU_ASSERT_EQUAL(pairs, seen);
        if (cut == border && seen < NGINX_PAIRS) {
            border += 4 + strlen(nginx_pairs[seen][0]) +
                      strlen(nginx_pairs[seen][1]);
            while (cut + 1 < border && cut < len)
                CU_ASSERT_EQUAL(walk(block, ++cut, &pairs, &reason), HTTP_BAD);
            seen++;
        }
    }
    CU_ASSERT_EQUAL(border, len);
}

static void test_lies(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum http_parse parse;
        unsigned pairs;
        const char *reason; /* a word of it */
    } cases[] = {
#define BYTES(s) s, sizeof s - 1
        {BYTES(""), HTTP_DONE, 0, NULL},
        {BYTES("\1"), HTTP_BAD, 0, "key"},
        {BYTES("\0\0"), HTTP_BAD, 0, "empty"},
        {BYTES("\0\0\0\0"), HTTP_BAD, 0, "empty"},
        {BYTES("\0\0\1\0x"), HTTP_BAD, 0, "empty"},
        {BYTES("\1\0"), HTTP_BAD, 0, "key"},
        {BYTES("\1\0k"), HTTP_BAD, 0, "value"},
        {BYTES("\1\0k\0"), HTTP_BAD, 0, "value"},
        {BYTES("\1\0k\0\0"), HTTP_DONE, 1, NULL},
        {BYTES("\1\0k\1\0"), HTTP_BAD, 0, "value"},
        {BYTES("\1\0k\1\0v"), HTTP_DONE, 1, NULL},
        {BYTES("\1\0k\2\0v"), HTTP_BAD, 0, "value"},
        {BYTES("\2\0k\1\0v"), HTTP_BAD, 0, "value"},
        {BYTES("\1\0k\0\0\0"), HTTP_BAD, 1, "key"},
        {BYTES("\1\0k\0\0\0\0"), HTTP_BAD, 1, "empty"},
        {BYTES("\1\0k\0\0\1\0l\0\0"), HTTP_DONE, 2, NULL},
        {BYTES("\xff\xffk"), HTTP_BAD, 0, "key"},
        {BYTES("\1\0k\xff\xffv"), HTTP_BAD, 0, "value"},
        {BYTES("\0\1k\0\0"), HTTP_BAD, 0, "key"}, /* big endian */
#undef BYTES
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *reason;
        unsigned pairs;

        CU_ASSERT_EQUAL(walk(cases[i].bytes, cases[i].len, &pairs, &reason),
                        cases[i].parse);
        CU_ASSERT_EQUAL(pairs, cases[i].pairs);
        if (cases[i].reason != NULL)
            CU_ASSERT(reason && strstr(reason, cases[i].reason));
    }
}

/* Values are bytes, whatever they are. */
static void test_binary(void)
{
    static const char bytes[] = "\2\0\0\xff\3\0\0\n\x80";
    struct span block = {guard_put(bytes, sizeof bytes - 1), sizeof bytes - 1};
    struct uwsgi_pair pair;
    const char *reason;

    CU_ASSERT_EQUAL(uwsgi_next_pair(&block, &pair, &reason), HTTP_MORE);
    CU_ASSERT(span_eq(pair.key, SPAN("\0\xff")));
    CU_ASSERT(span_eq(pair.value, SPAN("\0\n\x80")));
}

/* The largest block is 65535 bytes: at the bound and one past it. */
static void test_largest(void)
{
    char *long_value = calloc(1, UWSGI_MAX_SIZE + 1);
    struct uwsgi_encoder e;
    const char *reason;
    unsigned pairs;
    struct buf out;

    for (size_t len = UWSGI_MAX_SIZE - 7; len <= UWSGI_MAX_SIZE + 1; len++) {
        bool fits = len <= UWSGI_MAX_SIZE - 5;
        buf_init(&out, 2 * UWSGI_MAX_SIZE);
        uwsgi_begin(&e, &out);
        CU_ASSERT_EQUAL(uwsgi_add(&e, SPAN("k"), (struct span){long_value, len}),
                        fits);
        CU_ASSERT_EQUAL(uwsgi_add(&e, SPAN("k"), SPAN("")), false);
        CU_ASSERT_FALSE(uwsgi_end(&e, 0, 0));
        buf_free(&out);
    }
    buf_init(&out, UWSGI_HEADER + UWSGI_MAX_SIZE);
    uwsgi_begin(&e, &out);
    CU_ASSERT(uwsgi_add(&e, SPAN("a"), SPAN("")));
    CU_ASSERT(uwsgi_add(&e, (struct span){long_value, 65526 - 6}, SPAN("")));
    CU_ASSERT(uwsgi_add(&e, SPAN("ab"), SPAN("")));
    CU_ASSERT(uwsgi_end(&e, 9, 8));
    CU_ASSERT_EQUAL(out.len, UWSGI_HEADER + UWSGI_MAX_SIZE);
    struct uwsgi_header h = uwsgi_decode_header(out.ptr);
    CU_ASSERT(h.size == UWSGI_MAX_SIZE && h.modifier1 == 9 && h.modifier2 == 8);
    CU_ASSERT_EQUAL(walk(out.ptr + UWSGI_HEADER, h.size, &pairs, &reason),
                    HTTP_DONE);
    CU_ASSERT_EQUAL(pairs, 3);
    buf_free(&out);
    free(long_value);
}

/* Whatever the bound of the buffer, the encoder fails and does not write past
 * it; a failure holds. */
static void test_full_buffer(void)
{
    for (size_t max = 0; max < 20; max++) {
        struct uwsgi_encoder e;
        struct buf out;

        buf_init(&out, max);
        uwsgi_begin(&e, &out);
        bool ok = uwsgi_add(&e, SPAN("key"), SPAN("value"));
        CU_ASSERT_EQUAL(ok, max >= 16);
        CU_ASSERT_EQUAL(uwsgi_end(&e, 0, 0), ok);
        CU_ASSERT(out.len <= max);
        buf_free(&out);
    }
}

static void test_empty_key(void)
{
    struct uwsgi_encoder e;
    struct buf out;

    buf_init(&out, 100);
    uwsgi_begin(&e, &out);
    CU_ASSERT_FALSE(uwsgi_add(&e, SPAN(""), SPAN("v")));
    CU_ASSERT_FALSE(uwsgi_end(&e, 0, 0));
    buf_free(&out);
    uwsgi_begin(&e, &out);
    CU_ASSERT(uwsgi_end(&e, 100, 1));
    CU_ASSERT(out.len == 4 && memcmp(out.ptr, "\x64\0\0\1", 4) == 0);
    buf_free(&out);
}

UNIT_MAIN("uwsgi_packet", {"header", test_header},
          {"looks_like_http", test_looks_like_http},
          {"decode_nginx", test_decode_nginx},
          {"encode_nginx", test_encode_nginx},
          {"truncations", test_truncations}, {"lies", test_lies},
          {"binary", test_binary}, {"largest", test_largest},
          {"full_buffer", test_full_buffer}, {"empty_key", test_empty_key})
