/* proc: reading /proc, and asking the kernel who listens. */

#include "proc.h"

#include <dirent.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_LISTENERS 8 /* on one port, that are looked at */

struct process {
    pid_t pid, parent, session;
};

/* Field 2 of stat is the name in parentheses, and may hold anything. */
static bool read_process(const char *name, struct process *p)
{
    char path[64], text[512];
    int group;
    FILE *stat;
    char *after;
    size_t n;

    p->pid = (pid_t)strtol(name, NULL, 10);
    if (p->pid <= 0)
        return false;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)p->pid);
    stat = fopen(path, "re");
    if (!stat)
        return false;
    n = fread(text, 1, sizeof text - 1, stat);
    fclose(stat);
    text[n] = '\0';
    after = strrchr(text, ')');
    return after && sscanf(after + 1, " %*c %d %d %d", &p->parent, &group,
                           &p->session) == 3;
}

static bool for_each_process(bool (*see)(const struct process *p,
                                         void *context),
                             void *context)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    struct process p;
    bool found = false;

    while (dir && !found && (entry = readdir(dir)))
        if (read_process(entry->d_name, &p))
            found = see(&p, context);
    if (dir)
        closedir(dir);
    return found;
}

/* The inodes of the sockets that listen on a port. */
struct listeners {
    int port;
    uint64_t inodes[MAX_LISTENERS];
    size_t count;
};

static void add_listener(struct listeners *l, int port, uint64_t inode)
{
    if (port == l->port && l->count < MAX_LISTENERS)
        l->inodes[l->count++] = inode;
}

/* Asks the kernel for the listening sockets alone: the tables in /proc hold
 * every connection too, and take milliseconds to write. */
static bool ask_listeners(int fd, int family)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } ask = {
        .header = {.nlmsg_len = sizeof ask,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .request = {.sdiag_family = (uint8_t)family,
                    .sdiag_protocol = IPPROTO_TCP,
                    .idiag_states = 1u << TCP_LISTEN},
    };

    return send(fd, &ask, sizeof ask, 0) == sizeof ask;
}

/* One datagram of the answer; false when it was the last, or an error. */
static bool take_listeners(int fd, struct listeners *l, bool *good)
{
    _Alignas(struct nlmsghdr) char bytes[32768];
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    struct nlmsghdr *m = (struct nlmsghdr *)bytes;

    for (; n > 0 && NLMSG_OK(m, (unsigned)n); m = NLMSG_NEXT(m, n)) {
        struct inet_diag_msg *d = NLMSG_DATA(m);

        if (m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR) {
            *good = m->nlmsg_type == NLMSG_DONE;
            return false;
        }
        add_listener(l, ntohs(d->id.idiag_sport), d->idiag_inode);
    }
    return n >= 0;
}

static bool find_by_netlink(struct listeners *l)
{
    static const int families[] = {AF_INET, AF_INET6};
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    bool good = fd >= 0;

    for (int i = 0; good && i < 2; i++) {
        good = false;
        if (ask_listeners(fd, families[i]))
            while (take_listeners(fd, l, &good))
                ;
    }
    if (fd >= 0)
        close(fd);
    return good;
}

/* Where the kernel was built without that, there are the tables. */
static void find_by_table(struct listeners *l, const char *table)
{
    FILE *in = fopen(table, "re");
    char line[512];

    while (in && fgets(line, sizeof line, in)) {
        unsigned port, state;
        uint64_t inode;

        if (sscanf(line,
                   " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*d %*d "
                   "%" SCNu64,
                   &port, &state, &inode) == 3 &&
            state == TCP_LISTEN)
            add_listener(l, (int)port, inode);
    }
    if (in)
        fclose(in);
}

static bool holds_socket(pid_t pid, uint64_t inode)
{
    char path[64], want[64], link[64];
    struct dirent *entry;
    bool found = false;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    snprintf(want, sizeof want, "socket:[%" PRIu64 "]", inode);
    dir = opendir(path);
    while (dir && !found && (entry = readdir(dir))) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof link);

        found =
            n == (ssize_t)strlen(want) && memcmp(link, want, (size_t)n) == 0;
    }
    if (dir)
        closedir(dir);
    return found;
}

struct listener {
    pid_t session;
    uint64_t inode;
};

static bool is_owner(const struct process *p, void *context)
{
    const struct listener *l = context;

    return p->session == l->session && holds_socket(p->pid, l->inode);
}

bool proc_listens(pid_t session, int port)
{
    struct listeners l = {.port = port};

    if (!find_by_netlink(&l)) {
        l.count = 0;
        find_by_table(&l, "/proc/net/tcp");
        find_by_table(&l, "/proc/net/tcp6");
    }
    for (size_t i = 0; i < l.count; i++)
        if (for_each_process(is_owner,
                             &(struct listener){session, l.inodes[i]}))
            return true;
    return false;
}

static bool kill_of_session(const struct process *p, void *context)
{
    if (p->session == *(pid_t *)context)
        kill(p->pid, SIGKILL);
    return false;
}

void proc_kill_session(pid_t session)
{
    for_each_process(kill_of_session, &session);
}

static bool kill_child(const struct process *p, void *context)
{
    if (p->parent == getpid()) {
        kill(p->pid, SIGKILL);
        *(bool *)context = true;
    }
    return false;
}

bool proc_kill_children(void)
{
    bool some = false;

    for_each_process(kill_child, &some);
    return some;
}
