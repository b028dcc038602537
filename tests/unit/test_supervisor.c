/* The supervisor with toy workers.
 *
 * Each test forks a master.  Its events, and the words of its workers, arrive
 * here as lines through one pipe; the test sends signals and waits for lines.
 * What a plan's workers do is a word in the plan. */

#include "net.h"
#include "supervisor_child.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct supervisor_signal signals[] = {
    {SIGINT, SUPERVISOR_QUICK},     {SIGTERM, SUPERVISOR_QUICK},
    {SIGQUIT, SUPERVISOR_GRACEFUL}, {SIGHUP, SUPERVISOR_RELOAD},
    {SIGUSR1, SUPERVISOR_PASS},     {SIGUSR2, SUPERVISOR_CALL},
    {SIGWINCH, SUPERVISOR_RETIRE},  {0, 0}};

/* --- the master's process ------------------------------------------- */

struct toy {
    int out;
    const char *const *plans; /* the first, and one for each reload */
    unsigned reloads;
    unsigned workers_after; /* how many after a reload; 0: as many */
    int ticks;
};

static void say(const struct toy *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct toy *t, const char *format, ...)
{
    char line[300];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (write(t->out, line, (size_t)n) != n)
        _exit(99);
}

/* Writes what no report is to where the reports go, and then one that is. */
static void scribble(struct supervisor_worker *w, bool forges)
{
    static const unsigned lengths[] = {1, 15, 16, 17, 100, 4016, 9000};
    static unsigned char junk[9000];
    struct report born = {REPORT_BORN, w->serial, -1, 0};

    memset(junk, 0xff, sizeof junk);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        if (write(w->report, junk, lengths[i]) < 0)
            _exit(97);
    if (forges) /* a birth, of a process that then would be killed */
        born.value = w->master;
    for (born.serial = 0; born.serial < 9; born.serial++)
        if (write(w->report, &born, sizeof born) < 0)
            _exit(97);
    supervisor_note(w, SPAN("whole"));
}

/* Serves until an order comes. */
static int obey(const struct toy *t, const char *plan,
                struct supervisor_worker *w)
{
    struct signalfd_siginfo info;
    int fd = signalfd(-1, &w->signals, SFD_CLOEXEC);

    supervisor_ready(w);
    if (strstr(plan, "retires")) /* like --max-requests */
        return 0;
    if (strstr(plan, "leaves"))
        supervisor_leave(w);
    if (strstr(plan, "note"))
        supervisor_note(w, SPAN("hello"));
    if (strstr(plan, "late"))
        atomic_store(w->deadline, net_after(100));
    if (strstr(plan, "scribbles"))
        scribble(w, strstr(plan, "forges"));
    if (strstr(plan, "served, then dies"))
        raise(SIGKILL);
    for (;;) {
        if (read(fd, &info, sizeof info) != sizeof info)
            return 98;
        say(t, "%s worker %u got %u\n", plan, w->number, info.ssi_signo);
        if (info.ssi_signo == SIGUSR1 || strstr(plan, "deaf"))
            continue;
        if (info.ssi_signo == SIGQUIT && strstr(plan, "slow"))
            unit_dawdle(400000);
        return 0;
    }
}

static int work(void *context, void *plan, struct supervisor_worker *w)
{
    const struct toy *t = context;
    pid_t parent = getppid();

    if (strstr(plan, "fails"))
        return 7;
    if (strstr(plan, "crashes"))
        raise(SIGKILL);
    if (parent != w->master)
        say(t, "a stranger is parent of %u\n", w->number);
    if (w->shared)
        *(int *)w->shared = (int)w->number;
    return obey(t, plan, w);
}

static int prepare(void *context, void *plan, struct supervisor_worker *w)
{
    say(context, "%s prepares %u %s\n", (char *)plan, w->number,
        w->first ? "first" : "later");
    if (strstr(plan, "hangs"))
        pause();
    return strstr(plan, "broken") ? 5 : 0;
}

static pid_t my_fork(void *context)
{
    say(context, "forks\n");
    return fork();
}

static void *reload(void *context, unsigned *workers)
{
    struct toy *t = context;
    const char *plan = t->plans[++t->reloads];

    if (t->workers_after)
        *workers = t->workers_after;
    return strcmp(plan, "none") == 0 ? NULL : (void *)plan;
}

static void release(void *context, void *plan)
{
    say(context, "released %s\n", (char *)plan);
}

