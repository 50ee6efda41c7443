/* csv.c - comma-separated values: RFC 4180 with LF line ends, quotes only
 * where needed, lists as "[0, 1, -1]". */

#include <errno.h>
#include <stdlib.h>

#include "row.h"
#include "sink_format.h"

struct csv {
	const struct column *columns;
	size_t n;
	const struct anonymizer *anonymizer;
	size_t row_room;	/* of a record without its texts and lists */
};

static int csv_new(void **ret, const struct sink_opts *o)
{
	struct csv *c = malloc(sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->columns = o->columns;
	c->n = o->n_columns;
	c->anonymizer = o->anonymizer;
	c->row_room = o->n_columns * (NUMBER_MAX + 1) + 1;
	*ret = c;
	return 0;
}

/* RFC 4180 section 2, rule 6. */
static inline bool byte_needs_quotes(char c)
{
	return c == ',' || c == '"' || c == '\n' || c == '\r';
}

static inline uint64_t word_needs_quotes(uint64_t w)
{
	return bytes_equal(w, ',') | bytes_equal(w, '"') | bytes_equal(w, '\n') |
	       bytes_equal(w, '\r');
}

static char *put_quoted(char *p, const char *text, size_t len)
{
	*p++ = '"';
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			*p++ = '"';
		*p++ = text[i];
	}
	*p++ = '"';
	return p;
}

static inline size_t text_room(size_t len)
{
	return 2 * len + 2;
}

/* Copies in the hope that no quotes are needed. */
static char *put_text(char *p, const char *text, size_t len)
{
	uint64_t found = 0;
	size_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t w;

		memcpy(&w, text + i, 8);
		memcpy(p + i, &w, 8);
		found |= word_needs_quotes(w);
	}
	for (; i < len; i++) {
		p[i] = text[i];
		found |= byte_needs_quotes(text[i]);
	}
	return __builtin_expect(!found, 1) ? p + len : put_quoted(p, text, len);
}

static int csv_begin(void *format, struct buf *b)
{
	const struct csv *c = format;
	char *p = b->pos;

	for (size_t i = 0; i < c->n; i++) {
		const char *name = c->columns[i].feature->desc.name;
		size_t len = strlen(name);

		p = buf_room(b, p, text_room(len) + 1);
		if (!p)
			return -ENOMEM;
		p = put_text(p, name, len);
		*p++ = i + 1 < c->n ? ',' : '\n';
	}
	b->pos = p;
	return 0;
}

static int csv_record(void *format, const struct record *r, struct buf *b)
{
	const struct csv *c = format;
	char hex[PSEUDONYM_LEN];
	char *p = buf_room(b, b->pos, c->row_room);

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < c->n; i++) {
		struct flowtap_value v;

		column_value(&c->columns[i], c->anonymizer, r, &v, hex);
		/* Most columns, and sooner known than a jump table is read. */
		if (__builtin_expect(v.type == FLOWTAP_U64, 1)) {
			p += format_u64(p, v.u64);
			*p++ = ',';
			continue;
		}
		switch (v.type) {
		case FLOWTAP_U64:
			break;
		case FLOWTAP_I64:
			p += format_i64(p, v.i64);
			break;
		case FLOWTAP_F64:
			p += format_double(p, v.f64);
			break;
		case FLOWTAP_TEXT:
			p = buf_room(b, p, text_room(v.text.len) + c->row_room);
			if (!p)
				return -ENOMEM;
			p = put_text(p, v.text.ptr, v.text.len);
			break;
		case FLOWTAP_LIST:
			p = buf_room(b, p, list_room(&v) + 2 + c->row_room);
			if (!p)
				return -ENOMEM;
			if (v.list.n > 1)
				*p++ = '"';
			p = put_list(p, &v, ", ", 2);
			if (v.list.n > 1)
				*p++ = '"';
			break;
		}
		*p++ = ',';
	}
	/* A line with nothing on it is no record to most readers. */
	if (p == b->pos + 1) {
		memcpy(p - 1, "\"\"", 2);
		p += 2;
	}
	p[-1] = '\n';
	b->pos = p;
	return 0;
}

const struct sink_format csv_format = {
	.name = "csv",
	.extensions = { ".csv" },
	.new = csv_new,
	.free = free,
	.begin = csv_begin,
	.record = csv_record,
};
