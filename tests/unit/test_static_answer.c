/* The answers to requests for a small site, and the heads they become. */

#include "http_response.h"
#include "static_answer.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define MTIME 1704067200 /* Mon, 01 Jan 2024 00:00:00 GMT */

static char top[64];
static int root;
static struct mime_table *types;
static struct static_config config;
static struct http_field list[64];
static char head[4096];
static struct http_request request;

static void put(const char *name, const char *text)
{
    struct timespec times[2] = {{MTIME, 0}, {MTIME, 0}};
    int fd = openat(root, name, O_WRONLY | O_CREAT, 0644);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FATAL(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    CU_ASSERT_FATAL(futimens(fd, times) == 0);
    close(fd);
}

static void set_up(void)
{
    static const char *const index[] = {"index.html", "index.txt", NULL};

    strcpy(top, "/tmp/strata-static-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(top));
    root = open(top, O_PATH | O_DIRECTORY);
    CU_ASSERT_FATAL(mkdirat(root, "dir", 0755) == 0);
    CU_ASSERT_FATAL(mkdirat(root, "text", 0755) == 0);
    CU_ASSERT_FATAL(mkdirat(root, "none", 0755) == 0);
    CU_ASSERT_FATAL(mkdirat(root, "odd", 0755) == 0);
    CU_ASSERT_FATAL(mkdirat(root, "odd/index.html", 0755) == 0);
    CU_ASSERT_FATAL(mkdirat(root, "pipe", 0755) == 0);
    CU_ASSERT_FATAL(mkfifoat(root, "pipe/index.html", 0644) == 0);
    put("a.css", "0123456789");
    put("dir/index.html", "<p>");
    put("dir/index.txt", "not me");
    put("text/index.txt", "me");
    put("empty", "");
    types = mime_new();
    CU_ASSERT(mime_add_known(types));
    config = (struct static_config){
        root, index, types, SPAN("text/plain"), FILE_LINKS_BENEATH, true, true,
        HTTP_MAX_RANGES};
}

static void tear_down(void)
{
    char command[96];

    mime_free(types);
    close(root);
    snprintf(command, sizeof command, "rm -r %s", top);
    CU_ASSERT(system(command) == 0);
}

/* The answer; its file is closed, `sendable` says whether there was one. */
static struct static_answer ask(const char *method, const char *path,
                                const char *fields, bool *sendable)
{
    struct static_answer a;
    int n = snprintf(head, sizeof head, "%s / HTTP/1.1\r\nHost: x\r\n%s\r\n",
                     method, fields);

    http_request_init(&request, list, 64, NULL);
    CU_ASSERT_EQUAL_FATAL(http_parse_request(&request, head, (size_t)n),
                          HTTP_DONE);
    http_settle(&request.fields, head);
    static_answer(&a, &request, path, &config);
    *sendable = a.file.fd >= 0;
    if (*sendable)
        close(a.file.fd);
    return a;
}

static void test_status(void)
{
    static const struct {
        const char *method, *path, *fields;
        int status;
    } rows[] = {
        {"GET", "/a.css", "", 200},
        {"HEAD", "/a.css", "", 200},
        {"GET", "/nix", "", 404},
        {"HEAD", "/nix", "", 404},
        {"GET", "/a.css/", "", 404},
        {"GET", "/a.css/b", "", 404},
        {"GET", "/dir", "", 301},
        {"HEAD", "/dir", "", 301},
        {"GET", "/dir/", "", 200},
        {"GET", "/text/", "", 200},
        {"GET", "/none/", "", 403},
        {"GET", "/nix/", "", 404},
        {"GET", "/", "", 403},
        {"GET", "/odd/", "", 301},
        {"GET", "/pipe/", "", 404},
        {"POST", "/a.css", "", 405},
        {"POST", "/nix", "", 404},
        {"POST", "/dir", "", 301},
        {"POST", "/dir/", "", 405},
        {"POST", "/none/", "", 403},
        {"PUT", "/a.css", "", 405},
        {"DELETE", "/nix", "", 405},
        {"PUT", "/dir", "", 405},
        {"get", "/a.css", "", 405},
        {"GET", "/a.css", "If-None-Match: *\r\n", 304},
        {"GET", "/a.css", "If-Match: \"x\"\r\n", 412},
        {"GET", "/a.css", "Range: bytes=0-1\r\n", 206},
        {"HEAD", "/a.css", "Range: bytes=0-1\r\n", 200},
        {"GET", "/a.css", "Range: bytes=0-1,4-5\r\n", 206},
        {"GET", "/a.css", "Range: bytes=10-\r\n", 416},
        {"GET", "/a.css", "Range: bytes=0-1\r\nIf-None-Match: *\r\n", 304},
        {"GET", "/a.css", "Range: bytes=99-\r\nIf-Match: \"x\"\r\n", 412},
        {"POST", "/a.css", "If-None-Match: *\r\n", 405},
        {"GET", "/dir", "If-None-Match: *\r\n", 301},
        {"GET", "/nix", "If-Match: \"x\"\r\n", 404},
        {"GET", "/nix", "If-Match: *\r\nIf-Match: *\r\n", 400},
        {"GET", "/empty", "Range: bytes=0-1\r\n", 200},
    };

    set_up();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool sendable;
        struct static_answer a = ask(rows[i].method, rows[i].path,
                                     rows[i].fields, &sendable);

        if (a.status != rows[i].status)
            printf("%s %s %s: want %d, got %d\n", rows[i].method, rows[i].path,
                   rows[i].fields, rows[i].status, a.status);
        CU_ASSERT_EQUAL(a.status, rows[i].status);
        CU_ASSERT_EQUAL(sendable, a.status == 200 || a.status == 206);
        CU_ASSERT_EQUAL(a.directory, a.status == 301);
    }
    tear_down();
}

/* What both field functions say, with "--" where Connection would stand. */
static void check_fields(const char *path, const char *fields,
                         const char *want)
{
    bool sendable;
    struct static_answer a = ask("GET", path, fields, &sendable);
    struct buf out;

    buf_init(&out, 4096);
    CU_ASSERT(static_add_fields(&out, &a));
    CU_ASSERT(buf_add_text(&out, "--\r\n"));
    CU_ASSERT(static_add_validators(&out, &a));
    if (!span_eq(buf_span(&out), span_of(want)))
        printf("%s: want %s got %.*s\n", path, want, SPAN_ARG(buf_span(&out)));
    CU_ASSERT(span_eq(buf_span(&out), span_of(want)));
    buf_free(&out);
}

#define MODIFIED "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n"

static void test_fields(void)
{
    set_up();
    check_fields("/a.css", "",
                 "Content-Type: text/css\r\nContent-Length: 10\r\n" MODIFIED
                 "--\r\nETag: \"65920080-a\"\r\nAccept-Ranges: bytes\r\n");
    check_fields("/dir/", "",
                 "Content-Type: text/html\r\nContent-Length: 3\r\n" MODIFIED
                 "--\r\nETag: \"65920080-3\"\r\nAccept-Ranges: bytes\r\n");
    check_fields("/text/", "",
                 "Content-Type: text/plain\r\nContent-Length: 2\r\n" MODIFIED
                 "--\r\nETag: \"65920080-2\"\r\nAccept-Ranges: bytes\r\n");
    check_fields("/a.css", "Range: bytes=2-\r\n",
                 "Content-Type: text/css\r\nContent-Length: 8\r\n" MODIFIED
                 "--\r\nETag: \"65920080-a\"\r\nContent-Range: bytes 2-9/10\r\n");
    check_fields("/a.css", "If-None-Match: *\r\n",
                 MODIFIED "--\r\nETag: \"65920080-a\"\r\n");
    check_fields("/a.css", "Range: bytes=99-\r\n",
                 "--\r\nContent-Range: bytes */10\r\n");
    check_fields("/a.css", "If-Match: \"x\"\r\n", "--\r\n");
    check_fields("/dir", "", "--\r\n");
    check_fields("/nix", "", "--\r\n");
    config.etag = false;
    config.max_ranges = 0;
    check_fields("/a.css", "Range: bytes=2-\r\n",
                 "Content-Type: text/css\r\nContent-Length: 10\r\n" MODIFIED
                 "--\r\n");
    tear_down();
}

/* Content-Length of a multipart body is the length of the body. */
static void test_parts(void)
{
    static const char want[] = "\r\n--00000000000000000007\r\n"
                               "Content-Type: text/css\r\n"
                               "Content-Range: bytes 0-1/10\r\n\r\n"
                               "01\r\n--00000000000000000007\r\n"
                               "Content-Type: text/css\r\n"
                               "Content-Range: bytes 7-9/10\r\n\r\n"
                               "789\r\n--00000000000000000007--\r\n";
    static const char content[] = "0123456789";
    struct static_answer a, b;
    struct buf out;
    char type[96];
    bool sendable;

    set_up();
    a = ask("GET", "/a.css", "Range: bytes=0-1,-3\r\n", &sendable);
    b = ask("GET", "/a.css", "Range: bytes=0-1,-3\r\n", &sendable);
    CU_ASSERT_NOT_EQUAL(a.boundary, b.boundary);
    CU_ASSERT_EQUAL_FATAL(a.ranges, 2);
    CU_ASSERT_EQUAL(static_length(&a), strlen(want));
    snprintf(type, sizeof type,
             "Content-Type: multipart/byteranges; boundary=%020llu\r\n",
             (unsigned long long)a.boundary);
    buf_init(&out, 4096);
    CU_ASSERT(static_add_fields(&out, &a));
    CU_ASSERT(span_starts(buf_span(&out), span_of(type)));
    a.boundary = 7;
    out.len = 0;
    for (int i = 0; i < 2; i++) {
        CU_ASSERT(static_add_part(&out, &a, i));
        CU_ASSERT(buf_add(&out, content + a.range[i].first,
                          a.range[i].last - a.range[i].first + 1));
    }
    CU_ASSERT(static_add_part(&out, &a, 2));
    CU_ASSERT(span_eq(buf_span(&out), span_of(want)));
    buf_free(&out);
    tear_down();
}

static void test_location(void)
{
    static const struct {
        const char *host, *addr, *path, *index, *query, *want;
    } rows[] = {
        {"x", "127.0.0.1:80", "/d", "", "", "http://x/d/"},
        {"x", "127.0.0.1:8080", "/d", "", "", "http://x:8080/d/"},
        {"X.Example.:99", "127.0.0.1:81", "/d", "", "", "http://x.example:81/d/"},
        {"[::1]:80", "[::1]:81", "/d", "", "", "http://[::1]:81/d/"},
        {"", "127.0.0.1:81", "/d", "", "", "http://127.0.0.1:81/d/"},
        {"", "[::1]:81", "/d", "", "", "http://[::1]:81/d/"},
        {"x", "unix:/tmp/s", "/d", "", "", "http://x/d/"},
        {"", "unix:/tmp/s", "/d", "", "", "/d/"},
        {"", "unix:/tmp/s", "//evil/d", "", "", "/evil/d/"},
        {"x", "unix:/tmp/s", "//evil/d", "", "", "http://x//evil/d/"},
        {"x", "127.0.0.1:80", "/d", "", "a=%20&b", "http://x/d/?a=%20&b"},
        {"x", "127.0.0.1:80", "/a b?\r\nX:y", "", "",
         "http://x/a%20b%3F%0D%0AX:y/"},
        {"x", "127.0.0.1:80", "/d/", "index.html", "q",
         "http://x/d/index.html/?q"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct static_answer a = {.index = span_of(rows[i].index)};
        struct net_addr local;
        struct buf origin, out;
        char want[256];

        buf_init(&origin, 256);
        buf_init(&out, 256);
        CU_ASSERT(net_parse(&local, rows[i].addr, NULL));
        CU_ASSERT(static_add_origin(&origin, span_of(rows[i].host), &local));
        CU_ASSERT(static_add_location(&out, buf_span(&origin), &a,
                                      span_of(rows[i].path),
                                      span_of(rows[i].query)));
        snprintf(want, sizeof want, "Location: %s\r\n", rows[i].want);
        if (!span_eq(buf_span(&out), span_of(want)))
            printf("want %s got %.*s", want, SPAN_ARG(buf_span(&out)));
        CU_ASSERT(span_eq(buf_span(&out), span_of(want)));
        buf_free(&origin);
        buf_free(&out);
    }
}

UNIT_MAIN("static_answer", {"status", test_status}, {"fields", test_fields},
          {"parts", test_parts}, {"location", test_location})