static void note(void *context, struct span text)
{
    say(context, "note %.*s\n", SPAN_ARG(text));
}

static void got(void *context, int signo)
{
    say(context, "master got %d\n", signo);
}

static int64_t tick(void *context, bool *again)
{
    struct toy *t = context;

    say(t, "tick\n");
    *again = ++t->ticks == 3;
    return t->ticks < 3 ? 20 : -1;
}

static void event(void *context, const struct supervisor_event *e)
{
    static const char *const names[] = {
        "spawned",   "respawned", "up",        "ended",   "died",
        "late",      "overdue",   "throttled", "no fork", "stopping",
        "reloading", "reloaded",  "failed",    "gave up", "stranger"};

    say(context, "%s %u %d %d\n", names[e->kind], e->number, (int)e->pid,
        e->kind == SUPERVISOR_LATE ? *(const int *)e->shared : e->status);
}

/* --- the test's process --------------------------------------------- */

static struct supervisor_ops ops;
static struct supervisor_config config;
static struct toy toy;
static pid_t master;
static int lines;          /* the reading end */
static char seen[1 << 17]; /* all lines so far */

static void set_up(unsigned workers, const char *const *plans)
{
    ops = (struct supervisor_ops){.work = work,
                                  .reload = reload,
                                  .release = release,
                                  .note = note,
                                  .signal = got,
                                  .event = event};
    config = (struct supervisor_config){.ops = &ops,
                                        .context = &toy,
                                        .signals = signals,
                                        .workers = workers,
                                        .mercy = unit_patience(),
                                        .quick_mercy = unit_patience(),
                                        .shared = sizeof(int)};
    toy = (struct toy){.plans = plans};
}

static void launch(void)
{
    int ends[2];
    sigset_t set;

    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    seen[0] = 0;
    fflush(NULL);
    supervisor_block(signals, &set);
    master = fork();
    if (master == 0) {
        close(ends[0]);
        toy.out = ends[1];
        _exit(supervisor_run(&config, (void *)toy.plans[0]));
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    close(ends[1]);
    lines = ends[0];
}

/* Reads on until `text` has been seen `times` times; false when it does not
 * come. */
static bool sees_times(const char *text, unsigned times)
{
    int64_t end = net_after(unit_patience());
    size_t n = strlen(seen);

    for (;;) {
        unsigned found = 0;
        for (const char *p = seen; (p = strstr(p, text)); p++)
            found++;
        if (found >= times)
            return true;
        struct pollfd fd = {.fd = lines, .events = POLLIN};
        int64_t left = end - net_now();
        if (left <= 0 || poll(&fd, 1, (int)left) <= 0)
            break;
        ssize_t got_now = read(lines, seen + n, sizeof seen - n - 1);
        if (got_now <= 0)
            break;
        n += (size_t)got_now;
        seen[n] = 0;
    }
    printf("waited for \"%s\" x %u in:\n%s\n", text, times, seen);
    return false;
}

static bool sees(const char *text)
{
    return sees_times(text, 1);
}

/* The pid in the last line that begins so. */
static pid_t pid_after(const char *begin)
{
    const char *at = NULL;

    for (const char *p = seen; (p = strstr(p, begin)); p++)
        at = p;
    return at ? (pid_t)atoi(at + strlen(begin)) : -1;
}

/* True once the master has ended, which then is none. */
static bool has_ended(int *status)
{
    if (waitpid(master, status, WNOHANG) != master)
        return false;
    master = 0;
    return true;
}

/* Tells the master something and waits for its end. */
static int finish(int signo)
{
    int status = -1;

    if (signo)
        kill(master, signo);
    if (UNIT_WAIT(master == 0 || has_ended(&status))) {
        sees("the end of the pipe: nobody holds it any more");
        close(lines);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    kill(master, SIGKILL);
    waitpid(master, &status, 0);
    close(lines);
    return -2;
}

/* As finish, but silent about the line that never comes. */
static int ends_with(int signo)
{
    int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);

    fflush(stdout);
    dup2(null, STDOUT_FILENO);
    int status = finish(signo);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    close(out);
    close(null);
    return status;
}

static void starts_and_stops(void)
{
    static const struct {
        int signo;
        const char *order;
    } table[] = {{SIGINT, "a worker 2 got 15"},
                 {SIGTERM, "a worker 2 got 15"},
                 {SIGQUIT, "a worker 2 got 3"}};

    for (int templated = 0; templated < 2; templated++)
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
            set_up(3, (const char *const[]){"a"});
            if (templated)
                ops.prepare = prepare, ops.fork = my_fork;
            launch();
            CU_ASSERT(sees("up 0"));
            CU_ASSERT_EQUAL(ends_with(table[i].signo), 0);
            CU_ASSERT_PTR_NOT_NULL(strstr(seen, "spawned 3 "));
            CU_ASSERT_PTR_NOT_NULL(strstr(seen, table[i].order));
            CU_ASSERT_PTR_NOT_NULL(strstr(seen, "released a"));
            /* A template that is ended in the middle of a fork leaves the
             * process in the middle to the master. */
            CU_ASSERT(templated || !strstr(seen, "stranger"));
            CU_ASSERT_PTR_NULL(strstr(seen, "died"));
            CU_ASSERT_EQUAL(!!strstr(seen, "a prepares 0 first"), templated);
            CU_ASSERT_EQUAL(!!strstr(seen, "forks"), templated);
        }
}

