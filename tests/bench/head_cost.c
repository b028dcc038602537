/* head_cost: parses one request head, for head_cost.py to count what it costs.
 *
 * Usage: head_cost HEAD whole|bytes|pico, HEAD being `browser`, `cookies`,
 * `curl`, or a number of bytes.  It prints the length of the head.  The head is
 * parsed twice, and counted is what is done in `measured`: by then the dynamic
 * linker has found the functions of the C library.
 *
 * `pico` is picohttpparser, which takes lines apart but leaves it to others to
 * understand them.  Debian has it inside libh2o0.13; without that library the
 * exit status is 3. */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_request.h"

/* What a browser sends for a style sheet. */
#define BROWSER                                                                \
    "GET /static/css/site.css?v=20240101 HTTP/1.1\r\n"                         \
    "Host: www.example.org\r\n"                                                \
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "    \
    "Firefox/128.0\r\n"                                                        \
    "Accept: text/css,*/*;q=0.1\r\n"                                           \
    "Accept-Language: en-US,en;q=0.5\r\n"                                      \
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"                             \
    "Connection: keep-alive\r\n"                                               \
    "Referer: https://www.example.org/articles/2024/01/index.html\r\n"         \
    "Sec-Fetch-Dest: style\r\n"                                                \
    "Sec-Fetch-Mode: no-cors\r\n"                                              \
    "Cookie: session=4f0c1b7e9a2d4c55b6f1a0934d8e7c21; theme=dark; lang=en; "  \
    "seen=2024-01-01\r\n"

static const char browser[] = BROWSER "\r\n";
static const char cookies[] = BROWSER
    "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
    "If-None-Match: \"65920080-1c3f\"\r\n"
    "Cache-Control: max-age=0\r\n"
    "X-Track: c2Vzc2lvbj00ZjBjMWI3ZTlhMmQ0YzU1YjZmMTsgdGhlbWU9ZGFyazsgbGFuZz"
    "1lbjsgc2Vzc2lvbj00ZjBjMWI3ZTlhMmQ0YzU1YjZmMTsgdGhlbWU9ZGFyazsgbGFuZz1lbg"
    "\r\n\r\n";
static const char curl[] = "GET / HTTP/1.1\r\n"
                           "Host: 127.0.0.1:8080\r\n"
                           "User-Agent: curl/7.88.1\r\n"
                           "Accept: */*\r\n"
                           "\r\n";

/* A head of exactly `size` bytes, nearly all of them in one field. */
static const char *long_head(size_t size)
{
    static const char start[] = "GET / HTTP/1.1\r\nHost: x\r\nCookie: ";
    char *head = malloc(size);

    if (head == NULL || size < sizeof start + 4)
        exit(1);
    memset(head, 'c', size);
    memcpy(head, start, sizeof start - 1);
    memcpy(head + size - 4, "\r\n\r\n", 4);
    return head;
}

/* Parses the head as it comes, `step` bytes with each read. */
static enum http_parse parse(const char *head, size_t len, size_t step)
{
    static struct http_field list[HTTP_MAX_FIELDS];
    struct http_request request;
    enum http_parse found = HTTP_MORE;

    http_request_init(&request, list, HTTP_MAX_FIELDS, NULL);
    for (size_t n = step; found == HTTP_MORE && n <= len; n += step)
        found = http_parse_request(&request, head, n);
    return found;
}

/* As picohttpparser.h declares it: the length of the head, or below 0. */
struct phr_header {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

typedef int phr_parse(const char *head, size_t len, const char **method,
                      size_t *method_len, const char **path, size_t *path_len,
                      int *minor, struct phr_header *list, size_t *count,
                      size_t last_len);

/* The library is left to the end of the program. */
static phr_parse *find_pico(void)
{
    void *library = dlopen("libh2o.so.0.13", RTLD_NOW);

    return library ? (phr_parse *)dlsym(library, "phr_parse_request") : NULL;
}

static enum http_parse parse_pico(phr_parse *pico, struct span head)
{
    static struct phr_header list[HTTP_MAX_FIELDS];
    size_t count = HTTP_MAX_FIELDS, method_len, path_len;
    const char *method, *path;
    int minor;

    return pico(head.ptr, head.len, &method, &method_len, &path, &path_len,
                &minor, list, &count, 0) > 0
               ? HTTP_DONE
               : HTTP_BAD;
}

enum http_parse measured(struct span head, size_t step, phr_parse *pico)
    __attribute__((noinline));

enum http_parse measured(struct span head, size_t step, phr_parse *pico)
{
    return pico ? parse_pico(pico, head) : parse(head.ptr, head.len, step);
}

int main(int argc, char **argv)
{
    const char *name = argc == 3 ? argv[1] : "browser";
    struct span head = {browser, sizeof browser - 1};
    phr_parse *pico = NULL;
    size_t step;

    if (strcmp(name, "cookies") == 0)
        head = (struct span){cookies, sizeof cookies - 1};
    else if (strcmp(name, "curl") == 0)
        head = (struct span){curl, sizeof curl - 1};
    else if (strcmp(name, "browser") != 0)
        head.len = strtoul(name, NULL, 10), head.ptr = long_head(head.len);
    step = argc == 3 && strcmp(argv[2], "bytes") == 0 ? 1 : head.len;
    if (argc == 3 && strcmp(argv[2], "pico") == 0 && !(pico = find_pico()))
        return 3;
    if ((pico ? parse_pico(pico, head) : parse(head.ptr, head.len, step)) !=
            HTTP_DONE ||
        measured(head, step, pico) != HTTP_DONE)
        return 1;
    printf("%zu\n", head.len);
    return 0;
}
