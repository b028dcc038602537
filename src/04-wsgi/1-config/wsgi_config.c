/* wsgi_config: filled in, and then made true: sockets are opened, the
 * environment is exported, the folder is changed. */

#include "wsgi_config.h"
#include "net.h"
#include "wsgi_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void wsgi_config_init(struct wsgi_config *c)
{
    *c = (struct wsgi_config){
        .listen = WSGI_DEFAULT_LISTEN,
        .chmod_socket = -1,
        .buffer_size = WSGI_DEFAULT_BUFFER,
        .limit_post = UINT64_MAX,
        .idle_timeout = 75000,
        .head_timeout = 60000,
        .body_timeout = 4000,
        .send_timeout = 60000,
        .program = "strata-wsgi",
        .processes = 1,
    };
}

void wsgi_texts_free(struct wsgi_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->list[i]);
    free(texts->list);
    *texts = (struct wsgi_texts){NULL, 0};
}

void wsgi_config_free(struct wsgi_config *c)
{
    for (size_t i = 0; i < c->socket_count; i++) {
        if (c->sockets[i].fd >= 0)
            close(c->sockets[i].fd);
        free(c->sockets[i].address);
    }
    free(c->sockets);
    free(c->module);
    free(c->wsgi_file);
    free(c->callable);
    free(c->chdir);
    free(c->virtualenv);
    for (size_t i = 0; i < c->mount_count; i++) {
        free(c->mounts[i].path);
        free(c->mounts[i].app);
    }
    free(c->mounts);
    wsgi_texts_free(&c->pythonpath);
    wsgi_texts_free(&c->env);
    wsgi_config_init(c);
}

bool wsgi_set_text(char **field, const char *value, struct err *err)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return err_set(err, "out of memory");
    free(*field);
    *field = copy;
    return true;
}

bool wsgi_add_text(struct wsgi_texts *texts, const char *value, struct err *err)
{
    char **list = realloc(texts->list, (texts->count + 1) * sizeof *list);
    if (list == NULL)
        return err_set(err, "out of memory");
    texts->list = list;
    list[texts->count] = NULL;
    if (!wsgi_set_text(&list[texts->count], value, err))
        return false;
    texts->count++;
    return true;
}

bool wsgi_add_socket(struct wsgi_config *c, const char *address,
                     enum wsgi_protocol protocol, bool by_option,
                     struct err *err)
{
    struct wsgi_socket *list =
        realloc(c->sockets, (c->socket_count + 1) * sizeof *list);
    if (list == NULL)
        return err_set(err, "out of memory");
    c->sockets = list;
    list[c->socket_count] = (struct wsgi_socket){
        .protocol = protocol, .by_option = by_option, .fd = -1};
    if (!wsgi_set_text(&list[c->socket_count].address, address, err))
        return false;
    c->socket_count++;
    return true;
}

/* uWSGI's rule: an address without a colon, or that begins like a path, is the
 * path of a unix socket, so "8080" is a file. */
static bool is_path(const char *address)
{
    return strchr(address, ':') == NULL || address[0] == '/' ||
           address[0] == '.';
}

/* uWSGI's way to write an address as net_parse reads it. */
static bool parse_address(struct net_addr *addr, const char *text,
                          struct err *err)
{
    char path[sizeof(struct err)];

    if (!is_path(text))
        return net_parse(addr, text, err);
    if (snprintf(path, sizeof path, "unix:%s", text) >= (int)sizeof path)
        return err_set(err, "the path is longer than a unix socket's may be");
    return net_parse(addr, path, err);
}

/* fd://N: a socket that whoever started the program has opened. */
static int inherited(const char *text, struct err *err)
{
    uint64_t number;
    int fd, listening = 0;
    socklen_t len = sizeof listening;

    if (!span_decimal(span_of(text), &number) || number > INT_MAX) {
        err_set(err,
                "fd://%s: expected the number of an open socket, from 0 to %d",
                text, INT_MAX);
        return -1;
    }
    fd = (int)number;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 ||
        !listening) {
        err_set(err, "fd://%s is not a listening socket", text);
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

/* A client is accepted when its first bytes are there, or after some seconds
 * without any: whoever only connects costs no more than an entry in the kernel,
 * and for all others one wait is spared.  A kernel that cannot do that need
 * not. */
static void defer_accept(int fd)
{
    const int seconds = 4;
    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds);
}

