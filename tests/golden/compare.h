/* compare.h - are two tables of records the same? */

#ifndef GOLDEN_COMPARE_H
#define GOLDEN_COMPARE_H

#include <stdbool.h>
#include <stdio.h>

#include "table.h"

struct compare_opts {
	double tolerance;	/* of floats, relative above 1 and absolute below */
	bool ignore_l7;		/* these depend on the version of nDPI */
	bool ignore_id;		/* it says the order in which flows ended */
};

/* Records are paired by key and time of the first packet, whatever their
 * order; those of one and the same key in the order of their ids. Then every
 * column of `want` has to be equal in `got`, and stand in the same order.
 * `got` has come from a probe: it knows the types. Says on `report`, in a few
 * lines, what differs. Returns 1 when equal, 0 when not, or -ENOMEM. */
int compare_tables(const struct table *want, const struct table *got,
		   const struct compare_opts *opts, FILE *report);

#endif
