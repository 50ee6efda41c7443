/* table.h - records as a table of text, whether from a CSV file or from a probe. */

#ifndef GOLDEN_TABLE_H
#define GOLDEN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "flowtap/flowtap.h"

struct table {
	char **names;		/* n_columns */
	char **cells;		/* n_rows * n_columns, row by row */
	size_t n_columns, n_rows;
	/* of a table that came from a probe; NULL otherwise */
	enum flowtap_type *types;
	enum flowtap_group *groups;
};

/* Reads a CSV file, gzip-compressed or not, with a header. An empty file is a
 * table without columns. Returns 0, -EBADMSG (not such a file), -ENOMEM or
 * the errno of opening. The table is the caller's either way. */
int table_read_csv(struct table *t, const char *path);

/* Takes columns from the features of x. Returns 0 or -ENOMEM. */
int table_columns_from(struct table *t, const struct flowtap *x);
/* Adds a row. Returns 0 or -ENOMEM. */
int table_add_flow(struct table *t, const struct flowtap_flow *flow);

/* Writes CSV; without the columns of layer 7 if so asked. */
void table_write_csv(const struct table *t, FILE *f, bool with_l7);

/* Index of a column, or -1. */
long table_column(const struct table *t, const char *name);
static inline const char *table_cell(const struct table *t, size_t row, size_t column)
{
	return t->cells[row * t->n_columns + column];
}

/* Frees what it holds. A zeroed table is fine. */
void table_free(struct table *t);

#endif
