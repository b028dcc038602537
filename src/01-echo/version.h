/* version: of all the programs of the house, in one place. */

#ifndef STRATA_VERSION_H
#define STRATA_VERSION_H

#define STRATA_VERSION "0.1.0"

#endif
