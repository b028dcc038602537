/* conf_scope: the step of conf_read after the last file: what a scope left
 * unset it takes from the scope around it, and each module finishes its part.
 */

#ifndef STRATA_CONF_SCOPE_H
#define STRATA_CONF_SCOPE_H

#include "conf.h"

/* This scope's settings have a value in the row's slot. */
bool conf_is_set(const struct conf_row *row, const void *settings);

/* Merges and finishes all of cf->scopes, outer ones first.  False with
 * cf->err set. */
bool conf_finish_scopes(struct conf *cf);

#endif
