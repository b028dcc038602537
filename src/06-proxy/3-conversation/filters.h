/* filters: what stands between a handler's answer and the socket.
 *
 * A filter may look at an answer's head before it is written, change it, and
 * decide to take part in the body.  They are called in the order of the list
 * in answer.c; one can be taken out without a trace in the others. */

#ifndef STRATA_FILTERS_H
#define STRATA_FILTERS_H

#include "bytes.h"
#include "module.h"

struct exchange;
struct front_chunk;

/* add_header: appends the configured fields; false without memory. */
bool headers_filter(struct exchange *x);

/* gzip: says for answer_choose whether the answer has a compressed variant, and
 * whether this client gets it. */
void gzip_choose(struct exchange *x);
/* Sets x->out.gzip when this answer will be compressed, and takes out of its
 * head what held of the bytes as they were. */
bool gzip_filter(struct exchange *x);

/* Compresses bytes (or, `last`, ends the stream) into pieces for
 * answer_compressed; false when it failed. */
bool gzip_bytes(struct exchange *x, struct span bytes, bool last);

/* Goes on with a file that was not compressed whole when the queue was full;
 * true when nothing of it is left. */
bool gzip_file(struct exchange *x, int fd, uint64_t offset, uint64_t n);
bool gzip_continue(struct exchange *x);
bool gzip_busy(const struct exchange *x);
/* Sends what there is, and goes on with the file soon. */
void gzip_pause(struct exchange *x);

/* Body bytes that have passed all filters: framed and queued. */
void answer_framed(struct exchange *x, struct span bytes,
                   struct front_chunk *chunk);

extern const struct module headers_module;

#endif
