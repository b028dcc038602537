/* event: one thread, many descriptors, and a clock.
 *
 * The loop waits in epoll, edge-triggered: a descriptor is registered once,
 * for reading and writing, and never touched again until it is closed.  The
 * event remembers what is ready; whoever meets EAGAIN says so and is called
 * when that has changed.  Timers stand in a heap; one that is moved to a later
 * time, as a busy connection's always is, costs nothing until its old time
 * comes. */

#ifndef STRATA_EVENT_H
#define STRATA_EVENT_H

#include "bytes.h"

struct event_loop;

struct event {
    int fd; /* -1: closed; nothing calls it any more */
    bool can_read, can_write;
    bool hung_up; /* the peer will send no more */
    bool broken;  /* and takes nothing either */
    void (*ready)(struct event *e);
    void *owner;
};

struct timer {
    int64_t when;    /* ms on the loop's clock; 0: not set */
    int64_t queued;  /* the time it has in the heap */
    size_t place;    /* in the heap, from 1; 0: not there */
    void (*fire)(struct timer *t);
    void *owner;
};

/* What is done after the current batch of events, in the order in which it
 * was asked for: memory whose events may still stand in the batch is freed
 * through it. */
struct event_later {
    struct event_later *next;
    void (*run)(struct event_later *l);
};

/* NULL with errno set when the system refuses. */
struct event_loop *event_loop_new(void);
void event_loop_free(struct event_loop *loop);

/* Milliseconds of the monotonic clock, as of the start of the batch. */
int64_t event_now(const struct event_loop *loop);

/* Registers fd, which is non-blocking.  A listening socket is watched for
 * reading alone and level-triggered; `shared` when several workers watch it,
 * of whom one is woken.  False with errno. */
bool event_add(struct event_loop *loop, struct event *e, int fd);
bool event_add_listener(struct event_loop *loop, struct event *e, int fd,
                        bool shared);

/* Takes the descriptor out of the loop without closing it; closes it too. */
void event_remove(struct event_loop *loop, struct event *e);
void event_close(struct event_loop *loop, struct event *e);

/* Sets the timer to fire once, ms from now and at least 1; moves it if it is
 * set. */
void timer_set(struct event_loop *loop, struct timer *t, int64_t ms);
void timer_clear(struct event_loop *loop, struct timer *t);

/* Runs l->run when the events of this batch have been dealt with; l must live
 * until then. */
void event_do_later(struct event_loop *loop, struct event_later *l);

/* Waits for the next batch of events and timers, at most `ms` (-1: as long as
 * it takes), and runs them.  False with errno when epoll fails; a signal is
 * no failure. */
bool event_run(struct event_loop *loop, int ms);

#endif
