/* json.c - newline-delimited JSON: an object (RFC 8259) a line. */

#include <string.h>

#include "anonymize.h"
#include "format.h"
#include "format_ops.h"

/* Room for a comma, a colon, quotes and the longest number. */
#define NUMBER_ROOM 40

/* Room for 6 * len bytes. The text is UTF-8 already. */
static char *put_escaped(char *p, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c == '"' || c == '\\') {
			*p++ = '\\';
			*p++ = c;
		} else if (c == '\n') {
			*p++ = '\\';
			*p++ = 'n';
		} else if (c < 0x20) {
			memcpy(p, "\\u00", 4);
			p[4] = hex[c >> 4];
			p[5] = hex[c & 15];
			p += 6;
		} else {
			*p++ = c;
		}
	}
	return p;
}

static size_t room_for(const struct flowtap_value *v)
{
	switch (v->type) {
	case FLOWTAP_TEXT:
		return NUMBER_ROOM + 6 * v->text.len;
	case FLOWTAP_LIST:
		return NUMBER_ROOM + FORMAT_LIST_MAX(v->list.n);
	default:
		return NUMBER_ROOM;
	}
}

static int json_record(struct sink *s, const struct record *r)
{
	char pseudonym[ANONYMIZE_TEXT_BYTES];
	struct flowtap_value v;

	for (size_t i = 0; i < s->n_columns; i++) {
		const char *name = s->columns[i].feature->desc.name;
		size_t len = strlen(name);
		int e = sink_value(s, &s->columns[i], r, &v, pseudonym);

		if (e >= 0)
			e = sink_room(s, 6 * len + room_for(&v));
		if (e < 0)
			return e;
		*s->p++ = i ? ',' : '{';
		*s->p++ = '"';
		s->p = put_escaped(s->p, name, len);
		*s->p++ = '"';
		*s->p++ = ':';
		switch (v.type) {
		case FLOWTAP_U64:
			s->p += format_u64(s->p, v.u64);
			break;
		case FLOWTAP_I64:
			s->p += format_i64(s->p, v.i64);
			break;
		case FLOWTAP_F64:
			s->p += format_f64(s->p, v.f64);
			break;
		case FLOWTAP_TEXT:
			*s->p++ = '"';
			s->p = put_escaped(s->p, v.text.ptr, v.text.len);
			*s->p++ = '"';
			break;
		case FLOWTAP_LIST:
			s->p += format_list(s->p, v.list.ptr, v.list.n, v.list.width);
			break;
		}
	}
	*s->p++ = '}';
	*s->p++ = '\n';
	return 0;
}

static const char *const extensions[] = { "ndjson", "json", NULL };

const struct format_ops format_ndjson = { "ndjson", extensions, NULL, json_record };
