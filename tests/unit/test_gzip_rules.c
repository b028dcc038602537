/* test_gzip_rules: which answers are compressed, and for whom. */

#include "gzip_rules.h"
#include "answer.h"

#include "conf_file.h"
#include "exchange.h"
#include "http_request.h"
#include "site.h"
#include "unit.h"

extern const struct module conversation_module, gzip_module;
static const struct module *const modules[] = {
    &conversation_module, &site_module, &gzip_module, NULL};

static struct conf_file_test t;
static struct exchange x;
static char head[512];

/* `directives` and a request with these fields, of HTTP/1.minor. */
static void begin(const char *directives, int minor, const char *fields)
{
    char conf[512];

    snprintf(conf, sizeof conf, "http { %s }", directives);
    CU_ASSERT_PTR_NOT_NULL_FATAL(conf_file_read(&t, modules, conf));
    snprintf(head, sizeof head, "GET / HTTP/1.%d\r\nHost: x\r\n%s\r\n", minor,
             fields);
    memset(&x, 0, sizeof x);
    arena_init(&x.arena, 4096);
    x.out.last_field = &x.out.fields;
    x.out.status = 200;
    x.out.length = -1;
    x.out.mtime = -1;
    x.out.type = SPAN("text/html");
    http_request_init(&x.request, x.list, HTTP_MAX_FIELDS, NULL);
    CU_ASSERT_EQUAL_FATAL(http_parse_request(&x.request, head, strlen(head)),
                          HTTP_DONE);
    http_settle(&x.request.fields, head);
}

static const struct gzip_settings *settings(void)
{
    return CONF_OF(t.cf.http, &gzip_module);
}

static void end(void)
{
    arena_free(&x.arena);
    conf_file_free(&t);
}

static bool allowed(const char *directives, int minor, const char *fields)
{
    bool yes;

    begin(directives, minor, fields);
    yes = gzip_allowed(&x, settings());
    end();
    return yes;
}

static bool accepts(const char *value)
{
    char fields[128];

    snprintf(fields, sizeof fields, "Accept-Encoding: %s\r\n", value);
    return allowed("gzip on;", 1, fields);
}

static void test_accept_encoding(void)
{
    CU_ASSERT(accepts("gzip"));
    CU_ASSERT(accepts("GZip"));
    CU_ASSERT(accepts("deflate, gzip"));
    CU_ASSERT(accepts("br;q=1.0, gzip;q=0.001"));
    CU_ASSERT(accepts("gzip ; q=1"));
    CU_ASSERT(accepts("*"));
    CU_ASSERT(!accepts(""));
    CU_ASSERT(!accepts("gzip;q=0"));
    CU_ASSERT(!accepts("gzip;q=0.000"));
    CU_ASSERT(!accepts("*, gzip;q=0"));
    CU_ASSERT(!accepts("xgzip"));
    CU_ASSERT(!accepts("gzipx"));
    CU_ASSERT(!accepts("identity"));
    CU_ASSERT(!accepts("*;q=0"));
    CU_ASSERT(!allowed("gzip on;", 1, ""));
}

static void test_version_and_agent(void)
{
    static const char old[] = "Accept-Encoding: gzip\r\n"
                              "User-Agent: Mozilla/4.0 (MSIE 6.0)\r\n";

    CU_ASSERT(!allowed("gzip on;", 0, "Accept-Encoding: gzip\r\n"));
    CU_ASSERT(allowed("gzip_http_version 1.0;", 0,
                      "Accept-Encoding: gzip\r\n"));
    CU_ASSERT(allowed("gzip on;", 1, old));
    CU_ASSERT(!allowed("gzip_disable \"MSIE [1-6]\\.\";", 1, old));
    CU_ASSERT(!allowed("gzip_disable msie6;", 1, old));
    CU_ASSERT(allowed("gzip_disable Opera;", 1, old));
    CU_ASSERT(allowed("gzip_disable Opera;", 1, "Accept-Encoding: gzip\r\n"));
}

/* gzip_proxied WORDS, for an answer with this field. */
static bool proxied(const char *words, const char *name, const char *value)
{
    char directive[128];
    bool yes;

    snprintf(directive, sizeof directive, "gzip_proxied %s;", words);
    begin(directive, 1, "Accept-Encoding: gzip\r\nVia: 1.1 p\r\n");
    if (name != NULL)
        answer_field(&x, span_of(name), span_of(value));
    yes = gzip_allowed(&x, settings());
    end();
    return yes;
}

static void test_proxied(void)
{
    CU_ASSERT(!proxied("off", NULL, NULL));
    CU_ASSERT(proxied("any", NULL, NULL));
    CU_ASSERT(proxied("no-cache", "Cache-Control", "no-cache"));
    CU_ASSERT(!proxied("no-cache", "Cache-Control", "private"));
    CU_ASSERT(proxied("no-store private", "Cache-Control", "a, private"));
    CU_ASSERT(proxied("expired", "Expires", "Mon, 01 Jan 2024 00:00:00 GMT"));
    CU_ASSERT(!proxied("expired", "Expires",
                       "Fri, 01 Jan 2100 00:00:00 GMT"));
    CU_ASSERT(proxied("no_last_modified", NULL, NULL));
    CU_ASSERT(proxied("no_etag", NULL, NULL));
    CU_ASSERT(!proxied("auth", NULL, NULL));
}

static bool wanted(const char *directives, int status, int64_t length,
                   const char *type, const char *encoding)
{
    bool yes;

    begin(directives, 1, "");
    x.out.status = status;
    x.out.length = length;
    x.out.type = span_of(type);
    if (encoding != NULL)
        answer_field(&x, SPAN("Content-Encoding"), span_of(encoding));
    yes = gzip_wanted(&x, settings());
    end();
    return yes;
}

static void test_answers(void)
{
    static const char on[] = "gzip on; gzip_types text/css;";

    CU_ASSERT(wanted(on, 200, -1, "text/html", NULL));
    CU_ASSERT(wanted(on, 404, 20, "text/css; charset=utf-8", NULL));
    CU_ASSERT(wanted(on, 403, 20, "TEXT/CSS", NULL));
    CU_ASSERT(!wanted(on, 200, 19, "text/css", NULL));
    /* They say of their variants what the 200 would. */
    CU_ASSERT(wanted(on, 206, 9, "text/css", NULL));
    CU_ASSERT(wanted(on, 304, -1, "text/css", NULL));
    CU_ASSERT(!wanted(on, 206, 99, "text/plain", NULL));
    CU_ASSERT(!wanted(on, 500, 99, "text/css", NULL));
    CU_ASSERT(!wanted(on, 200, 99, "text/plain", NULL));
    CU_ASSERT(!wanted(on, 200, 99, "", NULL));
    CU_ASSERT(!wanted(on, 200, 99, "text/css", "br"));
    CU_ASSERT(!wanted("gzip off;", 200, 99, "text/html", NULL));
    CU_ASSERT(wanted("gzip on; gzip_types *;", 200, 99, "a/b", NULL));
    CU_ASSERT(wanted("gzip on; gzip_min_length 0;", 200, 0, "text/html",
                     NULL));
}

UNIT_MAIN("gzip_rules", {"Accept-Encoding", test_accept_encoding},
          {"version and agent", test_version_and_agent},
          {"proxied", test_proxied}, {"answers", test_answers})
