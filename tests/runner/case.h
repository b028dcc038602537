/* case: one case of the corpus, read (corpus/README.md is the grammar).
 *
 * case_read reads a file; case_parse is its pure half.  A mistake is reported
 * as "file:line: what was found, what was expected". */

#ifndef RUNNER_CASE_H
#define RUNNER_CASE_H

#include "text.h"

#define CASE_STAGES    6
#define CASE_PEERS     9 /* clients c..c9, upstreams u1..u9 */
#define CASE_MAX_CHOPS 8

enum case_protocol {
    CASE_HTTP,
    CASE_UWSGI,
};

enum chop_mode {
    CHOP_WRITTEN, /* as the case has it */
    CHOP_WHOLE,
    CHOP_LINES,
    CHOP_BYTES,
    CHOP_RANDOM,
};

struct chop {
    enum chop_mode mode;
    uint32_t seed;
};

enum step_kind {
    /* a client's, or an accepted connection's */
    STEP_CONNECT,
    STEP_REFUSED,
    STEP_SEND,   /* text */
    STEP_PACKET, /* a, b: modifiers; pairs; text: METHOD TARGET, if any */
    STEP_PAUSE,  /* min */
    STEP_SHUT,
    STEP_CLOSE,
    STEP_ABORT,
    STEP_HOLD,
    STEP_START,       /* text */
    STEP_WANT_PACKET, /* a, b */
    STEP_FIELD,       /* name, text; of a packet: a variable */
    STEP_NO_FIELD,    /* name, text when has_text */
    STEP_MAY_FIELD,   /* name, text */
    STEP_ONLY,
    STEP_BODY,     /* text */
    STEP_CONTAINS, /* text */
    STEP_LACKS,    /* text */
    STEP_NO_BODY,
    STEP_BYTES,  /* text */
    STEP_EOF,    /* min, max */
    STEP_RESET,  /* min, max */
    STEP_END,    /* min, max */
    STEP_SILENT, /* min */
    /* an upstream's */
    STEP_ACCEPT,
    STEP_REFUSE,
    STEP_LISTEN,
    STEP_HANG,
    STEP_FULL,
    /* the program's and its world's */
    STEP_LOG,    /* text; access when a is 1 */
    STEP_NO_LOG, /* the same */
    STEP_SIGNAL, /* a */
    STEP_EXIT,   /* a, max */
    STEP_ALIVE,
    STEP_WRITE,  /* name, text */
    STEP_REMOVE, /* name */
};

struct step_pair {
    struct text key, value;
};

struct step {
    enum step_kind kind;
    int line, last_line; /* in the file; from 1 */
    char side;           /* 'c', 'u', or 0 */
    int number;          /* 0 for c, 1 for c2 ...; 0 for u1 ... */
    struct text text;
    bool has_text;
    struct span name;
    struct step_pair *pairs;
    size_t pair_count;
    int a, b;
    int64_t min, max; /* milliseconds; max 0: the case's wait */
};

enum case_context { /* of nginx.conf */
                    CONTEXT_MAIN,
                    CONTEXT_EVENTS,
                    CONTEXT_HTTP,
                    CONTEXT_SERVER,
                    CONTEXT_COUNT,
};

struct case_line {
    struct span text;
    unsigned stages; /* option: for which */
    int at;          /* config: its context */
};

enum tree_kind {
    TREE_FILE,
    TREE_DIR,
    TREE_LINK,
};

/* A file, folder or link line. */
struct tree_change {
    enum tree_kind kind;
    struct span path, target;
    int mode;      /* -1: as is */
    int64_t mtime; /* -1: the corpus' */
    int64_t size;  /* -1: as the text is */
    struct text text;
    bool has_text;
};

struct corpus_case {
    struct mem mem;
    const char *file; /* as it was opened */
    struct span name, title, see, source, hint;
    unsigned stages; /* bit N: stage N */
    int points;
    enum case_protocol protocol;
    struct chop chops[CASE_MAX_CHOPS]; /* the first is CHOP_WRITTEN */
    size_t chop_count;
    struct span app, callable; /* app.len 0: none */
    int64_t wait;
    struct case_line *options, *configs, *differs;
    size_t option_count, config_count, differ_count;
    struct tree_change *changes;
    size_t change_count;
    struct step *steps;
    size_t step_count;
    unsigned upstreams; /* bit N: the script names u(N+1) */
    bool needs_tree;    /* file, dir, link, write or remove */
    bool needs_program; /* signal, exit or alive */
    bool hidden;
};

/* Parses text, the content of `file`, whose name below the corpus, without
 * .case, is `name`.  False with a sentence in e. */
bool case_parse(struct corpus_case *c, const char *file, struct span name,
                struct span text, struct err *e);
bool case_read(struct corpus_case *c, const char *file, struct span name,
               struct err *e);
void case_free(struct corpus_case *c);

/* True when the case names this server ("nginx", "uWSGI") as its source;
 * and when it says that it differs from it (the reason goes to *why). */
bool case_recorded(const struct corpus_case *c, const char *server);
bool case_differs(const struct corpus_case *c, const char *server,
                  struct span *why);

/* "1..3 6" to bits.  False when it is not a list of stages. */
bool case_stages(struct span list, unsigned *stages);

/* "30ms", "1.5s" to milliseconds. */
bool case_time(struct span text, int64_t *ms);

/* The head's half of the parser: takes one line, if its keyword is one of the
 * head's (else *known is false).  `seen` has a bit for each keyword. */
bool case_head_line(struct corpus_case *c, struct span text, unsigned *seen,
                    bool *known, struct err *e);

/* What only the whole case can show: a line that is missing, lines that do not
 * go together. */
bool case_head_check(struct corpus_case *c, unsigned seen, struct err *e);

/* The script's half of the parser: takes one line, `text` without the blanks
 * around it. */
bool case_script_line(struct corpus_case *c, struct span text, int line,
                      struct err *e);

/* Takes the next word off the front of *rest, and the blanks after it. */
struct span case_word(struct span *rest);

#endif
