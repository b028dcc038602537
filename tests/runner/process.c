/* process: fork and exec, with a leash. */

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"

#define MAX_LOG      (256 << 20) /* what a program may write into a file */
#define LISTEN_CHECK 5           /* milliseconds between two looks */
#define MAX_LOG_SCAN (16 << 20)  /* of a log, for complaints */

#define COMPLAINT_LINES 40

const char *program_ending(int status, char *text, size_t size)
{
    if (WIFEXITED(status))
        snprintf(text, size, "exit status %d", WEXITSTATUS(status));
    else
        snprintf(text, size, "signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    return text;
}

/* An ordinary user's rights over files, even for root: a case about modes
 * must be able to fail. */
static void drop_rights(void)
{
    struct rlimit files = {MAX_LOG, MAX_LOG}, none = {0, 0};

    prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
    prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0);
    setrlimit(RLIMIT_FSIZE, &files);
    setrlimit(RLIMIT_CORE, &none);
}

/* What a child tells that could not become the program: whether that was our
 * fault, and why. */
struct refusal {
    bool ours;
    int why;
};

static void refuse(int to, bool ours)
{
    struct refusal r = {.ours = ours, .why = errno};

    (void)!write(to, &r, sizeof r);
    _exit(127);
}

/* What a machine lacks, not a file. */
static bool is_lack(int why)
{
    return why == EAGAIN || why == ENOMEM || why == EMFILE || why == ENFILE;
}

/* The child's half: never returns. */
static void become(char *const argv[], const char *log, pid_t parent,
                   int complain)
{
    sigset_t none;
    int in = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);

    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(out, 2) < 0)
        refuse(complain, true);
    closefrom(complain + 1);
    for (int fd = 3; fd < complain; fd++)
        close(fd);
    setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
    drop_rights();
    execvp(argv[0], argv);
    refuse(complain, is_lack(errno));
}

/* Forks; the pipe tells why exec failed, or closes when it did not. */
static enum start spawn(struct program *p, char *const argv[], struct err *e)
{
    pid_t parent = getpid();
    struct refusal r = {0};
    int pipe_fds[2];
    ssize_t n;

    if (pipe2(pipe_fds, O_CLOEXEC) != 0) {
        err_set(e, "cannot make a pipe: %s", strerror(errno));
        return START_BROKEN;
    }
    p->ended = false;
    p->pid = fork();
    if (p->pid == 0)
        become(argv, p->log, parent, pipe_fds[1]);
    close(pipe_fds[1]);
    n = p->pid < 0 ? 0 : read(pipe_fds[0], &r, sizeof r);
    close(pipe_fds[0]);
    if (p->pid < 0) {
        p->pid = 0;
        err_set(e, "cannot fork: %s", strerror(errno));
        return START_BROKEN;
    }
    if (n == sizeof r) {
        waitpid(p->pid, NULL, 0);
        p->pid = 0;
        err_set(e, "cannot run %s: %s", argv[0], strerror(r.why));
        return r.ours ? START_BROKEN : START_FAILED;
    }
    return START_DONE;
}

bool program_alive(struct program *p)
{
    if (p->pid && !p->ended && waitpid(p->pid, &p->status, WNOHANG) == p->pid)
        p->ended = true;
    return p->pid && !p->ended;
}

/* Waits until it listens, has ended, or the time is up. */
static enum start await_listener(struct program *p, struct patience *wait,
                                 struct err *e)
{
    char how[64];

    while (program_alive(p)) {
        if (proc_listens(p->pid, p->port.port))
            return START_DONE;
        if (!patience_left(wait)) {
            err_set(e,
                    "the program does not listen on 127.0.0.1:%d (waited for "
                    "it as long as the grader may)",
                    p->port.port);
            return wait->starved    ? START_BROKEN
                   : pace_at_rest() ? START_FAILED
                                    : START_DOUBTFUL;
        }
        usleep(LISTEN_CHECK * 1000);
    }
    err_set(e,
            "the program ended at its start, with %s, without listening on "
            "127.0.0.1:%d (it must stay in the foreground)",
            program_ending(p->status, how, sizeof how), p->port.port);
    return START_FAILED;
}

enum start program_start(struct program *p, char *const argv[], int64_t limit,
                         struct err *e)
{
    struct patience wait;
    enum start done = spawn(p, argv, e);

