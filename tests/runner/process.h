/* process: starting the program under test, and ending it for good.
 *
 * A program runs in its own session and process group, dies with the grader,
 * reads /dev/null, and writes into a log.  It has started when it listens on
 * the port that is held for it; that the listener is its own, and nobody
 * else's, is looked up in /proc before anybody connects. */

#ifndef RUNNER_PROCESS_H
#define RUNNER_PROCESS_H

#include "peer.h"

#include <sys/types.h>

struct program {
    pid_t pid; /* 0: not running */
    struct held_port port;
    const char *log; /* the path of its log; the caller's memory */
    int64_t grace;   /* milliseconds to end in after SIGTERM */
    bool ended;      /* it has ended by itself or by the script's signal */
    int status;      /* then: as from waitpid */
};

/* Who is to blame for a program that does not listen. */
enum start {
    START_DONE,
    START_FAILED,   /* the program */
    START_DOUBTFUL, /* the program, unless it was the machine */
    START_BROKEN,   /* we could not start it */
};

/* Starts argv (looked up in PATH) and waits until it listens on p->port, which
 * is held, for at most limit milliseconds that count (pace.h).  But for
 * START_DONE there is a sentence in e, and it is not running. */
enum start program_start(struct program *p, char *const argv[], int64_t limit,
                         struct err *e);

/* False when it is not running (any more). */
bool program_alive(struct program *p);

/* SIGTERM for the process, and SIGKILL for all of its session when it has
 * ended or its grace is over; nothing of it is left. */
void program_stop(struct program *p);

/* Appends the first lines that a memory checker (Valgrind, a sanitizer) has
 * written into the log; false when there is none. */
bool program_complaint(const char *path, struct buf *out);

/* Appends what the log holds from byte `from` on, at most `most` bytes of its
 * end. */
void program_log(const char *path, int64_t from, size_t most, struct buf *out);
int64_t program_log_size(const char *path);

/* A word for how a process ended: "exit status 1", "signal 11 (Segmentation
 * fault)". */
const char *program_ending(int status, char *text, size_t size);

/* Splits a command into words as a shell would, with its quotes and
 * backslashes and nothing else; ended by NULL.  False when a quote is open. */
bool program_words(struct mem *m, struct span command, char ***words,
                   size_t *count);

/* Ends every process that was started below this one and is still there. */
void process_reap_all(void);

#endif
