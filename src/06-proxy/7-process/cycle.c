/* cycle: read by the language, with the list of modules; then opened. */

#include "cycle.h"
#include "conversation.h"
#include "modules.h"

#include <stdlib.h>
#include <unistd.h>

#define CYCLE_BLOCK 16384

struct cycle *cycle_read(const struct cycle_options *options, struct err *err)
{
    struct cycle *c = calloc(1, sizeof *c);
    struct conf cf = {
        .modules = modules,
        .prefix = span_of(options->prefix),
        .error_log = span_of(options->error_log),
        .pid = span_of(options->pid),
        .access_log = span_of(options->access_log),
        .body_temp = span_of(options->body_temp),
        .warn = options->warn,
        .err = err,
    };

    if (c == NULL) {
        err_set(err, "out of memory");
        return NULL;
    }
    arena_init(&c->arena, CYCLE_BLOCK);
    cf.arena = &c->arena;
    c->main = conf_read(&cf, options->conf, span_of(options->globals));
    if (c->main != NULL) {
        /* Of those that have what they need: the others are not there. */
        c->hooks = hooks_compile(&c->arena, cf.modules);
        if (c->hooks == NULL)
            err_set(err, "out of memory");
    }
    if (c->hooks == NULL) {
        arena_free(&c->arena);
        free(c);
        return NULL;
    }
    c->http = cf.http;
    c->listens = listen_all(c->main);
    c->core = core_settings(c->main);
    c->log = error_log_of(c->main);
    c->files = cf.files;
    c->log_files = cf.log_files;
    return c;
}

bool cycle_open(struct cycle *c, const struct listen *old, bool test,
                struct err *err)
{
    const struct core_user *user = c->core->user;
    uid_t owner = user != NULL && geteuid() == 0 ? user->uid : (uid_t)-1;
    unsigned count;

    if (!log_files_open(c->log_files, err) ||
        !conversation_make_temp_paths(c->http, owner, err) ||
        !listen_sockets_open(c->listens, &c->arena,
                             (unsigned)c->core->worker_processes, old, test,
                             err))
        return false;
    count = listen_sockets_count(c->listens);
    if (c->core->worker_connections >= (int64_t)count &&
        c->core->worker_connections > 0)
        return true;
    return err_set(err,
                   "%lld worker_connections are not enough for %u listening "
                   "sockets",
                   (long long)c->core->worker_connections, count);
}

static bool logs_to_stderr(const struct cycle *c)
{
    for (const struct log_file *f = c->log_files; f != NULL; f = f->next)
        if (f->fd == STDERR_FILENO)
            return true;
    return false;
}

void cycle_keep_stderr(const struct cycle *c)
{
    if (c->core->daemon && !logs_to_stderr(c))
        log_file_take_stderr(c->log->file);
}

void cycle_free(struct cycle *c, const struct listen *kept)
{
    listen_sockets_close(c->listens, kept, true);
    log_files_close(c->log_files);
    arena_free(&c->arena);
    free(c);
}
