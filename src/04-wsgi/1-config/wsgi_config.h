/* wsgi_config: everything that the options of the Python host can say.
 *
 * A struct wsgi_config is filled in by options (wsgi_options.h), one by one,
 * from whatever source: a command line here, configuration files in the next
 * stage.  Texts and lists belong to the configuration; wsgi_config_free gives
 * them back. */

#ifndef STRATA_WSGI_CONFIG_H
#define STRATA_WSGI_CONFIG_H

#include "bytes.h"
#include "version.h"

#include <sys/types.h>

#define WSGI_DEFAULT_BUFFER 65535 /* nginx passes on 32 KB, uWSGI takes 4 */
#define WSGI_DEFAULT_LISTEN 100

enum wsgi_protocol {
    WSGI_UWSGI,
    WSGI_HTTP,
};

struct wsgi_socket {
    char *address; /* as it was given: host:port, :port, /path, fd://N */
    enum wsgi_protocol protocol;
    bool by_option; /* --socket: --protocol decides, wherever it stands */
    int fd;         /* listening; -1 before wsgi_config_listen */
    unsigned port;  /* SERVER_PORT; 80 for a unix socket, as in uWSGI */
    ino_t file;     /* of a unix socket that was made here; else 0 */
};

struct wsgi_texts {
    char **list;
    size_t count;
};

/* An application at and below a path (wsgi_mount.h). */
struct wsgi_mount {
    char *path; /* "/shop", without a slash at its end; "" is the root */
    char *app;  /* file.py, file.wsgi, module or module:callable */
};

/* What becomes of a server whose application cannot be loaded. */
enum wsgi_without_app {
    WSGI_ENDS,          /* it ends with status 1 */
    WSGI_ENDS_AS_UWSGI, /* --need-app: with uWSGI's status for this, 22 */
    WSGI_SERVES_500,    /* --need-app=false: it serves, and says so */
};

/* What `import uwsgi` tells the application; all 0 and masterpid 0 until it is
 * set, which is before wsgi_serve in each worker. */
struct wsgi_identity {
    unsigned worker_id; /* 1, 2, ...; 0: no worker */
    pid_t master;       /* 0: there is none */
    unsigned numproc;
};

struct wsgi_config {
    /* sockets */
    struct wsgi_socket *sockets;
    size_t socket_count;
    enum wsgi_protocol protocol; /* of --socket */
    uint64_t listen;             /* backlog */
    int chmod_socket;            /* -1: as the umask has it */

    /* the application */
    char *module;    /* "package.module" or "module:callable" */
    char *wsgi_file; /* any path */
    char *callable;  /* "application" when NULL; may be dotted, or end in () */
    char *chdir;
    char *virtualenv;
    struct wsgi_texts pythonpath;
    struct wsgi_texts env; /* "NAME=value" */
    struct wsgi_mount *mounts;
    size_t mount_count;
    bool manage_script_name; /* the host finds the mount in the path */
    enum wsgi_without_app without_app;

    /* bounds; times in milliseconds */
    uint64_t buffer_size; /* of a request's head or packet */
    uint64_t limit_post;  /* of a body; UINT64_MAX: none */
    int64_t idle_timeout; /* a kept HTTP connection */
    int64_t head_timeout; /* a head, from its first byte to its last */
    int64_t body_timeout; /* between two pieces of a body */
    int64_t send_timeout; /* a client that takes nothing */

    bool disable_logging;

    /* What the host's user knows and environ and the `uwsgi` module say. */
    const char *program; /* "strata-wsgi" */
    bool multithread;
    bool multiprocess;
    unsigned processes; /* uwsgi.numproc */
};

/* The defaults. */
void wsgi_config_init(struct wsgi_config *c);
void wsgi_config_free(struct wsgi_config *c);

/* Sets a text, or appends to a list; a copy is made.  Memory that is out ends
 * in false with *err set, as everywhere. */
bool wsgi_set_text(char **field, const char *value, struct err *err);
bool wsgi_add_text(struct wsgi_texts *texts, const char *value,
                   struct err *err);
void wsgi_texts_free(struct wsgi_texts *texts);
bool wsgi_add_socket(struct wsgi_config *c, const char *address,
                     enum wsgi_protocol protocol, bool by_option,
                     struct err *err);

/* Opens the listening sockets that are not open yet (fd -1); a socket whose fd
 * is set was inherited and is taken as it is.  False with *err naming the
 * address; those opened before it stay open. */
bool wsgi_config_listen(struct wsgi_config *c, struct err *err);

/* Nobody can connect any more, whichever processes have the sockets open.  One
 * that was passed to the program (fd://) is left alone: it is not its own. */
void wsgi_config_stop_listening(const struct wsgi_config *c);

/* Logs where each socket listens; port 0 has become a real one. */
void wsgi_config_log_sockets(const struct wsgi_config *c);

/* Exports --env, changes into --chdir. */
bool wsgi_config_enter(const struct wsgi_config *c, struct err *err);

#endif