static bool is_inherited(const struct wsgi_socket *s)
{
    return strncmp(s->address, "fd://", 5) == 0;
}

/* The file of a unix socket gets its mode, and is known again by its number: at
 * the end another server may have put its own in the place. */
static bool claim_file(struct wsgi_socket *s, const char *path, int mode)
{
    struct stat st;

    if (mode >= 0 && chmod(path, (mode_t)mode) < 0)
        return false;
    s->file = lstat(path, &st) == 0 ? st.st_ino : 0;
    return true;
}

static bool listen_on(struct wsgi_socket *s, const struct wsgi_config *c,
                      struct err *err)
{
    struct net_addr addr;
    struct err why;

    if (is_inherited(s)) {
        s->fd = inherited(s->address + 5, &why);
    } else if (parse_address(&addr, s->address, &why)) {
        s->fd = net_listen(&addr, (int)c->listen, &why);
        if (s->fd >= 0 && addr.sa.sa_family == AF_UNIX &&
            !claim_file(s, ((struct sockaddr_un *)&addr.storage)->sun_path,
                        c->chmod_socket))
            return err_set(err, "socket %s: chmod: %s", s->address,
                           strerror(errno));
    }
    if (s->fd < 0)
        return err_set(err, "%s", why.text);
    return true;
}

bool wsgi_config_listen(struct wsgi_config *c, struct err *err)
{
    for (size_t i = 0; i < c->socket_count; i++) {
        struct wsgi_socket *s = &c->sockets[i];
        struct net_addr addr;
        bool tcp;

        if (s->by_option)
            s->protocol = c->protocol;
        if (s->fd < 0 && !listen_on(s, c, err))
            return false;
        tcp = net_local(s->fd, &addr) && addr.sa.sa_family != AF_UNIX;
        s->port = tcp ? net_port(&addr) : 80;
        if (tcp) {
            defer_accept(s->fd);
            net_set_nodelay(s->fd, &addr); /* who opened it may not have */
        }
    }
    return true;
}

void wsgi_config_stop_listening(const struct wsgi_config *c)
{
    for (size_t i = 0; i < c->socket_count; i++)
        if (!is_inherited(&c->sockets[i]))
            shutdown(c->sockets[i].fd, SHUT_RDWR);
}

void wsgi_config_log_sockets(const struct wsgi_config *c)
{
    for (size_t i = 0; i < c->socket_count; i++) {
        const struct wsgi_socket *s = &c->sockets[i];
        char text[NET_ADDR_TEXT];
        struct net_addr addr;

        net_local(s->fd, &addr);
        net_print(&addr, text);
        wsgi_log("%s socket %zu bound to %s (%s) fd %d", c->program, i, text,
                 s->protocol == WSGI_HTTP ? "HTTP" : "uwsgi", s->fd);
    }
}

bool wsgi_config_enter(const struct wsgi_config *c, struct err *err)
{
    for (size_t i = 0; i < c->env.count; i++) {
        char *name = c->env.list[i];
        char *equals = strchr(name, '=');
        /* uWSGI takes a name alone as a variable with an empty value. */
        char *bare = strndup(name, equals != NULL ? (size_t)(equals - name)
                                                  : strlen(name));
        bool ok = bare != NULL &&
                  setenv(bare, equals != NULL ? equals + 1 : "", 1) == 0;
        free(bare);
        if (!ok)
            return err_set(err, "--env %s: expected NAME=VALUE", name);
    }
    if (c->chdir != NULL && chdir(c->chdir) < 0)
        return err_set(err, "--chdir %s: %s", c->chdir, strerror(errno));
    return true;
}
