/* mime: from a file's name to its media type.
 *
 * A table is made once and then only read.  Extensions are compared in any
 * letter case. */

#ifndef STRATA_MIME_H
#define STRATA_MIME_H

#include "bytes.h"

struct mime_table; /* opaque */

/* An empty table, or NULL with errno ENOMEM.  mime_free takes NULL too. */
struct mime_table *mime_new(void);
void mime_free(struct mime_table *t);

/* Maps an extension (without dot) to a type; the later entry counts.  Both
 * are copied.  False when the memory is out. */
bool mime_add(struct mime_table *t, struct span extension, struct span type);

/* Fills t with the types that nginx ships in its mime.types, from a table in
 * the program. */
bool mime_add_known(struct mime_table *t);

/* The type of the file with this path, by what follows the last dot after the
 * last slash; `otherwise` when the table has none.  The span lives as long as
 * t. */
struct span mime_type(const struct mime_table *t, struct span path,
                      struct span otherwise);

#endif
