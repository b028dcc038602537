/* pool: forking the workers, and reading what they tell. */

#include "pool.h"

#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS 32
#define SLOW        1.5 /* times: a quiet machine varies less */

struct pool_worker {
    pid_t pid;
    int fd; /* -1: it has ended */
    struct buf in;
};

struct pool {
    struct pool_options options;
    struct worker_shared *shared;
    struct pool_worker workers[MAX_WORKERS + 1]; /* the last plays again */
    int count;
    json_t *complaint; /* the first that a worker told of */
    const struct job *list;
    json_t **results; /* as they came; NULL: not yet */
    json_t **doubted; /* the same, of those that are played again */
    size_t jobs;
    size_t *order;
    size_t played; /* of the order, by the workers there are */
    double pace;
};

/* Cases that start the program alike follow each other. */
static int compare_jobs(const void *a, const void *b, void *context)
{
    const struct job *jobs = context;
    const struct job *x = &jobs[*(const size_t *)a];
    const struct job *y = &jobs[*(const size_t *)b];
    struct mem m = {0};
    const struct job *both[2] = {x, y};
    char *keys[2];
    int order;

    for (int i = 0; i < 2; i++) {
        const struct corpus_case *c = both[i]->c;

        keys[i] = mem_printf(&m, "%d %d %s %s %d %s", both[i]->stage,
                             host_wants_own(c, both[i]->stage),
                             c->app.len ? c->app.ptr : "",
                             c->option_count ? c->options[0].text.ptr : "",
                             c->protocol, both[i]->name);
    }
    order = strcmp(keys[0], keys[1]);
    mem_free(&m);
    return order;
}

static bool make_order(struct pool *p)
{
    p->order = calloc(p->jobs + 1, sizeof *p->order);
    p->results = calloc(p->jobs + 1, sizeof(json_t *));
    p->doubted = calloc(p->jobs + 1, sizeof(json_t *));
    if (!p->order || !p->results || !p->doubted)
        return false;
    for (size_t i = 0; i < p->jobs; i++)
        p->order[i] = i;
    qsort_r(p->order, p->jobs, sizeof *p->order, compare_jobs, (void *)p->list);
    p->played = p->jobs;
    return true;
}

/* The worker's half of the fork: never returns. */
static void be_worker(struct pool *p, int number, int fd, pid_t parent)
{
    FILE *out = fdopen(fd, "w");

    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || !out)
        _exit(2);
    worker_run(&p->options, p->list, p->order, p->played, p->shared, number,
               out);
    _exit(fclose(out) == 0 ? 0 : 2);
}

static bool start_worker(struct pool *p)
{
    struct pool_worker *w = &p->workers[p->count];
    pid_t parent = getpid();
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    fflush(NULL);
    w->pid = fork();
    if (w->pid == 0) {
        close(fds[0]);
        be_worker(p, p->count, fds[1], parent);
    }
    close(fds[1]);
    w->fd = fds[0];
    buf_init(&w->in, 64u << 20);
    p->count += w->pid > 0;
    return w->pid > 0;
}

struct pool *pool_start(const struct pool_options *options,
                        const struct job *jobs, size_t count, struct err *e)
{
    struct pool *p = calloc(1, sizeof *p);
    int workers = options->workers;

    if (workers > MAX_WORKERS)
        workers = MAX_WORKERS;
    if ((size_t)workers > count)
        workers = (int)count;
    if (!p)
        return err_set(e, "out of memory"), NULL;
    p->options = *options;
    p->list = jobs;
    p->jobs = count;
    p->shared = mmap(NULL, sizeof *p->shared, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p->shared == MAP_FAILED || !make_order(p)) {
        err_set(e, "out of memory");
        return NULL;
    }
    p->pace = pace_measure();
    if (p->pace == 0) {
        err_set(e, "cannot fork, or not use 127.0.0.1: %s", strerror(errno));
        pool_stop(p);
        return NULL;
    }
    p->shared->slow = p->pace >= SLOW;
    p->shared->deadline =
        world_now() + (int64_t)((double)options->limit * p->pace);
    while (p->count < workers)
        if (!start_worker(p)) {
            err_set(e, "cannot start a worker: %s", strerror(errno));
            pool_stop(p);
            return NULL;
        }
    return p;
}