/* A signal that comes at any moment of the start is obeyed. */
static void no_signal_is_lost(void)
{
    for (int i = 0; i < 30; i++) {
        set_up(2, (const char *const[]){"a"});
        if (i % 2)
            ops.prepare = prepare;
        launch();
        if (i > 3)
            unit_dawdle((unsigned)(i / 2) * 100);
        CU_ASSERT_EQUAL(ends_with(i % 3 ? SIGTERM : SIGQUIT), 0);
    }
}

static void replaces_the_dead(void)
{
    for (int templated = 0; templated < 2; templated++) {
        set_up(2, (const char *const[]){"a"});
        if (templated)
            ops.prepare = prepare;
        launch();
        CU_ASSERT(sees("up 0"));
        CU_ASSERT_EQUAL(kill(pid_after("\nspawned 2 "), SIGKILL), 0);
        CU_ASSERT(sees("died 2"));
        CU_ASSERT(sees("respawned 2"));
        CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
        CU_ASSERT_PTR_NULL(strstr(seen, "respawned 1"));
    }
}

static void throttles_who_dies_at_once(void)
{
    set_up(1, (const char *const[]){"a retires"});
    launch();
    CU_ASSERT(sees_times("ended 1", 3)); /* at once, at once, after a second */
    CU_ASSERT(sees("throttled 1"));
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
}

static void replaces_a_template(void)
{
    set_up(1, (const char *const[]){"a"});
    ops.prepare = prepare;
    launch();
    CU_ASSERT(sees("up 0"));
    pid_t worker = pid_after("spawned 1 ");
    char path[64], command[256] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)master,
             (int)master);
    FILE *f = fopen(path, "r");
    int a = 0, b = 0;
    if (f) {
        CU_ASSERT_PTR_NOT_NULL(fgets(command, sizeof command, f));
        fclose(f);
    }
    CU_ASSERT_EQUAL_FATAL(sscanf(command, "%d %d", &a, &b), 2);
    kill(a == worker ? b : a, SIGKILL);
    CU_ASSERT(sees("died 0"));
    CU_ASSERT(sees("a prepares 0 later"));
    kill(worker, SIGKILL);
    CU_ASSERT(sees("respawned 1"));
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
}

static void a_first_start_that_fails(void)
{
    static const struct {
        const char *plan;
        bool templated;
        int status;
    } table[] = {{"fails", false, 7}, {"broken", true, 5}, {"fails", true, 7}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        set_up(2, (const char *const[]){table[i].plan});
        if (table[i].templated)
            ops.prepare = prepare;
        launch();
        CU_ASSERT_EQUAL(ends_with(0), table[i].status);
        CU_ASSERT_PTR_NOT_NULL(strstr(seen, "gave up"));
    }
    set_up(1, (const char *const[]){"crashes"}); /* killed: tried again */
    launch();
    CU_ASSERT(sees("throttled 1"));
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
}

static void reloads(void)
{
    for (int templated = 0; templated < 2; templated++) {
        set_up(2, (const char *const[]){"a slow", "b", "c"});
        toy.workers_after = 3;
        if (templated)
            ops.prepare = prepare;
        launch();
        CU_ASSERT(sees("up 0"));
        kill(master, SIGHUP);
        CU_ASSERT(sees("reloaded"));
        /* the old ones are told only when the new ones are ready */
        CU_ASSERT_EQUAL(strstr(seen, "a slow worker 1 got") == NULL ||
                            strstr(seen, "a slow worker 1 got") >
                                strstr(seen, "spawned 3"),
                        1);
        CU_ASSERT(sees("released a slow"));
        CU_ASSERT(sees("a slow worker 2 got 3"));
        kill(master, SIGHUP);
        CU_ASSERT(sees_times("reloaded", 2));
        CU_ASSERT(sees("b worker 3 got 3"));
        CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(seen, "c worker 3 got 15"));
        CU_ASSERT_PTR_NULL(strstr(seen, "died"));
    }
}

