/* The whole host in one process: an interpreter, an application, a thread
 * that serves, a fork that serves on. */

#include "net.h"
#include "unit.h"
#include "wsgi_host.h"
#include "wsgi_options.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char source[] =
    "import uwsgi\n"
    "class factory:\n"
    "    @staticmethod\n"
    "    def make():\n"
    "        def app(env, start_response):\n"
    "            body = env['wsgi.input'].read()\n"
    "            start_response('200 OK', [])\n"
    "            return [b'%d %d %s ' % (uwsgi.worker_id(), uwsgi.numproc,\n"
    "                                    uwsgi.opt['mark']), body]\n"
    "        return app\n";

struct fixture {
    char dir[32], file[64];
    struct wsgi_config config;
    struct wsgi_host *host;
    struct wsgi_orders orders;
    uint64_t begun, ended;
    struct net_addr addr;
};

static void begin(void *context, const struct wsgi_brief *what)
{
    struct fixture *f = context;
    CU_ASSERT(span_eq(what->method, SPAN("POST")));
    f->begun++;
}

static uint64_t end(void *context, unsigned core)
{
    struct fixture *f = context;
    CU_ASSERT_EQUAL(core, 3);
    return ++f->ended;
}

static void *serve(void *context)
{
    struct fixture *f = context;
    const struct wsgi_hooks hooks = {f, begin, end};
    const struct wsgi_server server = {f->host, &hooks, 3, &f->orders,
                                       {WSGI_LAST_CALL, WSGI_LAST_CALL},
                                       false};
    struct err err;

    return wsgi_serve(&server, &err) ? f : NULL;
}

static const char *ask(struct fixture *f)
{
    static const char request[] = "POST / HTTP/1.1\r\nHost: x\r\n"
                                  "Connection: close\r\n"
                                  "Content-Length: 3\r\n\r\nabc";
    static char text[4096];
    size_t len = 0;
    ssize_t n;
    int fd = net_connect(&f->addr, net_after(unit_patience()));

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT(net_write(fd, request, sizeof request - 1, 5000));
    while ((n = net_read(fd, text + len, sizeof text - 1 - len,
                         net_after(unit_patience()))) > 0)
        len += (size_t)n;
    text[len] = 0;
    close(fd);
    return text;
}

static void set(struct fixture *f, const char *name, const char *value)
{
    struct err err;
    CU_ASSERT(wsgi_option_apply(&f->config,
                                wsgi_option_named(wsgi_options, span_of(name)),
                                value, &err));
}

static void start(struct fixture *f)
{
    struct err err;

    strcpy(f->dir, "/tmp/strata-unit-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(f->dir));
    snprintf(f->file, sizeof f->file, "%s/a.b.py", f->dir);
    FILE *out = fopen(f->file, "w");
    fputs(source, out);
    fclose(out);
    wsgi_config_init(&f->config);
    set(f, "http-socket", "127.0.0.1:0");
    set(f, "wsgi-file", f->file);
    set(f, "callable", "factory.make()");
    set(f, "disable-logging", NULL);
    CU_ASSERT(wsgi_config_listen(&f->config, &err));
    CU_ASSERT(net_local(f->config.sockets[0].fd, &f->addr));
    f->host = wsgi_host_start(&f->config, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->host);
}

static void serve_and_stop(struct fixture *f, const char *expected)
{
    pthread_t thread;
    void *result;

    CU_ASSERT(wsgi_orders_open(&f->orders));
    CU_ASSERT_EQUAL(pthread_create(&thread, NULL, serve, f), 0);
    const char *answer = ask(f);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, expected));
    wsgi_order(&f->orders, WSGI_FINISH);
    pthread_join(thread, &result);
    CU_ASSERT_PTR_EQUAL(result, f);
    close(f->orders.fds[0]);
    close(f->orders.fds[1]);
}

static void life(void)
{
    struct fixture f = {.host = NULL};
    const struct wsgi_identity one = {1, 99, 2}, two = {2, 99, 2};
    int status = -1;

    start(&f);
    CU_ASSERT(wsgi_host_add_opt(f.host, "mark", "m1"));
    CU_ASSERT_EQUAL(wsgi_host_load(f.host, &status), WSGI_LOADED);
    wsgi_host_identify(f.host, &one);
    serve_and_stop(&f, "\r\n\r\n1 2 m1 abc");
    CU_ASSERT_EQUAL(f.begun, 1);
    CU_ASSERT_EQUAL(f.ended, 1);

    pid_t pid = wsgi_host_fork(f.host);
    if (pid == 0) {
        wsgi_host_identify(f.host, &two);
        serve_and_stop(&f, "\r\n\r\n2 2 m1 abc");
        wsgi_host_stop(f.host);
        wsgi_config_free(&f.config);
        _exit(CU_get_number_of_failures() == 0 && f.ended == 2 ? 0 : 1);
    }
    CU_ASSERT(pid > 0);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT_EQUAL(status, 0);
    serve_and_stop(&f, "\r\n\r\n1 2 m1 abc");

    wsgi_host_stop(f.host);
    wsgi_config_free(&f.config);
    unlink(f.file);
    rmdir(f.dir);
}

UNIT_MAIN("wsgi_host", {"life", life})
