/* Options of the Python host, and the configuration that they fill in. */

#include "net.h"
#include "unit.h"
#include "wsgi_options.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool apply(struct wsgi_config *c, const char *name, const char *value,
                  struct err *err)
{
    const struct wsgi_option *o =
        wsgi_option_named(wsgi_options, span_of(name));
    CU_ASSERT_PTR_NOT_NULL_FATAL(o);
    return wsgi_option_apply(c, o, value, err);
}

static void texts(void)
{
    struct wsgi_config c;
    struct err err;

    wsgi_config_init(&c);
    CU_ASSERT(apply(&c, "module", "a", &err));
    CU_ASSERT(apply(&c, "wsgi", "b:c", &err)); /* the last one counts */
    CU_ASSERT_STRING_EQUAL(c.module, "b:c");
    CU_ASSERT(apply(&c, "wsgi-file", "a.py", &err));
    CU_ASSERT(apply(&c, "file", "b.wsgi", &err));
    CU_ASSERT_STRING_EQUAL(c.wsgi_file, "b.wsgi");
    CU_ASSERT(apply(&c, "pythonpath", "/x", &err));
    CU_ASSERT(apply(&c, "pp", "/y", &err)); /* a list adds up */
    CU_ASSERT_EQUAL(c.pythonpath.count, 2);
    CU_ASSERT_STRING_EQUAL(c.pythonpath.list[0], "/x");
    CU_ASSERT_STRING_EQUAL(c.pythonpath.list[1], "/y");
    CU_ASSERT(!apply(&c, "module", NULL, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "--module"));
    CU_ASSERT_PTR_NULL(wsgi_option_named(wsgi_options, SPAN("nonsense")));
    CU_ASSERT_PTR_NULL(wsgi_option_named(wsgi_options, SPAN("")));
    wsgi_config_free(&c);
    CU_ASSERT_PTR_NULL(c.module);
}

static void flags(void)
{
    static const struct {
        const char *value;
        bool on;
    } table[] = {{NULL, true},   {"true", true}, {"1", true},  {"yes", true},
                 {"", true},     {"x", true},    {"0", false}, {"false", false},
                 {"Off", false}, {"NO", false}};
    struct wsgi_config c;
    struct err err;

    wsgi_config_init(&c);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        c.disable_logging = !table[i].on;
        CU_ASSERT(apply(&c, "disable-logging", table[i].value, &err));
        CU_ASSERT_EQUAL(c.disable_logging, table[i].on);
    }
    wsgi_config_free(&c);
}

static void values(void)
{
    static const struct {
        const char *name, *value;
        bool good;
    } table[] = {
        {"buffer-size", "512", true},
        {"buffer-size", "511", false},
        {"buffer-size", "1048576", true},
        {"buffer-size", "1048577", false},
        {"buffer-size", "4k", false},
        {"buffer-size", "-1", false},
        {"buffer-size", "", false},
        {"listen", "1", true},
        {"listen", "0", false},
        {"listen", "two", false},
        {"socket-timeout", "4", true},
        {"socket-timeout", "0.25", true},
        {"socket-timeout", "0", false},
        {"socket-timeout", "-1", false},
        {"socket-timeout", "x", false},
        {"socket-timeout", "1s", false},
        {"socket-timeout", "nan", false},
        {"socket-timeout", "1e300", false},
        {"socket-timeout", "1e2", false},
        {"socket-timeout", "0x10", false},
        {"socket-timeout", "1,5", false},
        {"chmod-socket", "660", true},
        {"chmod-socket", "0777", true},
        {"chmod-socket", "8", false},
        {"chmod-socket", "u+x", false},
        {"protocol", "http", true},
        {"protocol", "UWSGI", true},
        {"protocol", "ftp", false},
        {"plugin", "python3", true},
        {"plugins", "http,python", true},
        {"plugin", "php", false},
        {"limit-post", "0", true},
        {"limit-post", "99", true},
        {"limit-post", "18446744073709551616", false},
    };
    struct wsgi_config c;
    struct err err;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wsgi_config_init(&c);
        err.text[0] = 0;
        CU_ASSERT_EQUAL(apply(&c, table[i].name, table[i].value, &err),
                        table[i].good);
        if (!table[i].good) {
            CU_ASSERT_PTR_NOT_NULL(strstr(err.text, table[i].name));
            CU_ASSERT_PTR_NOT_NULL(strstr(err.text, table[i].value));
        }
        wsgi_config_free(&c);
    }
}

