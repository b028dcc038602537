/* setup: one program at a time, kept while cases want the same. */

#include "setup.h"

#include "command.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Milliseconds, times the scale. */
#define START_LIMIT 5000
#define STOP_GRACE  1000

#define MAX_COMPLAINT 65536

bool host_init(struct host *h, const struct setup *setup, const char *folder,
               struct err *e)
{
    *h = (struct host){.setup = setup};
    h->folder = strdup(folder);
    h->program.port.fd = h->backend.port.fd = -1;
    h->program.grace = h->backend.grace = (int64_t)(STOP_GRACE * setup->scale);
    buf_init(&h->complaint, MAX_COMPLAINT);
    if (!h->folder || mkdir(folder, 0755) != 0)
        return err_set(e, "cannot make %s: %s", folder, strerror(errno));
    return true;
}

static void stop_program(struct host *h, struct program *p, char **key)
{
    bool ran = p->pid != 0;

    program_stop(p);
    if (ran && h->complaint.len == 0)
        program_complaint(p->log, &h->complaint);
    port_release(&p->port);
    free(*key);
    *key = NULL;
}

void host_stop(struct host *h)
{
    stop_program(h, &h->program, &h->key);
    stop_program(h, &h->backend, &h->backend_key);
    mem_free(&h->mem);
    h->program.log = h->backend.log = h->access_log = NULL;
}

void host_free(struct host *h)
{
    host_stop(h);
    buf_free(&h->complaint);
    free(h->folder);
}

bool host_wants_own(const struct corpus_case *c, int stage)
{
    return c->needs_tree || c->needs_program ||
           (stage == 6 && (c->config_count || c->upstreams));
}

static char *address(struct mem *m, int port)
{
    return mem_printf(m, "127.0.0.1:%d", port);
}

/* Where everything is, but for the addresses that change from start to
 * start. */
static struct places find_places(struct host *h, struct mem *m,
                                 const struct corpus_case *c,
                                 const struct world *w)
{
    struct places at = {.addr = "ADDR", .port = "PORT", .app = "APP"};
    const char *tree =
        c->needs_tree ? mem_printf(m, "%s/tree", h->folder) : h->setup->tree;

    for (int i = 0; i < CASE_PEERS; i++)
        at.up[i] = address(m, w->upstreams[i].port.port);
    at.www = mem_printf(m, "%s/www", tree);
    at.apps = mem_printf(m, "%s/apps", tree);
    at.dir = mem_printf(m, "%s/dir", h->folder);
    at.prefix = mem_printf(m, "%s/prefix", h->folder);
    at.conf = mem_printf(m, "%s/prefix/conf/nginx.conf", h->folder);
    at.access_log = mem_printf(m, "%s/access.log", h->folder);
    return at;
}

/* How the program would be started, as one text. */
static void start_key(struct buf *out, const struct corpus_case *c, int stage,
                      char *const *words, const struct places *at)
{
    command_show(out, words);
    if (stage == 6) {
        command_conf(out, c, at);
        buf_printf(out, "%s %s", c->app.len ? c->app.ptr : "",
                   c->callable.len ? c->callable.ptr : "");
    }
    buf_add_char(out, '\0');
}

static bool write_prefix(struct host *h, const struct corpus_case *c,
                         const struct places *at, struct err *e)
{
    struct mem m = {0};
    struct buf conf;
    bool good;

    buf_init(&conf, SIZE_MAX);
    command_conf(&conf, c, at);
    tree_delete(at->prefix);
    mkdir(at->prefix, 0755);
    good =
        tree_write(h->folder, SPAN("prefix/conf/nginx.conf"), buf_span(&conf),
                   e) &&
        tree_write(h->folder, SPAN("prefix/logs/README"), SPAN(""), e) &&
        tree_copy_file(mem_printf(&m, "%s/conf/mime.types", h->setup->corpus),
                       mem_printf(&m, "%s/conf/mime.types", at->prefix), e) &&
        tree_copy_file(mem_printf(&m, "%s/conf/uwsgi_params", h->setup->corpus),
                       mem_printf(&m, "%s/conf/uwsgi_params", at->prefix), e);
    remove(at->access_log);
    buf_free(&conf);
    mem_free(&m);
    return good;
}

static bool start_backend(struct host *h, const struct corpus_case *c,
                          struct places *at, bool fresh, struct err *e)
{
    struct mem m = {0};
    struct buf key;
    bool good = true;

