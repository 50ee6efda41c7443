#include "compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What makes a flow, in the order of comparison. */
static const char *const key_columns[] = {
	"bidirectional_first_seen_ms", "src_ip", "src_port", "dst_ip", "dst_port",
	"protocol", "vlan_id", "tunnel_id",
};
#define N_KEYS (sizeof(key_columns) / sizeof(key_columns[0]))
#define MAX_EXAMPLES 3

/* A row that sorts by its key, then by its id. */
struct row {
	const char *key[N_KEYS];	/* "" where there is no such column */
	unsigned long id;
	size_t index;
};

static int key_order(const struct row *a, const struct row *b)
{
	for (size_t i = 0; i < N_KEYS; i++) {
		int r = strcmp(a->key[i], b->key[i]);

		if (r)
			return r;
	}
	return 0;
}

static int row_order(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int r = key_order(a, b);

	return r ? r : (a->id > b->id) - (a->id < b->id);
}

static struct row *rows_sorted(const struct table *t)
{
	struct row *rows = calloc(t->n_rows + 1, sizeof(*rows));
	long id = table_column(t, "id"), key[N_KEYS];

	if (!rows)
		return NULL;
	for (size_t k = 0; k < N_KEYS; k++)
		key[k] = table_column(t, key_columns[k]);
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t k = 0; k < N_KEYS; k++)
			rows[i].key[k] = key[k] < 0 ? "" : table_cell(t, i, key[k]);
		rows[i].id = id < 0 ? i : strtoul(table_cell(t, i, id), NULL, 10);
		rows[i].index = i;
	}
	qsort(rows, t->n_rows, sizeof(*rows), row_order);
	return rows;
}

static bool floats_equal(const char *a, const char *b, double tolerance)
{
	char *end_a, *end_b;
	double x = strtod(a, &end_a), y = strtod(b, &end_b);

	if (end_a == a || *end_a || end_b == b || *end_b)
		return false;
	if (x == y)
		return true;
	if (!isfinite(x) || !isfinite(y) || (x == floor(x) && y == floor(y)))
		return false;
	return fabs(x - y) <= tolerance * fmax(1, fmax(fabs(x), fabs(y)));
}

static bool is_ignored(const struct compare_opts *opts, const struct table *got, size_t i)
{
	return (opts->ignore_l7 && got->groups[i] == FLOWTAP_GROUP_L7) ||
		(opts->ignore_id && !strcmp(got->names[i], "id"));
}

/* Finds for each column of `want` its place in `got`. They have to be the same
 * in the same order; an ignored one may lack in `want`. */
static bool columns_match(const struct table *want, const struct table *got,
			  const struct compare_opts *opts, size_t *places, FILE *report)
{
	size_t i = 0;

	for (size_t k = 0; k < got->n_columns; k++) {
		const char *name = i < want->n_columns ? want->names[i] : "the end";

		if (!strcmp(name, got->names[k])) {
			places[i++] = k;
		} else if (!is_ignored(opts, got, k)) {
			fprintf(report, "    there is a column %s where %s is expected\n",
				got->names[k], name);
			return false;
		}
	}
	if (i < want->n_columns)
		fprintf(report, "    there is no column %s\n", want->names[i]);
	return i == want->n_columns;
}

static void print_row(FILE *report, const char *what, const struct row *r)
{
	fprintf(report, "    %s: %s:%s > %s:%s protocol %s vlan %s tunnel %s at %s\n", what,
		r->key[1], r->key[2], r->key[3], r->key[4], r->key[5], r->key[6], r->key[7],
		r->key[0]);
}

/* State of a comparison. */
struct comparison {
	const struct table *want, *got;
	const struct compare_opts *opts;
	FILE *report;
	size_t missing, extra, different;
	size_t *places;		/* by column of want: the one of got */
	size_t *bad;		/* by column of want: rows in which it differs */
};

static void compare_row(struct comparison *c, const struct row *w, const struct row *g)
{
	bool same = true;

	for (size_t i = 0; i < c->want->n_columns; i++) {
		size_t k = c->places[i];
		const char *a = table_cell(c->want, w->index, i);
		const char *b = table_cell(c->got, g->index, k);

		if (is_ignored(c->opts, c->got, k) || !strcmp(a, b))
			continue;
		if (c->got->types[k] == FLOWTAP_F64 && floats_equal(a, b, c->opts->tolerance))
			continue;
		if (c->bad[i]++ == 0) {
			print_row(c->report, "differs", w);
			fprintf(c->report, "        %s is %s, not %s\n", c->want->names[i], b, a);
		}
		same = false;
	}
	c->different += !same;
}

static void compare_rows(struct comparison *c, const struct row *w, const struct row *g)
{
	const struct row *w_end = w + c->want->n_rows, *g_end = g + c->got->n_rows;

	while (w < w_end || g < g_end) {
		int r = w == w_end ? 1 : g == g_end ? -1 : key_order(w, g);

		if (r < 0) {
			if (c->missing++ < MAX_EXAMPLES)
				print_row(c->report, "missing", w);
			w++;
		} else if (r > 0) {
			if (c->extra++ < MAX_EXAMPLES)
				print_row(c->report, "extra", g);
			g++;
		} else {
			compare_row(c, w++, g++);
		}
	}
}

int compare_tables(const struct table *want, const struct table *got,
		   const struct compare_opts *opts, FILE *report)
{
	struct comparison c = { want, got, opts, report, .bad = NULL };
	struct row *w = rows_sorted(want), *g = rows_sorted(got);
	int r = -ENOMEM;

	c.places = calloc(want->n_columns + 1, sizeof(*c.places));
	c.bad = calloc(want->n_columns + 1, sizeof(*c.bad));
	if (!w || !g || !c.places || !c.bad)
		goto out;
	r = 0;
	/* Without any flow the reference has no columns either. */
	if (want->n_columns && !columns_match(want, got, opts, c.places, report))
		goto out;
	compare_rows(&c, w, g);
	r = !c.missing && !c.extra && !c.different;
	if (!r)
		fprintf(report, "    of %zu flows %zu differ, %zu are missing; %zu extra\n",
			want->n_rows, c.different, c.missing, c.extra);
out:
	free(w);
	free(g);
	free(c.places);
	free(c.bad);
	return r;
}
