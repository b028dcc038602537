/* signals: a signal is an event like others. */

#include "unit.h"

#include "event.h"

#include <signal.h>
#include <sys/signalfd.h>

static uint32_t came[4];
static int count;

static void signal_ready(struct event *e)
{
    struct signalfd_siginfo info;

    if (!e->can_read)
        return;
    while (count < 4 && read(e->fd, &info, sizeof info) == sizeof info)
        came[count++] = info.ssi_signo;
    e->can_read = false; /* the last read said EAGAIN */
}

static void test_signals(void)
{
    struct event_loop *loop = event_loop_new();
    struct event e = {.ready = signal_ready};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CU_ASSERT_TRUE_FATAL(event_add_signals(loop, &e, &set));
    event_run(loop, 0);
    CU_ASSERT_EQUAL(count, 0);
    raise(SIGUSR1);
    raise(SIGUSR2);
    event_run(loop, 1000);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(came[0] + came[1], SIGUSR1 + SIGUSR2);
    raise(SIGUSR1);
    event_run(loop, 1000);
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_EQUAL(came[2], SIGUSR1);
    event_close(loop, &e);
    CU_ASSERT_EQUAL(e.fd, -1);
    event_loop_free(loop);
}

/* Closing it gives the descriptor back. */
static void test_closed(void)
{
    struct event_loop *loop = event_loop_new();
    struct event e = {.ready = signal_ready, .fd = -1};
    int before = dup(0), after;
    sigset_t set;

    close(before);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CU_ASSERT_TRUE(event_add_signals(loop, &e, &set));
    event_close(loop, &e);
    after = dup(0);
    CU_ASSERT_EQUAL(after, before);
    close(after);
    event_loop_free(loop);
}

UNIT_MAIN("signals", {"signals", test_signals}, {"closed", test_closed})