static void a_reload_that_fails(void)
{
    static const char *const bad[] = {"fails", "crashes", "broken", "none"};

    for (size_t i = 0; i < 4; i++) {
        const char *const plans[] = {"a", bad[i], "c"};
        set_up(2, plans);
        ops.prepare = prepare;
        launch();
        CU_ASSERT(sees("up 0"));
        kill(master, SIGHUP);
        CU_ASSERT(sees(i == 3 ? "reloading" : "failed"));
        kill(pid_after("\nspawned 1 "), 0);
        kill(master, SIGHUP); /* and the next one mends it */
        CU_ASSERT(sees("reloaded"));
        CU_ASSERT(sees("a worker 2 got 3"));
        CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
        CU_ASSERT_EQUAL(!!strstr(seen, "released "), true);
    }
}

static void many_reloads(void)
{
    const char *plans[200];

    for (size_t i = 0; i < 200; i++)
        plans[i] = "a";
    set_up(2, plans);
    ops.prepare = prepare;
    launch();
    CU_ASSERT(sees("up 0"));
    for (int i = 0; i < 50; i++) {
        kill(master, SIGHUP);
        unit_dawdle(3000);
    }
    CU_ASSERT(sees_times("reloaded", 2));
    CU_ASSERT_EQUAL(ends_with(SIGQUIT), 0);
    CU_ASSERT_PTR_NULL(strstr(seen, "died"));
}

/* Workers that die in their first moment: whatever the master hears first, of
 * the birth or of the death, each reload comes to its end. */
static void short_lives(void)
{
    const char *plans[302];

    for (size_t i = 0; i < 302; i++)
        plans[i] = i ? "crashes" : "a";
    set_up(1, plans);
    ops.prepare = prepare;
    launch();
    CU_ASSERT(sees("up 0"));
    for (unsigned i = 1; i <= 30; i++) {
        kill(master, SIGHUP);
        if (!sees_times("failed", i)) {
            CU_FAIL("a reload that does not end");
            break;
        }
    }
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
}

/* One that has announced its end is replaced while it still lives: the next of
 * its number is ready, announces its end too, and so on, until all are told to
 * end. */
static void is_replaced_beforehand(void)
{
    set_up(1, (const char *const[]){"a leaves slow"});
    launch();
    CU_ASSERT(sees_times("respawned 1", 2));
    CU_ASSERT_PTR_NULL(strstr(seen, "ended"));
    CU_ASSERT_PTR_NULL(strstr(seen, "died"));
    CU_ASSERT_EQUAL(ends_with(SIGQUIT), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(seen, "ended 1"));
}

static void a_template_that_hangs(void)
{
    set_up(1, (const char *const[]){"a", "b hangs"});
    ops.prepare = prepare;
    launch();
    CU_ASSERT(sees("up 0"));
    kill(master, SIGHUP);
    CU_ASSERT(sees("b hangs prepares"));
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
    set_up(1, (const char *const[]){"a hangs"});
    ops.prepare = prepare;
    launch();
    CU_ASSERT(sees("a hangs prepares"));
    CU_ASSERT_EQUAL(ends_with(SIGQUIT), 0);
}

static void mercy_ends(void)
{
    for (int quick = 0; quick < 2; quick++) {
        set_up(1, (const char *const[]){"a deaf"});
        config.mercy = config.quick_mercy = 100;
        launch();
        CU_ASSERT(sees("up 0"));
        CU_ASSERT_EQUAL(ends_with(quick ? SIGTERM : SIGQUIT), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(seen, "overdue 1"));
    }
}

static void deadlines(void)
{
    set_up(1, (const char *const[]){"a late"});
    config.deadlines = true;
    launch();
    CU_ASSERT(sees("late 1"));
    const char *late = strstr(seen, "late 1 ");
    CU_ASSERT(late && strncmp(strchr(late + 7, ' '), " 1\n", 3) == 0);
    CU_ASSERT(sees("died 1"));
    CU_ASSERT(sees("respawned 1"));
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
}