static void times(void)
{
    struct wsgi_config c;
    struct err err;

    wsgi_config_init(&c);
    /* A stalled body has uWSGI's 4 s; a client that pauses in a download has
     * more. */
    CU_ASSERT_EQUAL(c.body_timeout, 4000);
    CU_ASSERT_EQUAL(c.head_timeout, 60000);
    CU_ASSERT_EQUAL(c.send_timeout, 60000);
    CU_ASSERT(apply(&c, "socket-timeout", "1.5", &err));
    CU_ASSERT_EQUAL(c.body_timeout, 1500);
    CU_ASSERT_EQUAL(c.head_timeout, 1500);
    CU_ASSERT_EQUAL(c.send_timeout, 1500);
    CU_ASSERT(apply(&c, "limit-post", "0", &err));
    CU_ASSERT_EQUAL(c.limit_post, UINT64_MAX);
    wsgi_config_free(&c);
}

/* --protocol decides for --socket wherever it stands, and for no other. */
static void sockets(void)
{
    char dir[] = "/tmp/strata-unit-XXXXXX", path[64];
    struct wsgi_config c;
    struct err err;
    struct stat st;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    wsgi_config_init(&c);
    CU_ASSERT(apply(&c, "socket", "127.0.0.1:0", &err));
    CU_ASSERT(apply(&c, "protocol", "http", &err));
    CU_ASSERT(apply(&c, "uwsgi-socket", path, &err));
    CU_ASSERT(apply(&c, "http-socket", "127.0.0.1:0", &err));
    CU_ASSERT(apply(&c, "chmod-socket", "600", &err));
    CU_ASSERT(wsgi_config_listen(&c, &err));
    CU_ASSERT_EQUAL(c.sockets[0].protocol, WSGI_HTTP);
    CU_ASSERT_EQUAL(c.sockets[1].protocol, WSGI_UWSGI);
    CU_ASSERT_EQUAL(c.sockets[2].protocol, WSGI_HTTP);
    for (int i = 0; i < 3; i++)
        CU_ASSERT(c.sockets[i].fd >= 0);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    wsgi_config_free(&c);
    unlink(path);
    rmdir(dir);
}

/* ":port" is every IPv4 address, as in uWSGI. */
static void addresses(void)
{
    static const struct {
        const char *text, *prefix;
    } table[] = {{":0", "0.0.0.0:"},
                 {"0.0.0.0:0", "0.0.0.0:"},
                 {"127.0.0.1:0", "127.0.0.1:"},
                 {"[::1]:0", "[::1]:"}};
    struct wsgi_config c;
    struct err err;

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[NET_ADDR_TEXT];
        struct net_addr addr;
        wsgi_config_init(&c);
        CU_ASSERT(apply(&c, "http-socket", table[i].text, &err));
        CU_ASSERT(wsgi_config_listen(&c, &err));
        CU_ASSERT(net_local(c.sockets[0].fd, &addr));
        net_print(&addr, text);
        CU_ASSERT(span_starts(span_of(text), span_of(table[i].prefix)));
        CU_ASSERT_EQUAL(c.sockets[0].port, net_port(&addr));
        wsgi_config_free(&c);
    }
}

static void bad_sockets(void)
{
    static const char *const addresses[] = {
        "127.0.0.1:99999", "127.0.0.1:x",    "fd://9999", "fd://x",
        "fd://0",          "/no/such/dir/s", "::::"};
    struct wsgi_config c;
    struct err err;

    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        wsgi_config_init(&c);
        CU_ASSERT(apply(&c, "http-socket", addresses[i], &err));
        CU_ASSERT(!wsgi_config_listen(&c, &err));
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, addresses[i]));
        wsgi_config_free(&c);
    }
    wsgi_config_init(&c);
    CU_ASSERT(apply(&c, "http-socket", "no such host:80", &err));
    CU_ASSERT(!wsgi_config_listen(&c, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no such host"));
    wsgi_config_free(&c);
}

static void enter(void)
{
    struct wsgi_config c;
    struct err err;

    wsgi_config_init(&c);
    CU_ASSERT(apply(&c, "env", "STRATA_A=1=2", &err));
    CU_ASSERT(apply(&c, "env", "STRATA_B", &err));
    CU_ASSERT(wsgi_config_enter(&c, &err));
    CU_ASSERT_STRING_EQUAL(getenv("STRATA_A"), "1=2");
    CU_ASSERT_STRING_EQUAL(getenv("STRATA_B"), "");
    CU_ASSERT(apply(&c, "env", "=x", &err));
    CU_ASSERT(!wsgi_config_enter(&c, &err));
    wsgi_config_free(&c);
    wsgi_config_init(&c);
    CU_ASSERT(apply(&c, "chdir", "/no/such", &err));
    CU_ASSERT(!wsgi_config_enter(&c, &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/no/such"));
    wsgi_config_free(&c);
}

UNIT_MAIN("wsgi_options", {"texts", texts}, {"flags", flags},
          {"values", values}, {"times", times}, {"sockets", sockets},
          {"addresses", addresses}, {"bad sockets", bad_sockets},
          {"enter", enter})
