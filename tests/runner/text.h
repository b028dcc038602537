/* text: the TEXTs of a case, with their escapes and braces
 * (corpus/README.md, "Texts").
 *
 * text_parse reads one, once, when the case is read.  text_resolve makes a
 * pattern of it when it is used: captures, files and addresses are then known
 * and put in, and what is left is bytes and classes of bytes. */

#ifndef RUNNER_TEXT_H
#define RUNNER_TEXT_H

#include "mem.h"

enum text_class {
    TEXT_BYTES, /* no class: these bytes */
    TEXT_ANY,
    TEXT_LINE,
    TEXT_WORD,
    TEXT_DIGITS,
    TEXT_HEX,
    TEXT_DATE,
    TEXT_NOW,
};

enum text_kind {
    TEXT_PIECE, /* bytes or a class */
    TEXT_NAME,  /* {etag}, {addr}, {u1}: looked up when used */
    TEXT_FILE,  /* {file PATH A-B} */
};

struct text_atom {
    enum text_kind kind;
    enum text_class class;
    struct span bytes;   /* the bytes, the name looked up, the file's path */
    struct span capture; /* a class: kept under this name, if any */
    uint64_t from, to;   /* a file: its bytes from..to, both included */
};

struct text {
    struct text_atom *atoms;
    size_t count;
};

/* Appends what `source` stands for to *t, whose memory is m.  A text that is
 * sent may not hold a class (`pattern` false).  False with a sentence in e. */
bool text_parse(struct text *t, struct mem *m, struct span source, bool pattern,
                struct err *e);

/* Appends plain bytes. */
void text_add(struct text *t, struct mem *m, struct span bytes);

/* The word for a class, "any"; "" for TEXT_BYTES. */
const char *text_class_name(enum text_class class);

/* What names and files stand for. */
struct text_env {
    /* The value of a name; a span with a NULL ptr when there is none. */
    struct span (*lookup)(void *context, struct span name);
    void *context;
    const char *files; /* the folder that {file} looks in */
};

struct text_piece {
    enum text_class class;
    struct span bytes;
    struct span capture;
};

struct pattern {
    struct text_piece *pieces; /* two runs of bytes are never neighbours */
    size_t count;
};

/* False with a sentence in e when a name is not known or a file cannot be
 * read. */
bool text_resolve(const struct text *t, const struct text_env *env,
                  struct mem *m, struct pattern *p, struct err *e);

/* The bytes of a pattern without classes. */
struct span pattern_bytes(const struct pattern *p);

/* Appends bytes as a case would write them: printable ASCII, \r, \n, \xHH. */
void text_escape(struct buf *out, struct span bytes);

#endif