/* The cases that were doubted, in the order in which they were played. */
static void order_again(struct pool *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->jobs; i++)
        if (p->doubted[p->order[i]] && !p->results[p->order[i]])
            p->order[n++] = p->order[i];
    p->played = n;
}

/* All workers have ended.  True when one more was started, for the doubts. */
static bool play_again(struct pool *p)
{
    double pace;

    if (p->shared->alone)
        return false;
    p->shared->alone = true;
    pace = pace_measure();
    if (pace > p->pace)
        p->pace = pace;
    order_again(p);
    atomic_store(&p->shared->next, 0);
    return p->played > 0 && start_worker(p);
}

double pool_pace(const struct pool *p)
{
    return p->pace >= SLOW ? p->pace : 1;
}

/* A result, or a doubt that is one when it is played again. */
static void take_result(struct pool *p, int job, json_t *result)
{
    if (job < 0 || (size_t)job >= p->jobs || p->results[job])
        return;
    if (json_is_true(json_object_get(result, "doubtful"))) {
        p->doubted[job] = json_incref(result);
        return;
    }
    if (p->doubted[job])
        json_object_set_new(result, "again", json_true());
    p->results[job] = json_incref(result);
}

/* What was doubted and will not be played again is as it was. */
static void stand(struct pool *p)
{
    for (size_t i = 0; i < p->jobs; i++)
        if (p->doubted[i] && !p->results[i])
            p->results[i] = json_incref(p->doubted[i]);
}

/* Takes the lines that are complete. */
static void take_lines(struct pool *p, struct pool_worker *w)
{
    const char *end;

    while ((end = span_chr(buf_span(&w->in), '\n'))) {
        size_t len = (size_t)(end - w->in.ptr);
        json_t *line = json_loadb(w->in.ptr, len, 0, NULL), *result, *text;
        int job;

        if (line && json_unpack(line, "{s:i, s:o}", "job", &job, "result",
                                &result) == 0)
            take_result(p, job, result);
        if (json_object_get(line, "stand"))
            stand(p);
        if (!p->complaint && (text = json_object_get(line, "complaint")))
            p->complaint = json_incref(text);
        json_decref(line);
        buf_consume(&w->in, len + 1);
    }
}

static void read_worker(struct pool *p, struct pool_worker *w)
{
    ssize_t n = -1;

    if (buf_reserve(&w->in, 65536))
        n = read(w->fd, w->in.ptr + w->in.len, 65536);
    if (n > 0) {
        w->in.len += (size_t)n;
        take_lines(p, w);
    } else if (n == 0 || errno != EINTR) {
        close(w->fd);
        w->fd = -1;
    }
}

/* Waits for more of any worker; false when all have ended, or a signal came. */
static bool read_some(struct pool *p)
{
    struct pollfd fds[MAX_WORKERS];
    int open = 0;

    for (int k = 0; k < p->count; k++) {
        fds[k] = (struct pollfd){p->workers[k].fd, POLLIN, 0};
        open += p->workers[k].fd >= 0;
    }
    if (!open)
        return play_again(p);
    if (poll(fds, (nfds_t)p->count, -1) < 0)
        return false;
    for (int k = 0; k < p->count; k++)
        if (fds[k].revents)
            read_worker(p, &p->workers[k]);
    return true;
}

const char *pool_finish(struct pool *p)
{
    while (read_some(p))
        ;
    return p->complaint ? json_string_value(p->complaint) : NULL;
}

bool pool_wait(struct pool *p, size_t i, struct result *result)
{
    while (!p->results[i])
        if (!read_some(p))
            return false;
    return result_read(result, json_incref(p->results[i]));
}

void pool_stop(struct pool *p)
{
    for (int i = 0; i < p->count; i++) {
        struct pool_worker *w = &p->workers[i];

        if (w->fd >= 0) {
            kill(w->pid, SIGTERM);
            close(w->fd);
        }
        waitpid(w->pid, NULL, 0);
        buf_free(&w->in);
    }
    process_reap_all();
    for (size_t i = 0; i < p->jobs; i++) {
        json_decref(p->results[i]);
        json_decref(p->doubted[i]);
    }
    json_decref(p->complaint);
    munmap(p->shared, sizeof *p->shared);
    free(p->results);
    free(p->doubted);
    free(p->order);
    free(p);
}
