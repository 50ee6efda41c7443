#include "sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anonymize.h"
#include "format.h"
#include "format_ops.h"

static const struct format_ops *const formats[] = { &format_csv, &format_ndjson };

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

/* Known to the interface, for other versions to serve. */
static const char *const later_schemes[] = { "kafka://", "mqtt://", "zmq://", "ipfix+tcp://",
					     "ipfix+udp://" };

static const struct format_ops *format_by_name(const char *name)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

static const struct format_ops *format_by_extension(const char *path)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');

	for (size_t i = 0; dot && i < N_FORMATS; i++)
		for (const char *const *e = formats[i]->extensions; *e; e++)
			if (!strcasecmp(dot + 1, *e))
				return formats[i];
	return NULL;
}

static int choose_format(const struct sink_opts *o, const struct format_ops **ret, char *err,
			 size_t err_size)
{
	size_t len = strlen(o->dest);
	const struct format_ops *f;

	for (size_t i = 0; i < sizeof(later_schemes) / sizeof(later_schemes[0]); i++)
		if (!strncmp(o->dest, later_schemes[i], strlen(later_schemes[i]))) {
			snprintf(err, err_size, "%s: this version writes to files and pipes only",
				 o->dest);
			return -ENOTSUP;
		}
	f = format_by_extension(o->dest);
	if (!f && ((len > 6 && !strcmp(o->dest + len - 6, ".ipfix")) ||
		   (o->format && !strcmp(o->format, "ipfix")))) {
		snprintf(err, err_size, "%s: this version does not write IPFIX", o->dest);
		return -ENOTSUP;
	}
	if (!f)
		f = o->format ? format_by_name(o->format) : &format_csv;
	if (!f) {
		snprintf(err, err_size, "format '%s' is none of csv, ndjson", o->format);
		return -EINVAL;
	}
	*ret = f;
	return 0;
}

int sink_open(struct sink **ret, const struct sink_opts *o, char *err, size_t err_size)
{
	const struct format_ops *format;
	struct sink *s;
	int r;

	r = choose_format(o, &format, err, err_size);
	if (r < 0)
		return r;
	if (o->flows_per_file && !strcmp(o->dest, "-")) {
		snprintf(err, err_size, "flows_per_file: standard output cannot be cut into files");
		return -EINVAL;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->file.fd = -1;
	s->format = format;
	s->columns = o->columns;
	s->n_columns = o->n_columns;
	s->anonymizer = o->anonymizer;
	s->flows_per_file = o->flows_per_file;
	s->size = SINK_BUFFER;
	s->p = s->buf = malloc(s->size);
	r = s->buf ? file_open(&s->file, o->dest, o->flows_per_file, o->rotate_files) : -ENOMEM;
	if (r >= 0 && format->begin)
		r = format->begin(s);
	if (r < 0) {
		snprintf(err, err_size, "%s", s->file.error);
		sink_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

static int sink_fail(struct sink *s, int r)
{
	if (r < 0 && s->records)
		snprintf(s->error, sizeof(s->error), "%s (after %llu records)",
			 r == -ENOMEM ? strerror(ENOMEM) : s->file.error,
			 (unsigned long long)s->records);
	else if (r < 0)
		snprintf(s->error, sizeof(s->error), "%s",
			 r == -ENOMEM ? strerror(ENOMEM) : s->file.error);
	return r;
}

static int flush(struct sink *s)
{
	size_t n = s->p - s->buf;

	s->p = s->buf;
	return file_write(&s->file, s->buf, n);
}

int sink_room_slow(struct sink *s, size_t n)
{
	int r = flush(s);

	if (r >= 0 && s->size < n) {
		char *more = realloc(s->buf, n);

		if (!more)
			return -ENOMEM;
		s->p = s->buf = more;
		s->size = n;
	}
	return r;
}

static int file_end(struct sink *s)
{
	int r = flush(s);

	return r < 0 ? r : file_finish(&s->file);
}

static int chunk_begin(struct sink *s)
{
	int r = file_next_chunk(&s->file);

	s->records_in_file = 0;
	return r < 0 || !s->format->begin ? r : s->format->begin(s);
}

int sink_write(struct sink *s, const struct record *r)
{
	int e = 0;

	/* The next chunk begins with the record that it is for. */
	if (s->file.fd < 0)
		e = chunk_begin(s);
	if (e >= 0)
		e = s->format->record(s, r);
	if (e >= 0) {
		s->records++;
		if (++s->records_in_file == s->flows_per_file)
			e = file_end(s);
	}
	return sink_fail(s, e);
}

int sink_flush(struct sink *s)
{
	return s->file.fd < 0 ? 0 : sink_fail(s, flush(s));
}

int sink_finish(struct sink *s)
{
	return s->file.fd < 0 ? 0 : sink_fail(s, file_end(s));
}

void sink_close(struct sink *s)
{
	if (!s)
		return;
	file_close(&s->file);
	free(s->buf);
	free(s);
}

const char *sink_error(const struct sink *s)
{
	return s->error;
}

/* The text that a pseudonym is made from. */
static int plain_text(const struct flowtap_value *v, char **ret, size_t *ret_len)
{
	size_t room = v->type == FLOWTAP_LIST ? FORMAT_LIST_MAX(v->list.n) : 32;
	char *p = malloc(room);

	if (!p)
		return -ENOMEM;
	*ret = p;
	switch (v->type) {
	case FLOWTAP_U64:
		*ret_len = format_u64(p, v->u64);
		break;
	case FLOWTAP_I64:
		*ret_len = format_i64(p, v->i64);
		break;
	case FLOWTAP_F64:
		*ret_len = format_f64(p, v->f64);
		break;
	default:
		*ret_len = format_list(p, v->list.ptr, v->list.n, v->list.width);
	}
	return 0;
}

int sink_value(const struct sink *s, const struct column *c, const struct record *r,
	       struct flowtap_value *v, char *pseudonym)
{
	char *text = NULL;
	size_t len;

	c->feature->get(r, v);
	if (__builtin_expect(!c->anonymize, 1))
		return 0;
	if (v->type == FLOWTAP_TEXT)
		len = v->text.len;
	else if (plain_text(v, &text, &len) < 0)
		return -ENOMEM;
	anonymize(s->anonymizer, text ? text : v->text.ptr, len, pseudonym);
	free(text);
	v->type = FLOWTAP_TEXT;
	v->text.ptr = pseudonym;
	v->text.len = ANONYMIZE_TEXT_BYTES;
	return 0;
}
