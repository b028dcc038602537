/* Heads and pages, byte for byte; and buffers that are too small for them. */

#include "http_response.h"
#include "unit.h"

static bool all_of_it(struct buf *out, struct http_clock *clock)
{
    return http_add_status(out, 404, SPAN("strata"), clock) &&
           http_add_field(out, SPAN("Content-Type"), SPAN("text/html")) &&
           http_add_length(out, 18446744073709551615u) &&
           http_add_connection(out, true) && http_add_connection(out, false) &&
           http_end_head(out);
}

static void test_head(void)
{
    static const char want[] = "HTTP/1.1 404 Not Found\r\n"
                               "Server: strata\r\n"
                               "Date: ?????????????????????????????\r\n"
                               "Content-Type: text/html\r\n"
                               "Content-Length: 18446744073709551615\r\n"
                               "Connection: keep-alive\r\n"
                               "Connection: close\r\n\r\n";
    struct http_clock clock = {0};
    struct buf out;

    buf_init(&out, 4096);
    CU_ASSERT(all_of_it(&out, &clock));
    CU_ASSERT_EQUAL_FATAL(out.len, strlen(want));
    memset(strstr(out.ptr, "Date: ") + 6, '?', HTTP_DATE_LEN);
    CU_ASSERT(span_eq(buf_span(&out), span_of(want)));
    buf_free(&out);

    for (size_t max = 0; max < strlen(want); max++) {
        buf_init(&out, max);
        CU_ASSERT_FALSE(all_of_it(&out, &clock));
        CU_ASSERT(out.len <= max);
        buf_free(&out);
    }
}

static void test_status_lines(void)
{
    static const struct {
        int status;
        const char *want;
    } rows[] = {
        {200, "HTTP/1.1 200 OK\r\nDate: "},
        {302, "HTTP/1.1 302 Moved Temporarily\r\nDate: "},
        {405, "HTTP/1.1 405 Not Allowed\r\nDate: "},
        {299, "HTTP/1.1 299 \r\nDate: "},
    };
    struct http_clock clock = {0};
    struct buf out;

    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        out.len = 0;
        CU_ASSERT(http_add_status(&out, rows[i].status, SPAN(""), &clock));
        CU_ASSERT(span_starts(buf_span(&out), span_of(rows[i].want)));
    }
    buf_free(&out);
}

static void test_page(void)
{
    static const struct {
        int status;
        const char *title;
    } rows[] = {
        {404, "404 Not Found"},
        {302, "302 Found"},
        {401, "401 Authorization Required"},
        {414, "414 Request-URI Too Large"},
    };
    char want[512];
    struct buf out;

    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(want, sizeof want,
                 "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n"
                 "<center><h1>%s</h1></center>\r\n"
                 "<hr><center>strata</center>\r\n</body>\r\n</html>\r\n",
                 rows[i].title, rows[i].title);
        out.len = 0;
        CU_ASSERT(http_error_page(&out, rows[i].status, SPAN("strata")));
        CU_ASSERT(span_eq(buf_span(&out), span_of(want)));
    }
    buf_free(&out);
    buf_init(&out, 100);
    CU_ASSERT_FALSE(http_error_page(&out, 404, SPAN("strata")));
    buf_free(&out);
}

static void test_one_line(void)
{
    struct buf out;

    buf_init(&out, 64);
    CU_ASSERT(http_add_field(&out, SPAN("X"), SPAN("a\r\nb: \0c\t")));
    CU_ASSERT(span_eq(buf_span(&out), SPAN("X: a  b:  c\t\r\n")));
    buf_free(&out);
}

UNIT_MAIN("http_response", {"head", test_head}, {"one line", test_one_line},
          {"status lines", test_status_lines}, {"page", test_page})
