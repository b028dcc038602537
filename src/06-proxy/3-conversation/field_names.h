/* field_names: which fields of a request exist for what comes after. */

#ifndef STRATA_FIELD_NAMES_H
#define STRATA_FIELD_NAMES_H

struct exchange;

/* Takes the fields out of x->request whose names ignore_invalid_headers and
 * underscores_in_headers do not let pass; x->server is known.  As in nginx the
 * default server's settings hold for what stands before the Host, for that is
 * where the server becomes known. */
void field_names_filter(struct exchange *x);

#endif
