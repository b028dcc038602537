/* test_request_variables: what the variables of a request, of its connection
 * and of its captures say. */

#include "conf_file.h"
#include "connection.h"
#include "conversation.h"
#include "exchange.h"
#include "listen.h"
#include "location.h"
#include "regex.h"
#include "request_variables.h"
#include "server_name.h"
#include "site.h"
#include "unit.h"
#include "value.h"

static const struct module *const modules[] = {
    &conversation_module, &site_module, &listen_module, &server_name_module,
    &location_module, &request_variables_module, &connection_variables_module,
    NULL};

static struct conf_file_test t;
static struct exchange x;
static struct client client;

/* An exchange in the midst of `GET /a%20b?c=d&e=` for host h. */
static void begin(void)
{
    static const char head[] = "GET /a%20b?c=d&e= HTTP/1.1\r\n"
                               "Host: h\r\nX-One: 1\r\nX-One: 2\r\n"
                               "Cookie: a=1; b=2\r\n\r\n";

    CU_ASSERT_PTR_NOT_NULL_FATAL(
        conf_file_read(&t, modules, "http { server { location ~ "
                                    "\"^/(?<name>a.*)\" { } } }"));
    memset(&x, 0, sizeof x);
    arena_init(&x.arena, 4096);
    x.client = &client;
    strcpy(client.peer_host, "10.0.0.1");
    http_request_init(&x.request, x.list, HTTP_MAX_FIELDS, NULL);
    CU_ASSERT_EQUAL_FATAL(
        http_parse_request(&x.request, head, sizeof head - 1), HTTP_DONE);
    x.head = (struct span){head, sizeof head - 1};
    http_settle(&x.request.fields, head);
    x.method = SPAN("GET");
    x.uri = SPAN("/a b");
    x.args = SPAN("c=d&e=");
    x.host = SPAN("h");
}

static void end(void)
{
    arena_free(&x.arena);
    conf_file_free(&t);
}

static void expect(const char *text, const char *wanted)
{
    struct value *v = value_compile(&t.cf, span_of(text));
    struct span found;

    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    found = value_eval(&x.arena, &x, v);
    CU_ASSERT(span_eq(found, span_of(wanted)));
    if (!span_eq(found, span_of(wanted)))
        printf("\n  %s: %.*s, not %s\n", text, SPAN_ARG(found), wanted);
}

static void test_lines(void)
{
    begin();
    expect("$uri", "/a b");
    expect("$uri$args", "/a bc=d&e=");
    expect("$request_uri", "/a%20b?c=d&e=");
    expect("$request", "GET /a%20b?c=d&e= HTTP/1.1");
    end();
}

static void test_parts_of_the_request(void)
{
    begin();
    expect("$arg_c|$arg_C|$arg_e|$arg_x", "d|d||");
    expect("$is_args", "?");
    expect("$http_x_one", "1, 2");
    expect("$http_none", "");
    expect("$cookie_a$cookie_b$cookie_c", "12");
    expect("$host $request_method $remote_addr", "h GET 10.0.0.1");
    expect("$proxy_add_x_forwarded_for", "10.0.0.1");
    end();
}

static void test_nothing_and_empty(void)
{
    begin();
    x.args = (struct span){NULL, 0};
    CU_ASSERT_PTR_NULL(
        value_eval(&x.arena, &x, value_compile(&t.cf, SPAN("$args"))).ptr);
    CU_ASSERT_PTR_NOT_NULL(
        value_eval(&x.arena, &x, value_compile(&t.cf, SPAN("$is_args"))).ptr);
    end();
}

/* Of the location's expression, else of the server name's. */
static void test_captures(void)
{
    begin();
    expect("[$1$name]", "[]");
    x.server_captures[1] = SPAN("server");
    expect("[$1]", "[server]");
    x.regex = regex_compile(&t.arena, SPAN("^/(?<name>a.*)"), false, &t.err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x.regex);
    CU_ASSERT(regex_match(x.regex, x.uri, x.captures, FRONT_CAPTURES, &t.err)
                  .is == REGEX_YES);
    expect("[$1]", "[a b]");
    expect("[$name]", "[a b]");
    expect("[$2$9]", "[]");
    end();
}

UNIT_MAIN("request_variables", {"lines", test_lines},
          {"parts of the request", test_parts_of_the_request},
          {"nothing and empty", test_nothing_and_empty},
          {"captures", test_captures})
