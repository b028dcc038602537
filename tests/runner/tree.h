/* tree: copies of corpus/www and corpus/apps for programs to serve.
 *
 * Every file and folder of a copy has the same modification time, so that
 * Last-Modified and ETag can stand in a case. */

#ifndef RUNNER_TREE_H
#define RUNNER_TREE_H

#include "case.h"

#define TREE_MTIME 1704067200 /* Mon, 01 Jan 2024 00:00:00 GMT */

/* Makes to/www and to/apps from those below `corpus`; an older copy there is
 * removed.  The case's own changes, if any, are made too. */
bool tree_make(const char *corpus, const char *to, const struct corpus_case *c,
               struct err *e);

/* Writes a file below `root` now, or removes it. */
bool tree_write(const char *root, struct span path, struct span bytes,
                struct err *e);
bool tree_remove(const char *root, struct span path, struct err *e);

/* Copies one file. */
bool tree_copy_file(const char *from, const char *to, struct err *e);

/* Removes a folder and all in it, or a file; nothing there is fine. */
void tree_delete(const char *path);

#endif
