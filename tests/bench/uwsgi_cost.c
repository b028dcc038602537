/* uwsgi_cost: does one thing that a uwsgi gateway or server does to something
 * of about `size` bytes, for head_cost.py to count what it costs.
 *
 * Usage: uwsgi_cost WHAT SIZE.  It prints how many bytes there really are. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgi.h"
#include "http_reply.h"
#include "uwsgi_packet.h"

#define MAX_INPUT 60000

static struct buf input, output;
static struct http_field list[HTTP_MAX_FIELDS];
static struct http_request request;

/* Pairs of five bytes: as many as there can be. */
static void make_packet(size_t size)
{
    struct uwsgi_encoder e;

    uwsgi_begin(&e, &input);
    while (input.len < size)
        if (!uwsgi_add(&e, SPAN("k"), SPAN("")))
            exit(1);
    if (!uwsgi_end(&e, 0, 0))
        exit(1);
}

static bool decode(void)
{
    struct span block = {input.ptr + UWSGI_HEADER, input.len - UWSGI_HEADER};
    const char *reason;
    struct uwsgi_pair pair;
    enum http_parse found;

    while ((found = uwsgi_next_pair(&block, &pair, &reason)) == HTTP_MORE)
        ;
    return found == HTTP_DONE;
}

static bool encode(void)
{
    struct uwsgi_encoder e;

    output.len = 0;
    uwsgi_begin(&e, &output);
    for (size_t n = UWSGI_HEADER; n < input.len; n += 5)
        uwsgi_add(&e, SPAN("k"), SPAN(""));
    return uwsgi_end(&e, 0, 0);
}

/* An answer whose head is nearly all in one field. */
static void make_reply(size_t size)
{
    static const char start[] = "HTTP/1.1 200 OK\r\nX-Long: ";

    if (!buf_add_text(&input, start) || !buf_reserve(&input, size))
        exit(1);
    memset(input.ptr + input.len, 'x', size - input.len);
    input.len = size;
    memcpy(input.ptr + size - 4, "\r\n\r\n", 4);
}

/* It comes byte by byte. */
static bool parse_reply(void)
{
    enum http_parse found = HTTP_MORE;
    struct http_reply reply;

    http_reply_init(&reply, list, HTTP_MAX_FIELDS, HTTP_MAX_HEAD, false);
    for (size_t n = 1; found == HTTP_MORE && n <= input.len; n++)
        found = http_parse_reply(&reply, input.ptr, n);
    return found == HTTP_DONE;
}

/* A request whose fields have 64 bytes each, and a name of their own. */
static void make_request(size_t size)
{
    if (!buf_add_text(&input, "GET / HTTP/1.1\r\nHost: x\r\n"))
        exit(1);
    for (int i = 0; input.len + 66 <= size; i++)
        if (!buf_printf(&input, "X-Field-%03d: %050d\r\n", i, i))
            exit(1);
    if (!buf_add_text(&input, "\r\n"))
        exit(1);
    http_request_init(&request, list, HTTP_MAX_FIELDS, NULL);
    if (http_parse_request(&request, input.ptr, input.len) != HTTP_DONE)
        exit(1);
    http_settle(&request.fields, input.ptr);
}

static bool emit_pair(void *encoder, struct span name, struct span value)
{
    return uwsgi_add(encoder, name, value);
}

static bool make_variables(void)
{
    static const struct cgi_server server = {.name = SPAN_INIT("localhost")};
    struct uwsgi_encoder e;

    output.len = 0;
    uwsgi_begin(&e, &output);
    return cgi_variables(&request, &server, emit_pair, &e) &&
           uwsgi_end(&e, 0, 0);
}

static const struct thing {
    const char *name;
    void (*make)(size_t size);
    bool (*run)(void);
} things[] = {
    {"decode", make_packet, decode},
    {"encode", make_packet, encode},
    {"reply", make_reply, parse_reply},
    {"variables", make_request, make_variables},
};

bool measured(const struct thing *thing) __attribute__((noinline));

bool measured(const struct thing *thing)
{
    return thing->run();
}

/* It is done twice, and the first time not counted: by then the dynamic linker
 * has found the functions of the C library. */
int main(int argc, char **argv)
{
    size_t size = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

    buf_init(&input, MAX_INPUT);
    buf_init(&output, MAX_INPUT);
    for (size_t i = 0; i < sizeof things / sizeof things[0]; i++) {
        if (size < 100 || size > MAX_INPUT / 2 ||
            strcmp(argv[1], things[i].name) != 0)
            continue;
        things[i].make(size);
        if (!things[i].run() || !measured(&things[i]))
            return 1;
        printf("%zu\n", input.len);
        return 0;
    }
    return 1;
}