    buf_init(&key, SIZE_MAX);
    command_show(&key, command_backend(&m, c, h->setup->backend, at));
    buf_add_char(&key, '\0');
    if (fresh || !h->backend_key || strcmp(h->backend_key, key.ptr) != 0 ||
        !program_alive(&h->backend)) {
        stop_program(h, &h->backend, &h->backend_key);
        h->backend_key = strdup(key.ptr);
        good = port_hold(&h->backend.port, e);
        at->app = address(&h->mem, h->backend.port.port);
        h->backend.log = mem_printf(&h->mem, "%s/backend.log", h->folder);
        good = good &&
               program_start(&h->backend,
                             command_backend(&h->mem, c, h->setup->backend, at),
                             (int64_t)(START_LIMIT * h->setup->scale),
                             e) == START_DONE;
        if (!good)
            stop_program(h, &h->backend, &h->backend_key);
    } else {
        at->app = address(&h->mem, h->backend.port.port);
    }
    buf_free(&key);
    mem_free(&m);
    return good;
}

static bool prepare(struct host *h, const struct corpus_case *c, int stage,
                    struct places *at, bool fresh, struct err *e)
{
    if (c->needs_tree) {
        h->tree = mem_printf(&h->mem, "%s/tree", h->folder);
        if (!tree_make(h->setup->corpus, h->tree, c, e))
            return false;
    } else {
        h->tree = (char *)h->setup->tree;
    }
    tree_delete(at->dir);
    mkdir(at->dir, 0755);
    if (stage == 6 && c->app.len && !start_backend(h, c, at, fresh, e))
        return false;
    if (!port_hold(&h->program.port, e))
        return false;
    at->addr = address(&h->mem, h->program.port.port);
    at->port = mem_printf(&h->mem, "%d", h->program.port.port);
    return stage != 6 || write_prefix(h, c, at, e);
}

static enum start start(struct host *h, const struct corpus_case *c, int stage,
                        char *const *words, const struct world *w, bool fresh,
                        struct err *e)
{
    struct places at;

    stop_program(h, &h->program, &h->key);
    if (fresh || c->needs_tree)
        stop_program(h, &h->backend, &h->backend_key);
    at = find_places(h, &h->mem, c, w);
    if (!prepare(h, c, stage, &at, fresh, e))
        return START_BROKEN;
    h->access_log = (char *)at.access_log;
    h->program.log = mem_printf(&h->mem, "%s/program.log", h->folder);
    return program_start(
        &h->program,
        command_words(&h->mem, c, stage, h->setup->wrap, words, &at),
        (int64_t)(START_LIMIT * h->setup->scale), e);
}

enum start host_ready(struct host *h, const struct corpus_case *c, int stage,
                      char *const *words, const struct world *w, bool fresh,
                      struct err *e)
{
    struct mem m = {0};
    struct places at = find_places(h, &m, c, w);
    enum start done = START_DONE;
    struct buf key;

    buf_init(&key, SIZE_MAX);
    start_key(&key, c, stage,
              command_words(&m, c, stage, h->setup->wrap, words, &at), &at);
    fresh |= host_wants_own(c, stage);
    if (fresh || !h->key || strcmp(h->key, key.ptr) != 0 ||
        !program_alive(&h->program) ||
        (h->backend_key && !program_alive(&h->backend))) {
        done = start(h, c, stage, words, w, fresh, e);
        h->plays = 0;
        if (done == START_DONE)
            h->key = strdup(key.ptr);
        else
            stop_program(h, &h->program, &h->key);
    }
    h->plays++;
    buf_free(&key);
    mem_free(&m);
    return done;
}

void host_command(const struct host *h, const struct corpus_case *c, int stage,
                  char *const *words, struct buf *out)
{
    struct mem m = {0};
    struct places at = {
        .addr = "127.0.0.1:8080", .port = "8080", .app = "127.0.0.1:9090"};

    for (int i = 0; i < CASE_PEERS; i++)
        at.up[i] = address(&m, 9091 + i);
    at.www = mem_printf(&m, "%s/www", h->setup->corpus);
    at.apps = mem_printf(&m, "%s/apps", h->setup->corpus);
    at.dir = "DIR";
    at.prefix = "PREFIX";
    at.conf = "nginx.conf";
    at.access_log = "access.log";
    command_show(out, command_words(&m, c, stage, NULL, words, &at));
    mem_free(&m);
}
