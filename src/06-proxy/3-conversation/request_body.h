/* request_body: what follows the head. */

#ifndef STRATA_REQUEST_BODY_H
#define STRATA_REQUEST_BODY_H

#include "exchange.h"

/* Reads the whole body into memory and, beyond client_body_buffer_size, a
 * temporary file, then calls ready(x), maybe at once.  An error is answered
 * and ready never called. */
void body_read(struct exchange *x, void (*ready)(struct exchange *x));
/* Reads and drops what is left of it, then calls ready(x), maybe at once. */
void body_discard(struct exchange *x, void (*ready)(struct exchange *x));
/* The client's socket has more of the body, while it is read. */
void body_continue(struct exchange *x);
void body_free(struct exchange *x);

#endif
