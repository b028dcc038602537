/* message: HTTP messages and uwsgi packets as the runner reads them.
 *
 * Pure, and written for the judge: it shares no code with the programs under
 * test, and forgives nothing that a program might get wrong. */

#ifndef RUNNER_MESSAGE_H
#define RUNNER_MESSAGE_H

#include "bytes.h"

#define MESSAGE_MAX_FIELDS 512

enum message_kind {
    MESSAGE_RESPONSE,
    MESSAGE_REQUEST,
    MESSAGE_PACKET,
};

enum message_framing {
    MESSAGE_NO_BODY,
    MESSAGE_LENGTH,
    MESSAGE_CHUNKED,
    MESSAGE_TO_CLOSE,
};

enum message_state {
    MESSAGE_MORE,
    MESSAGE_DONE,
    MESSAGE_BAD, /* `problem` says why */
};

struct message_field {
    struct span name, value;
    bool taken; /* a line of the case has spoken of it */
};

struct message {
    enum message_kind kind;
    struct span start; /* the start line, without CRLF; a packet: its header */
    struct message_field fields[MESSAGE_MAX_FIELDS]; /* or variables */
    size_t count;
    size_t head_len;
    enum message_framing framing;
    uint64_t length;
    const char *problem;

    /* The body, decoded so far. */
    struct buf body;
    size_t used;    /* bytes of it, framing included */
    uint64_t chunk; /* left of the chunk */
    int state;
};

/* Reads the head at the start of `bytes`; the fields are parts of it.  The
 * body is empty afterwards, and its memory is taken over from before. */
enum message_state message_head(struct message *m, enum message_kind kind,
                                struct span bytes);

/* Decodes on: `bytes` is all that came after the head, the same as before and
 * some more; `final` when no more will come. */
enum message_state message_body(struct message *m, struct span bytes,
                                bool final);

/* The first line of `bytes`, without its LF (and CR); false when it has not
 * ended yet. */
bool message_line(struct span bytes, struct span *line);

#endif
