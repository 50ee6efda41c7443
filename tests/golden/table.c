#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static int array_grow(char ***v, size_t n, size_t more)
{
	size_t old = n ? (size_t)1 << (64 - __builtin_clzl(n)) : 0;
	char **p;

	if (n + more < old)
		return 0;
	p = reallocarray(*v, (size_t)1 << (64 - __builtin_clzl(n + more)), sizeof(**v));
	if (!p)
		return -ENOMEM;
	*v = p;
	return 0;
}

/* ---- CSV ---- */

/* The whole file, terminated. Returns 0 or a negative errno. */
static int file_read(const char *path, char **ret, size_t *ret_n)
{
	size_t n = 0, room = 1 << 16;
	char *text = malloc(room), *p;
	gzFile f = gzopen(path, "rb");
	int r = 0, got;

	if (!f || !text) {
		r = f ? -ENOMEM : -errno;
		goto fail;
	}
	while ((got = gzread(f, text + n, room - n - 1)) > 0) {
		n += got;
		if (n + 1 < room)
			continue;
		p = realloc(text, room *= 2);
		if (!p) {
			r = -ENOMEM;
			goto fail;
		}
		text = p;
	}
	if (got < 0) {
		r = -EBADMSG;
		goto fail;
	}
	gzclose(f);
	text[n] = '\0';
	*ret = text;
	*ret_n = n;
	return 0;
fail:
	if (f)
		gzclose(f);
	free(text);
	return r;
}

/* Takes one field off *p, which then stands behind its comma or line end.
 * Returns what ended it (',', '\n', or 0 at the end of the text), or -EBADMSG. */
static int csv_field(char **p, char *end, char **ret)
{
	char *from = *p, *to = from;
	bool quoted = from < end && *from == '"';
	int ended;

	if (quoted)
		from++;
	for (; from < end; from++) {
		if (!quoted && (*from == ',' || *from == '\n'))
			break;
		if (*from == '"') {
			if (!quoted)
				return -EBADMSG;
			if (from + 1 == end || from[1] != '"') {
				from++;
				quoted = false;
				break;
			}
			from++;
		}
		*to++ = *from;
	}
	if (quoted || (from < end && *from != ',' && *from != '\n'))
		return -EBADMSG;
	ended = from < end ? *from : 0;
	*ret = strndup(*p, to - *p);
	*p = from + (from < end);
	return *ret ? ended : -ENOMEM;
}

/* Appends the fields of one record to *v. Returns 0 or a negative errno. */
static int csv_record(char **p, char *end, char ***v, size_t *n)
{
	int ended;

	do {
		char *field;

		if (array_grow(v, *n, 1) < 0)
			return -ENOMEM;
		ended = csv_field(p, end, &field);
		if (ended < 0)
			return ended;
		(*v)[(*n)++] = field;
	} while (ended == ',');
	return 0;
}

int table_read_csv(struct table *t, const char *path)
{
	char *text = NULL, *p, *end;
	size_t n = 0, n_cells = 0;
	int r;

	*t = (struct table){ 0 };
	r = file_read(path, &text, &n);
	if (r < 0)
		return r;
	p = text;
	end = text + n;
	if (n && text[0] != '\n')
		r = csv_record(&p, end, &t->names, &t->n_columns);
	while (r == 0 && t->n_columns && p < end) {
		size_t before = n_cells;

		r = csv_record(&p, end, &t->cells, &n_cells);
		if (r == 0 && n_cells - before != t->n_columns)
			r = -EBADMSG;
		if (r < 0)	/* of a broken record, nothing is kept */
			while (n_cells > before)
				free(t->cells[--n_cells]);
		else
			t->n_rows++;
	}
	free(text);
	return r;
}

static void csv_write(FILE *f, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, f);
		return;
	}
	putc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', f);
		putc(*text, f);
	}
	putc('"', f);
}

void table_write_csv(const struct table *t, FILE *f, bool with_l7)
{
	for (size_t row = 0; row <= t->n_rows; row++) {
		const char *separator = "";

		for (size_t i = 0; i < t->n_columns; i++) {
			if (!with_l7 && t->groups && t->groups[i] == FLOWTAP_GROUP_L7)
				continue;
			fputs(separator, f);
			csv_write(f, row ? table_cell(t, row - 1, i) : t->names[i]);
			separator = ",";
		}
		putc('\n', f);
	}
}

/* ---- values ---- */

static int64_t list_element(const struct flowtap_value *v, uint32_t i)
{
	switch (v->list.width) {
	case 1:
		return ((const int8_t *)v->list.ptr)[i];
	case 4:
		return ((const int32_t *)v->list.ptr)[i];
	default:
		return ((const int64_t *)v->list.ptr)[i];
	}
}

static char *list_text(const struct flowtap_value *v)
{
	size_t room = 3 + (size_t)v->list.n * 23, n = 1;
	char *text = malloc(room);

	if (!text)
		return NULL;
	text[0] = '[';
	for (uint32_t i = 0; i < v->list.n; i++)
		n += snprintf(text + n, room - n, "%s%" PRId64, i ? ", " : "", list_element(v, i));
	strcpy(text + n, "]");
	return text;
}

/* As short as reads back the same. */
static void double_text(double d, char *text, size_t room)
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, room, "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	if (!strpbrk(text, ".en"))
		strcat(text, ".0");
}

static char *value_text(const struct flowtap_value *v)
{
	char text[64];

	switch (v->type) {
	case FLOWTAP_U64:
		snprintf(text, sizeof(text), "%" PRIu64, v->u64);
		break;
	case FLOWTAP_I64:
		snprintf(text, sizeof(text), "%" PRId64, v->i64);
		break;
	case FLOWTAP_F64:
		double_text(v->f64, text, sizeof(text));
		break;
	case FLOWTAP_TEXT:
		return strndup(v->text.ptr ? v->text.ptr : "", v->text.len);
	case FLOWTAP_LIST:
		return list_text(v);
	}
	return strdup(text);
}

int table_columns_from(struct table *t, const struct flowtap *x)
{
	size_t n = flowtap_feature_count(x);

	*t = (struct table){
		.names = calloc(n, sizeof(*t->names)),
		.types = calloc(n, sizeof(*t->types)),
		.groups = calloc(n, sizeof(*t->groups)),
	};
	if (!t->names || !t->types || !t->groups)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct flowtap_feature *feature = flowtap_feature(x, i);

		t->names[i] = strdup(feature->name);
		if (!t->names[i])
			return -ENOMEM;
		t->types[i] = feature->type;
		t->groups[i] = feature->group;
		t->n_columns++;
	}
	return 0;
}

int table_add_flow(struct table *t, const struct flowtap_flow *flow)
{
	size_t at = t->n_rows * t->n_columns, i;

	if (array_grow(&t->cells, at, t->n_columns) < 0)
		return -ENOMEM;
	for (i = 0; i < t->n_columns; i++) {
		struct flowtap_value v;

		if (flowtap_value(flow, i, &v) < 0)
			break;
		t->cells[at + i] = value_text(&v);
		if (!t->cells[at + i])
			break;
	}
	if (i < t->n_columns) {
		while (i > 0)
			free(t->cells[at + --i]);
		return -ENOMEM;
	}
	t->n_rows++;
	return 0;
}

long table_column(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (!strcmp(t->names[i], name))
			return i;
	return -1;
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->n_columns; i++)
		free(t->names[i]);
	for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
		free(t->cells[i]);
	free(t->names);
	free(t->cells);
	free(t->types);
	free(t->groups);
	*t = (struct table){ 0 };
}
