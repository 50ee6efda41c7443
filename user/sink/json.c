/* json.c - NDJSON: a JSON object (RFC 8259) on each line, its keys the names
 * of the columns. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "row.h"
#include "sink_format.h"

/* Keys are copied in blocks of this size, which takes a loop of no step but
 * one for nearly all of them instead of a call. */
enum { KEY_BLOCK = 32 };

struct json {
	const struct anonymizer *anonymizer;
	size_t row_room;	/* of a record without its texts and lists */
	size_t n;
	char *keys;		/* memory of all the keys */
	struct json_column {
		const struct column *column;
		const char *key;	/* {"name": or ,"name": and scribble to a whole block */
		size_t key_len;
	} columns[];
};

static void json_free(void *format)
{
	struct json *j = format;

	if (j)
		free(j->keys);
	free(j);
}

/* RFC 8259 section 7. UTF-8 is left as it is. */
static inline bool byte_needs_escape(char c)
{
	return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static inline uint64_t word_needs_escape(uint64_t w)
{
	uint64_t below_0x20 = (w - 0x2020202020202020) & ~w & 0x8080808080808080;

	return below_0x20 | bytes_equal(w, '"') | bytes_equal(w, '\\');
}

static char *put_escape(char *p, unsigned char c)
{
	static const char escaped[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	const char *e = c ? strchr(escaped, c) : NULL;

	*p++ = '\\';
	if (e) {
		*p++ = letter[e - escaped];
		return p;
	}
	memcpy(p, "u00", 3);
	p[3] = "0123456789abcdef"[c >> 4];
	p[4] = "0123456789abcdef"[c & 15];
	return p + 5;
}

static inline size_t text_room(size_t len)
{
	return 6 * len + 2;
}

static char *put_text(char *p, const char *text, size_t len)
{
	const char *end = text + len;

	*p++ = '"';
	while (text < end) {
		uint64_t w;

		if (end - text >= 8) {
			memcpy(&w, text, 8);
			if (!word_needs_escape(w)) {
				memcpy(p, &w, 8);
				p += 8;
				text += 8;
				continue;
			}
		}
		if (byte_needs_escape(*text))
			p = put_escape(p, *text++);
		else
			*p++ = *text++;
	}
	*p++ = '"';
	return p;
}

static inline char *put_key(char *p, const struct json_column *c)
{
	for (size_t i = 0; i < c->key_len; i += KEY_BLOCK)
		memcpy(p + i, c->key + i, KEY_BLOCK);
	return p + c->key_len;
}

static int json_new(void **ret, const struct sink_opts *o)
{
	struct json *j = calloc(1, sizeof(*j) + o->n_columns * sizeof(j->columns[0]));
	size_t room = 0;
	char *p;

	if (!j)
		return -ENOMEM;
	j->anonymizer = o->anonymizer;
	j->n = o->n_columns;
	for (size_t i = 0; i < j->n; i++)
		room += text_room(strlen(o->columns[i].feature->desc.name)) + 2 + KEY_BLOCK;
	j->keys = p = calloc(1, room);
	if (!p) {
		json_free(j);
		return -ENOMEM;
	}
	for (size_t i = 0; i < j->n; i++) {
		struct json_column *c = &j->columns[i];
		const char *name = o->columns[i].feature->desc.name;

		c->column = &o->columns[i];
		c->key = p;
		*p++ = i ? ',' : '{';
		p = put_text(p, name, strlen(name));
		*p++ = ':';
		c->key_len = p - c->key;
		p += KEY_BLOCK - 1;
	}
	j->row_room = room + j->n * NUMBER_MAX + KEY_BLOCK + 3;
	*ret = j;
	return 0;
}

static int json_record(void *format, const struct record *r, struct buf *b)
{
	const struct json *j = format;
	char hex[PSEUDONYM_LEN];
	char *p = buf_room(b, b->pos, j->row_room);

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < j->n; i++) {
		struct flowtap_value v;

		p = put_key(p, &j->columns[i]);
		column_value(j->columns[i].column, j->anonymizer, r, &v, hex);
		/* Most columns, and sooner known than a jump table is read. */
		if (__builtin_expect(v.type == FLOWTAP_U64, 1)) {
			p += format_u64(p, v.u64);
			continue;
		}
		switch (v.type) {
		case FLOWTAP_U64:
			break;
		case FLOWTAP_I64:
			p += format_i64(p, v.i64);
			break;
		case FLOWTAP_F64:
			/* JSON has no infinities and no NaN. */
			if (isfinite(v.f64)) {
				p += format_double(p, v.f64);
			} else {
				memcpy(p, "null", 4);
				p += 4;
			}
			break;
		case FLOWTAP_TEXT:
			p = buf_room(b, p, text_room(v.text.len) + j->row_room);
			if (!p)
				return -ENOMEM;
			p = put_text(p, v.text.ptr, v.text.len);
			break;
		case FLOWTAP_LIST:
			p = buf_room(b, p, list_room(&v) + j->row_room);
			if (!p)
				return -ENOMEM;
			p = put_list(p, &v, ",", 1);
			break;
		}
	}
	memcpy(p, "}\n", 2);
	b->pos = p + 2;
	return 0;
}

const struct sink_format ndjson_format = {
	.name = "ndjson",
	.extensions = { ".ndjson", ".json" },
	.new = json_new,
	.free = json_free,
	.record = json_record,
};
