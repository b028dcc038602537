/* plan: reads settings into a configuration, and opens its sockets or shares
 * those that are open. */

#include "plan.h"

#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What only a master can do turns the master on. */
static bool imply_master(struct prefork_config *c, struct err *err)
{
    const struct {
        bool set;
        const char *option;
    } reasons[] = {
        {c->processes > 1, "processes"},
        {c->autoreload > 0, "py-autoreload"},
        {c->touch_reload.count > 0, "touch-reload"},
        {c->harakiri > 0, "harakiri"},
        {c->max_requests > 0, "max-requests"},
    };
    struct err remark;

    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (c->master || !reasons[i].set)
            continue;
        c->master = true;
        err_set(&remark, "--%s needs a master: --master is turned on",
                reasons[i].option);
        return wsgi_add_text(&c->remarks, remark.text, err);
    }
    return true;
}

struct plan *plan_read(char **argv, struct err *err)
{
    struct plan *p = calloc(1, sizeof *p);

    if (p == NULL) {
        err_set(err, "out of memory");
        return NULL;
    }
    prefork_config_init(&p->config);
    if (prefork_read_command_line(&p->settings, argv, err) &&
        prefork_apply(&p->config, &p->settings, err) &&
        imply_master(&p->config, err))
        return p;
    plan_free(p);
    return NULL;
}

void plan_free(struct plan *p)
{
    prefork_config_free(&p->config);
    settings_free(&p->settings);
    free(p);
}

/* A process of this plan changes into the directory once more, from wherever
 * it is: the path must be absolute. */
static bool enter(struct wsgi_config *c, struct err *err)
{
    char *absolute;

    if (c->chdir == NULL)
        return true;
    absolute = realpath(c->chdir, NULL);
    if (absolute == NULL || chdir(absolute) < 0) {
        err_set(err, "cannot change into the directory %s: %s", c->chdir,
                strerror(errno));
        free(absolute);
        return false;
    }
    free(c->chdir);
    c->chdir = absolute;
    return true;
}

static bool share_sockets(struct wsgi_config *c, const struct wsgi_config *old,
                          struct err *err)
{
    for (size_t i = 0; i < c->socket_count; i++)
        for (size_t k = 0; k < old->socket_count && c->sockets[i].fd < 0; k++) {
            if (strcmp(c->sockets[i].address, old->sockets[k].address) != 0)
                continue;
            c->sockets[i].fd = fcntl(old->sockets[k].fd, F_DUPFD_CLOEXEC, 3);
            if (c->sockets[i].fd < 0)
                return err_set(err, "cannot share the socket %s: %s",
                               c->sockets[i].address, strerror(errno));
            c->sockets[i].file = old->sockets[k].file;
        }
    return true;
}

bool plan_open(struct plan *p, const struct plan *old, struct err *err)
{
    struct wsgi_config *c = &p->config.wsgi;
    int back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool ok;

    if (c->socket_count == 0)
        ok = err_set(err, "there is nothing to listen on: give --socket ADDR "
                          "or --http-socket ADDR");
    else
        ok = enter(c, err) &&
             (old == NULL || share_sockets(c, &old->config.wsgi, err)) &&
             wsgi_config_listen(c, err);
    if (!ok && back >= 0 && fchdir(back) < 0)
        err_set(err, "cannot change back into the old directory: %s",
                strerror(errno));
    if (back >= 0)
        close(back);
    return ok;
}

void plan_close(struct plan *p)
{
    struct wsgi_config *c = &p->config.wsgi;

    for (size_t i = 0; i < c->socket_count; i++) {
        if (c->sockets[i].fd >= 0)
            close(c->sockets[i].fd);
        c->sockets[i].fd = -1;
    }
}

void plan_remove_sockets(const struct plan *p)
{
    const struct wsgi_config *c = &p->config.wsgi;

    for (size_t i = 0; i < c->socket_count; i++) {
        struct net_addr addr;
        const struct sockaddr_un *un = (const void *)&addr.storage;
        struct stat st;
        if (c->sockets[i].file != 0 && net_local(c->sockets[i].fd, &addr) &&
            lstat(un->sun_path, &st) == 0 && st.st_ino == c->sockets[i].file)
            unlink(un->sun_path);
    }
}
