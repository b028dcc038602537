/* event: the epoll loop and its timers.
 *
 * One turn is event_run, at the end of the file: it sleeps in epoll, hands out
 * what epoll reports, fires the timers whose time has come, and does what was
 * put off until now.  A handler may close any descriptor and clear any timer,
 * its own or another's: what has left the loop is passed over, and its memory
 * is still there, because it is freed in the last of the four steps. */

#include "event.h"
#include "net.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* What one look at epoll may bring.  With more ready than this, the rest comes
 * with the next look. */
#define EVENT_BATCH 256

struct event_loop {
    int epoll;
    int64_t now;
    struct timer **heap; /* heap[1 .. timers], the earliest first */
    size_t timers, room;
    struct event_later *later, **last_later; /* first come, first run */
};

struct event_loop *event_loop_new(void)
{
    struct event_loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL)
        return NULL;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) {
        free(loop);
        return NULL;
    }
    loop->now = net_now();
    loop->last_later = &loop->later;
    return loop;
}

/* What is added meanwhile waits for the next batch: nobody can keep the loop
 * to himself. */
static void event_run_later(struct event_loop *loop)
{
    struct event_later *l = loop->later, *next;

    loop->later = NULL;
    loop->last_later = &loop->later;
    for (; l != NULL; l = next) {
        next = l->next;
        l->run(l);
    }
}

void event_loop_free(struct event_loop *loop)
{
    while (loop->later != NULL)
        event_run_later(loop);
    close(loop->epoll);
    free(loop->heap);
    free(loop);
}

int64_t event_now(const struct event_loop *loop)
{
    return loop->now;
}

static bool event_register(struct event_loop *loop, struct event *e, int fd,
                           uint32_t what)
{
    struct epoll_event ee = {.events = what, .data.ptr = e};

    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &ee) != 0)
        return false;
    e->fd = fd;
    return true;
}

bool event_add(struct event_loop *loop, struct event *e, int fd)
{
    e->can_read = e->can_write = e->hung_up = e->broken = false;
    return event_register(loop, e, fd,
                          EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

/* A listening socket that several workers watch wakes one of them. */
bool event_add_listener(struct event_loop *loop, struct event *e, int fd,
                        bool shared)
{
    return event_register(loop, e, fd, EPOLLIN | (shared ? EPOLLEXCLUSIVE : 0));
}

void event_remove(struct event_loop *loop, struct event *e)
{
    if (e->fd < 0)
        return;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, e->fd, NULL);
    e->fd = -1;
}

/* Closing the last copy of a descriptor takes it out of epoll, and a worker,
 * which never forks, has the only one; that saves a call per connection. */
void event_close(struct event_loop *loop, struct event *e)
{
    int fd = e->fd;

    if (fd < 0)
        return;
    e->fd = -1;
    close(fd);
}

void event_do_later(struct event_loop *loop, struct event_later *l)
{
    l->next = NULL;
    *loop->last_later = l;
    loop->last_later = &l->next;
}

static void heap_put(struct event_loop *loop, size_t place, struct timer *t)
{
    loop->heap[place] = t;
    t->place = place;
}

/* The parent of place p is p / 2, its children are 2p and 2p + 1, and none is
 * due before its parent.  A timer that is earlier than its parent changes
 * places with it, as often as it takes; in heap_down with the earlier of its
 * children. */
static void heap_up(struct event_loop *loop, size_t place, struct timer *t)
{
    while (place > 1 && loop->heap[place / 2]->queued > t->queued) {
        heap_put(loop, place, loop->heap[place / 2]);
        place /= 2;
    }
    heap_put(loop, place, t);
}

static void heap_down(struct event_loop *loop, size_t place, struct timer *t)
{
    for (;;) {
        size_t child = place * 2;

        if (child > loop->timers)
            break;
        if (child < loop->timers &&
            loop->heap[child + 1]->queued < loop->heap[child]->queued)
            child++;
        if (loop->heap[child]->queued >= t->queued)
            break;
        heap_put(loop, place, loop->heap[child]);
        place = child;
    }
    heap_put(loop, place, t);
}

/* The last one fills the gap.  It may come from another branch, and then it may
 * be too early for its new parent as well as too late for its children. */
static void heap_remove(struct event_loop *loop, struct timer *t)
{
    size_t place = t->place;
    struct timer *last = loop->heap[loop->timers--];

    t->place = 0;
    if (last == t)
        return;
    if (place > 1 && loop->heap[place / 2]->queued > last->queued)
        heap_up(loop, place, last);
    else
        heap_down(loop, place, last);
}

static void heap_insert(struct event_loop *loop, struct timer *t)
{
    if (loop->timers + 2 > loop->room) {
        size_t room = loop->room ? loop->room * 2 : 64;
        struct timer **heap = realloc(loop->heap, room * sizeof *heap);

        if (heap == NULL)
            return; /* without memory a timeout is lost, not the process */
        loop->heap = heap;
        loop->room = room;
    }
    t->queued = t->when;
    heap_up(loop, ++loop->timers, t);
}

/* A later time is only noted: when the old one comes, event_fire_timers finds
 * the note and puts the timer back.  And the time is never now: a timer that
 * sets itself as it fires would be the first again, and hold the loop. */
void timer_set(struct event_loop *loop, struct timer *t, int64_t ms)
{
    t->when = loop->now + (ms > 0 ? ms : 1);
    if (t->place != 0) {
        if (t->when >= t->queued)
            return;
        heap_remove(loop, t);
    }
    heap_insert(loop, t);
}

void timer_clear(struct event_loop *loop, struct timer *t)
{
    t->when = 0;
    if (t->place != 0)
        heap_remove(loop, t);
}

static void event_fire_timers(struct event_loop *loop)
{
    while (loop->timers > 0 && loop->heap[1]->queued <= loop->now) {
        struct timer *t = loop->heap[1];

        heap_remove(loop, t);
        if (t->when > loop->now) {
            heap_insert(loop, t); /* moved meanwhile: see timer_set */
        } else {
            t->when = 0;
            t->fire(t);
        }
    }
}

/* How long epoll may sleep: until the first timer, and not at all when there
 * is something to do already.  The clock is asked again, for the handlers have
 * taken time since the batch began. */
static int event_patience(const struct event_loop *loop, int ms)
{
    int64_t wait;

    if (loop->later != NULL)
        return 0;
    if (loop->timers == 0)
        return ms;
    wait = loop->heap[1]->queued - net_now();
    if (wait < 0)
        wait = 0;
    if (wait > INT32_MAX)
        wait = INT32_MAX;
    return ms >= 0 && ms < wait ? ms : (int)wait;
}

/* An end or an error makes both calls return at once, so both are worth a try:
 * it is read() that says which it was. */
static void event_note(struct event *e, uint32_t what)
{
    if (what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        e->can_read = true;
    if (what & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        e->can_write = true;
    if (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        e->hung_up = true;
    if (what & (EPOLLHUP | EPOLLERR))
        e->broken = true;
}

bool event_run(struct event_loop *loop, int ms)
{
    struct epoll_event batch[EVENT_BATCH];
    int n = epoll_wait(loop->epoll, batch, EVENT_BATCH,
                       event_patience(loop, ms));

    loop->now = net_now();
    if (n < 0 && errno != EINTR)
        return false;
    for (int i = 0; i < n; i++) {
        struct event *e = batch[i].data.ptr;

        if (e->fd < 0)
            continue; /* closed by an event earlier in this batch */
        event_note(e, batch[i].events);
        e->ready(e);
    }
    event_fire_timers(loop);
    event_run_later(loop);
    return true;
}
