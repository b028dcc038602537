/* proc: reading /proc. */

#include "proc.h"

#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TCP_STATE_LISTEN 0x0a

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

static bool for_each_process(bool (*see)(const struct process *p, void *context),
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

/* The inodes of the sockets that listen on the port, at most `most`. */
static size_t find_listeners(const char *table, int port, uint64_t *inodes,
                             size_t most)
{
    FILE *in = fopen(table, "re");
    char line[512];
    size_t n = 0;

    while (in && n < most && fgets(line, sizeof line, in)) {
        unsigned local, state;
        uint64_t inode;

        if (sscanf(line,
                   " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*d %*d "
                   "%" SCNu64,
                   &local, &state, &inode) == 3 &&
            state == TCP_STATE_LISTEN && (int)local == port)
            inodes[n++] = inode;
    }
    if (in)
        fclose(in);
    return n;
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

        found = n == (ssize_t)strlen(want) && memcmp(link, want, (size_t)n) == 0;
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
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    uint64_t inodes[8];

    for (int t = 0; t < 2; t++) {
        size_t n = find_listeners(tables[t], port, inodes, 8);

        for (size_t i = 0; i < n; i++)
            if (for_each_process(is_owner,
                                 &(struct listener){session, inodes[i]}))
                return true;
    }
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
