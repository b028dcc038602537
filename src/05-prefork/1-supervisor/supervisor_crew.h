/* supervisor_crew: the supervisor's book of its processes, and the two things
 * that it does to them: start and dismiss.  Why and when is decided in
 * supervisor_master.c. */

#ifndef STRATA_SUPERVISOR_CREW_H
#define STRATA_SUPERVISOR_CREW_H

#include "supervisor.h"

enum proc_state {
    PROC_STARTING, /* forked, or ordered from the template (pid 0 till then) */
    PROC_READY,
    PROC_LEAVING, /* was told to end */
};

struct proc {
    uint32_t serial; /* 0: the entry is free */
    pid_t pid;
    unsigned number;        /* 0: a template */
    struct generation *gen; /* NULL: of one that was given up */
    enum proc_state state;
    bool respawn;    /* in place of one that died */
    int64_t since;   /* when it was started */
    int64_t kill_at; /* LEAVING: SIGKILL then; 0: never */
    int orders;      /* template: the pipe to it, else -1 */
};

/* When the worker of a number may be started (again). */
struct turn {
    int64_t at;
    unsigned quick; /* times in a row that it died at once */
    bool had;       /* one of this generation was started before */
};

struct generation {
    void *plan;
    unsigned workers;
    bool first;
    bool up; /* all of its workers were ready once */
    struct turn turns[SUPERVISOR_MAX_WORKERS + 1];
};

/* The memory that a worker shares with the master; config->shared bytes
 * follow.  Each has a cache line of its own. */
struct seat {
    _Alignas(64) _Atomic int64_t deadline;
};

struct crew {
    const struct supervisor_config *config;
    struct proc procs[SUPERVISOR_MAX_PROCS];
    unsigned used; /* entries from this one on were never used */
    uint32_t last_serial;
    char *seats;
    size_t seat_size;
    sigset_t blocked;
    int signals;    /* the signalfd */
    int reports[2]; /* the two ends of all reports' way */
};

/* for (each_proc(p, crew)) ...: the entries in use. */
#define each_proc(p, crew)                                                     \
    struct proc *p = crew_next(crew, (crew)->procs);                           \
    p != NULL;                                                                 \
    p = crew_next(crew, p + 1)

/* The first entry in use from p on, or NULL. */
struct proc *crew_next(struct crew *c, struct proc *p);

/* Opens the descriptors and the shared memory; false with errno. */
bool crew_open(struct crew *c, const struct supervisor_config *config);
void crew_close(struct crew *c);

/* Calls ops->event; p (or NULL) gives the number and the pid. */
void crew_tell(const struct crew *c, enum supervisor_kind kind,
               const struct proc *p, struct supervisor_event e);

#define TELL(crew, kind, p, ...)                                               \
    crew_tell(crew, kind, p, (struct supervisor_event){__VA_ARGS__})

/* A generation of which no process runs yet, and all may start now. */
void generation_init(struct generation *gen, void *plan, unsigned workers,
                     bool first);

/* What p shares with the master. */
struct seat *crew_seat(const struct crew *c, const struct proc *p);

/* Starts what the generation lacks and whose turn it is: the template first,
 * the workers when it is ready. */
void crew_fill(struct crew *c, struct generation *gen, int64_t now);

/* All workers are ready. */
bool crew_complete(struct crew *c, const struct generation *gen);

/* What a template reports of a worker that it was to fork. */
void crew_born(struct crew *c, struct proc *p, pid_t pid);
void crew_unborn(struct crew *c, struct proc *p, int error);

/* p ends by itself, and is killed where it does not. */
void crew_let_go(const struct crew *c, struct proc *p, int64_t now);

/* Tells the processes of one generation, or (NULL) all, to end: now, or when
 * they have finished. */
void crew_dismiss(struct crew *c, const struct generation *gen, bool quick);

/* Strikes p off the book.  With a template go its workers that were ordered
 * and not yet born: they never will be. */
void crew_strike(struct crew *c, struct proc *p);

#endif