    patience_watch(&wait, limit);
    if (done == START_DONE)
        done = await_listener(p, &wait, e);
    if (done == START_FAILED && p->pid && p->ended) {
        /* A server that does not set SO_REUSEADDR cannot bind a port that is
         * held: it gets a second start with the port let go. */
        program_stop(p);
        port_release(&p->port);
        done = spawn(p, argv, e);
        if (done == START_DONE)
            done = await_listener(p, &wait, e);
    }
    if (done != START_DONE)
        program_stop(p);
    return done;
}

void program_stop(struct program *p)
{
    struct patience grace;

    if (!p->pid)
        return;
    patience_begin(&grace, p->grace);
    if (program_alive(p))
        kill(p->pid, SIGTERM);
    while (program_alive(p) && patience_left(&grace))
        usleep(1000);
    proc_kill_session(p->pid);
    if (!p->ended)
        waitpid(p->pid, &p->status, 0);
    while (waitpid(-p->pid, NULL, 0) > 0)
        ;
    p->pid = 0;
}

int64_t program_log_size(const char *path)
{
    FILE *log = fopen(path, "rb");
    int64_t size = 0;

    if (!log)
        return 0;
    if (fseeko(log, 0, SEEK_END) == 0)
        size = ftello(log);
    fclose(log);
    return size;
}

void program_log(const char *path, int64_t from, size_t most, struct buf *out)
{
    int64_t size = program_log_size(path);
    FILE *log = fopen(path, "rb");
    size_t n;

    if (!log)
        return;
    if (size - from > (int64_t)most)
        from = size - (int64_t)most;
    n = size > from ? (size_t)(size - from) : 0;
    if (n && buf_reserve(out, n) && fseeko(log, from, SEEK_SET) == 0)
        out->len += fread(out->ptr + out->len, 1, n, log);
    fclose(log);
}

/* "==123== Invalid read", "ERROR: LeakSanitizer", "x.c:1:2: runtime error: ".
 */
static bool is_complaint(struct span line)
{
    const char *runtime = memmem(line.ptr, line.len, ": runtime error: ", 17);
    size_t n = 2;

    if (memmem(line.ptr, line.len, "ERROR: AddressSanitizer", 23) ||
        memmem(line.ptr, line.len, "ERROR: LeakSanitizer", 20) ||
        (runtime && runtime > line.ptr && runtime[-1] >= '0' &&
         runtime[-1] <= '9'))
        return true;
    if (!span_starts(line, SPAN("==")))
        return false;
    while (n < line.len && line.ptr[n] >= '0' && line.ptr[n] <= '9')
        n++;
    return n > 2 && line.len >= n + 3 && memcmp(line.ptr + n, "== ", 3) == 0;
}

bool program_complaint(const char *path, struct buf *out)
{
    struct span rest, line;
    int lines = 0;
    struct buf log;

    buf_init(&log, MAX_LOG_SCAN);
    if (path)
        program_log(path, 0, MAX_LOG_SCAN, &log);
    rest = buf_span(&log);
    while (lines < COMPLAINT_LINES && span_next(&rest, '\n', &line))
        if (lines || is_complaint(line)) {
            buf_printf(out, "%.*s\n", SPAN_ARG(line));
            lines++;
        }
    buf_free(&log);
    return lines > 0;
}

/* One word at *s, its quotes undone, into out; false at an open quote. */
static bool take_word(struct span *s, struct buf *out)
{
    char quote = 0;

    for (; s->len; s->ptr++, s->len--) {
        char c = s->ptr[0];

        if (quote ? c == quote : c == '\'' || c == '"') {
            quote = quote ? 0 : c;
            continue;
        }
        if (!quote && (c == ' ' || c == '\t'))
            break;
        if (c == '\\' && quote != '\'' && s->len > 1) {
            s->ptr++;
            s->len--;
            c = s->ptr[0];
        }
        buf_add_char(out, c);
    }
    return !quote;
}

bool program_words(struct mem *m, struct span command, char ***words,
                   size_t *count)
{
    struct span rest = span_trim(command);
    struct buf word;
    bool good = true;

    *words = NULL;
    *count = 0;
    buf_init(&word, 65536);
    while (good && rest.len) {
        word.len = 0;
        good = take_word(&rest, &word);
        *words = mem_grow(m, *words, *count, sizeof **words);
        (*words)[(*count)++] = (char *)mem_copy(m, buf_span(&word)).ptr;
        rest = span_trim(rest);
    }
    *words = mem_grow(m, *words, *count, sizeof **words);
    (*words)[*count] = NULL;
    buf_free(&word);
    return good;
}

void process_reap_all(void)
{
    for (int round = 0; round < 100; round++) {
        if (!proc_kill_children())
            break;
        usleep(10000);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}
