/* wsgi_mount: several applications in one process, each at and below a path of
 * its own (--mount PATH=APP).
 *
 * Where an application is mounted it finds in SCRIPT_NAME, and what follows in
 * PATH_INFO (PEP 3333, "environ Variables").  A front may cut the path so: its
 * SCRIPT_NAME then names the application.  Or the host cuts it itself, with
 * --manage-script-name.  Pure. */

#ifndef STRATA_WSGI_MOUNT_H
#define STRATA_WSGI_MOUNT_H

#include "wsgi_config.h"

/* The mount, an index into c->mounts, that a request is for, or
 * c->mount_count: it is for none of them.  *cut is how many bytes of the path
 * belong into SCRIPT_NAME; 0: both variables stay as they are. */
size_t wsgi_mount_find(const struct wsgi_config *c, struct span script_name,
                       struct span path, size_t *cut);

/* Takes "PATH=APP" in, as --mount has it. */
bool wsgi_mount_add(struct wsgi_config *c, const char *text, struct err *err);

#endif
