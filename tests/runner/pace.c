/* pace: a look at /proc, and a piece of work with a watch beside it. */

#include "pace.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_AFTER 20  /* ms: a wait that is over by then is not looked at */
#define STARVING   20  /* so many times its length a wait grows, no more */
#define REST_LOOK  500 /* microseconds between two looks */

int64_t world_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What all threads below this process have come to. */
struct look {
    double queued; /* ms in the queue for a CPU */
    bool busy;     /* one of them runs, wants to, or waits for a disk */
    bool known;    /* /proc tells */
};

static FILE *open_of(const char *task, const char *name)
{
    char path[96];

    snprintf(path, sizeof path, "%s/%s", task, name);
    return fopen(path, "re");
}

static void look_at_thread(const char *task, struct look *l)
{
    FILE *stat = open_of(task, "stat"), *sched = open_of(task, "schedstat");
    char text[256];
    unsigned long long ran, queued;
    size_t n = stat ? fread(text, 1, sizeof text - 1, stat) : 0;
    const char *after;

    text[n] = '\0';
    after = strrchr(text, ')');
    if (after && (after[2] == 'R' || after[2] == 'D'))
        l->busy = true;
    if (sched && fscanf(sched, "%llu %llu", &ran, &queued) == 2)
        l->queued += (double)queued / 1e6;
    else if (stat && !sched)
        l->known = false;
    if (stat)
        fclose(stat);
    if (sched)
        fclose(sched);
}

/* Adds the threads of the processes below `pid`, and its own unless it is
 * us. */
static void look_below(int pid, bool self, struct look *l)
{
    char path[32], task[64];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/task", pid);
    dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        FILE *children;
        int child;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(task, sizeof task, "%s/%.20s", path, entry->d_name);
        if (!self)
            look_at_thread(task, l);
        children = open_of(task, "children");
        while (children && fscanf(children, "%d", &child) == 1)
            look_below(child, false, l);
        if (children)
            fclose(children);
        else if (self)
            l->known = false;
    }
    if (dir)
        closedir(dir);
}

/* A virtual machine's time may go to another one: all of it, in ticks. */
static double stolen(void)
{
    unsigned long long x[8] = {0};
    FILE *in = fopen("/proc/stat", "re");
    bool good =
        in && fscanf(in, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &x[0],
                     &x[1], &x[2], &x[3], &x[4], &x[5], &x[6], &x[7]) == 8;

    if (in)
        fclose(in);
    return good ? (double)x[7] * 1000 / (double)sysconf(_SC_CLK_TCK) : 0;
}

static struct look look(void)
{
    struct look l = {.known = true};

    look_below(getpid(), true, &l);
    l.queued += stolen();
    return l;
}

bool pace_at_rest(void)
{
    return !look().busy;
}

void pace_await_rest(void)
{
    struct patience p;

    patience_begin(&p, PACE_REST);
    while (!pace_at_rest() && patience_left(&p))
        usleep(REST_LOOK);
}

void patience_begin(struct patience *p, int64_t most)
{
    int64_t now = world_now();

    *p = (struct patience){.from = now, .most = most, .until = now + most};
}

static void begin_look(struct patience *p)
{
    struct look l = look();

    p->queued = l.known ? (int64_t)l.queued : -1;
    p->looked = true;
}

void patience_watch(struct patience *p, int64_t most)
{
    patience_begin(p, most);
    begin_look(p);
}

/* Where /proc does not tell, the work that is known has to.  That we wake late
 * ourselves is not added: what came meanwhile is seen by the last look, and a
 * wait that grew by each delay of its own would hardly end. */
int64_t patience_lost(struct patience *p)
{
    int64_t passed = world_now() - p->from, lost;
    struct look l = look();

    if (!p->looked)
        return 0;
    if (l.known && p->queued >= 0) {
        lost = (int64_t)l.queued - p->queued;
    } else {
        double factor = pace_measure();

        lost = factor > 1 ? (int64_t)((double)passed * (1 - 1 / factor)) : 0;
    }
    if (lost < 0)
        return 0;
    return lost < passed ? lost : passed;
}

bool patience_left(struct patience *p)
{
    int64_t now = world_now(), until;

    if (!p->looked && now - p->from >= LOOK_AFTER)
        begin_look(p);
    if (now < p->until)
        return true;
    until = p->from + p->most + patience_lost(p);
    p->starved = until - p->from > p->most * STARVING;
    if (until > now && !p->starved) {
        p->until = until;
        p->last = false;
        return true;
    }
    if (p->last)
        return false;
    p->last = true;
    return true;
}

/* The known piece of work. */

#define ROUNDS    5
#define EXCHANGES 5
#define NUMBERS   1000000
#define STUCK     10   /* seconds */
#define QUIET_MS  10.0 /* what it takes on a small machine that is quiet */

static unsigned compute(void)
{
    unsigned n = 1;

    for (int i = 0; i < NUMBERS; i++)
        n = n * 1664525u + 1013904223u;
    return n;
}

/* The other end: sends back what comes. */
static void answer(const struct sockaddr_in *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned n;

    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
        while (recv(fd, &n, sizeof n, 0) == sizeof n)
            if (send(fd, &n, sizeof n, MSG_NOSIGNAL) != sizeof n)
                break;
    _exit(0);
}

static bool one_round(int listener, const struct sockaddr_in *at)
{
    unsigned n = compute();
    pid_t pid = fork();
    bool good = pid > 0;
    int fd;

    if (pid == 0)
        answer(at);
    fd = good ? accept4(listener, NULL, NULL, SOCK_CLOEXEC) : -1;
    for (int i = 0; good && i < EXCHANGES; i++)
        good = send(fd, &n, sizeof n, MSG_NOSIGNAL) == sizeof n &&
               recv(fd, &n, sizeof n, MSG_WAITALL) == sizeof n;
    if (fd >= 0)
        close(fd);
    return pid > 0 && waitpid(pid, NULL, 0) == pid && good;
}

double pace_measure(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval stuck = {.tv_sec = STUCK};
    socklen_t len = sizeof at;
    int64_t begin = world_now();
    double factor;
    bool good = listener >= 0 &&
                setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &stuck,
                           sizeof stuck) == 0 &&
                bind(listener, (struct sockaddr *)&at, sizeof at) == 0 &&
                listen(listener, 1) == 0 &&
                getsockname(listener, (struct sockaddr *)&at, &len) == 0;

    for (int i = 0; good && i < ROUNDS; i++)
        good = one_round(listener, &at);
    if (listener >= 0)
        close(listener);
    factor = (double)(world_now() - begin) / QUIET_MS;
    return !good ? 0 : factor > 1 ? factor : 1;
}