static void custom_signals(void)
{
    set_up(2, (const char *const[]){"a note", "b"});
    launch();
    CU_ASSERT(sees("up 0"));
    CU_ASSERT(sees_times("note hello", 2));
    kill(master, SIGUSR1);
    CU_ASSERT(sees("master got 10"));
    CU_ASSERT(sees_times("got 10", 3)); /* the master and both workers */
    kill(master, SIGUSR2);
    CU_ASSERT(sees("master got 12"));
    kill(master, SIGWINCH);
    CU_ASSERT(sees_times("ended", 2));
    CU_ASSERT_PTR_NULL(strstr(seen, "respawned"));
    kill(master, SIGHUP); /* workers again */
    CU_ASSERT(sees("reloaded"));
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
    CU_ASSERT_EQUAL(strstr(seen, "worker 1 got 12"), NULL);
}

/* A worker that crashes while it serves: of a request, for all we know. */
static void is_back_soon(void)
{
    set_up(1, (const char *const[]){"served, then dies"});
    launch();
    int64_t begin = net_now();
    CU_ASSERT(sees_times("died 1", 6)); /* 0, 0, 1, 1, 1, 1 seconds between */
    CU_ASSERT(net_now() - begin < 4000 + unit_ms(4000));
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
}

static void strange_reports(void)
{
    for (int templated = 0; templated < 2; templated++) {
        set_up(2, (const char *const[]){templated ? "scribbles"
                                                  : "scribbles and forges"});
        if (templated)
            ops.prepare = prepare;
        launch();
        CU_ASSERT(sees_times("note whole", 2));
        CU_ASSERT(sees("up 0"));
        CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
        CU_ASSERT_PTR_NULL(strstr(seen, "died"));
    }
}

/* Code that never comes to an end of its import, and then code that does. */
static void a_reload_that_hangs(void)
{
    set_up(1, (const char *const[]){"a", "hangs", "c"});
    ops.prepare = prepare;
    launch();
    CU_ASSERT(sees("up 0"));
    kill(master, SIGHUP);
    CU_ASSERT(sees("hangs prepares"));
    kill(master, SIGHUP);
    CU_ASSERT(sees("failed"));
    CU_ASSERT(sees("released hangs"));
    CU_ASSERT(sees("reloaded"));
    CU_ASSERT(sees("a worker 1 got 3"));
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
}

static void ticks(void)
{
    set_up(1, (const char *const[]){"a", "b"});
    ops.tick = tick;
    launch();
    CU_ASSERT(sees_times("tick", 3));
    CU_ASSERT(sees("reloaded")); /* the third one asked for it */
    CU_ASSERT_EQUAL(ends_with(SIGTERM), 0);
}

/* A master that is killed leaves nobody behind. */
static void the_master_dies(void)
{
    for (int templated = 0; templated < 2; templated++) {
        set_up(2, (const char *const[]){"a"});
        if (templated)
            ops.prepare = prepare;
        launch();
        CU_ASSERT(sees("up 0"));
        kill(master, SIGKILL);
        CU_ASSERT(sees_times("got 15", 2));
        struct pollfd fd = {.fd = lines, .events = POLLIN};
        char rest[1000];
        ssize_t n = 1;
        while (n > 0 && poll(&fd, 1, unit_patience()) == 1)
            n = read(lines, rest, sizeof rest);
        CU_ASSERT_EQUAL(n, 0); /* the pipe has ended: all are gone */
        CU_ASSERT_EQUAL(ends_with(0), -1);
    }
}

UNIT_MAIN("supervisor", {"starts and stops", starts_and_stops},
          {"no signal is lost", no_signal_is_lost},
          {"replaces the dead", replaces_the_dead},
          {"throttles who dies at once", throttles_who_dies_at_once},
          {"replaces a template", replaces_a_template},
          {"a first start that fails", a_first_start_that_fails},
          {"reloads", reloads}, {"a reload that fails", a_reload_that_fails},
          {"a reload that hangs", a_reload_that_hangs},
          {"strange reports", strange_reports}, {"is back soon", is_back_soon},
          {"many reloads", many_reloads}, {"short lives", short_lives},
          {"is replaced beforehand", is_replaced_beforehand},
          {"a template that hangs", a_template_that_hangs},
          {"mercy ends", mercy_ends}, {"deadlines", deadlines},
          {"custom signals", custom_signals}, {"ticks", ticks},
          {"the master dies", the_master_dies})
