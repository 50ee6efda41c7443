/* csv.c - comma-separated values (RFC 4180, with LF line ends). */

#include <string.h>

#include "anonymize.h"
#include "format.h"
#include "format_ops.h"

/* Room for a comma, quotes and the longest number. */
#define NUMBER_ROOM 32

static bool needs_quotes(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
			return true;
	return false;
}

/* Room for 2 * len + 2 bytes. */
static char *put_text(char *p, const char *text, size_t len)
{
	if (!needs_quotes(text, len)) {
		memcpy(p, text, len);
		return p + len;
	}
	*p++ = '"';
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			*p++ = '"';
		*p++ = text[i];
	}
	*p++ = '"';
	return p;
}

static char *put_list(char *p, const struct flowtap_value *v)
{
	bool quotes = v->list.n > 1;	/* it has commas */

	if (quotes)
		*p++ = '"';
	p += format_list(p, v->list.ptr, v->list.n, v->list.width);
	if (quotes)
		*p++ = '"';
	return p;
}

static size_t room_for(const struct flowtap_value *v)
{
	switch (v->type) {
	case FLOWTAP_TEXT:
		return NUMBER_ROOM + 2 * v->text.len;
	case FLOWTAP_LIST:
		return NUMBER_ROOM + FORMAT_LIST_MAX(v->list.n);
	default:
		return NUMBER_ROOM;
	}
}

static int csv_record(struct sink *s, const struct record *r)
{
	char pseudonym[ANONYMIZE_TEXT_BYTES];
	struct flowtap_value v;

	for (size_t i = 0; i < s->n_columns; i++) {
		int e = sink_value(s, &s->columns[i], r, &v, pseudonym);

		if (e >= 0)
			e = sink_room(s, room_for(&v));
		if (e < 0)
			return e;
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
			s->p = put_text(s->p, v.text.ptr, v.text.len);
			break;
		case FLOWTAP_LIST:
			s->p = put_list(s->p, &v);
			break;
		}
		*s->p++ = ',';
	}
	s->p[-1] = '\n';
	return 0;
}

static int csv_begin(struct sink *s)
{
	for (size_t i = 0; i < s->n_columns; i++) {
		const char *name = s->columns[i].feature->desc.name;
		size_t len = strlen(name);
		int e = sink_room(s, NUMBER_ROOM + 2 * len);

		if (e < 0)
			return e;
		s->p = put_text(s->p, name, len);
		*s->p++ = ',';
	}
	s->p[-1] = '\n';
	return 0;
}

static const char *const extensions[] = { "csv", NULL };

const struct format_ops format_csv = { "csv", extensions, csv_begin, csv_record };
