/* format_ops.h - inside of the sinks: one format, and the buffer it writes to. */

#ifndef FLOWTAP_FORMAT_OPS_H
#define FLOWTAP_FORMAT_OPS_H

#include "file.h"
#include "sink.h"

#define SINK_BUFFER (256u << 10)

struct format_ops {
	const char *name;
	const char *const *extensions;	/* ending with NULL */
	/* Each appends to the sink's buffer (sink_room()) and returns 0 or what
	 * sink_room() failed with. begin may be NULL. */
	int (*begin)(struct sink *s);
	int (*record)(struct sink *s, const struct record *r);
};

extern const struct format_ops format_csv, format_ndjson;

struct sink {
	const struct format_ops *format;
	const struct column *columns;
	size_t n_columns;
	const struct anonymizer *anonymizer;
	uint64_t flows_per_file;
	uint64_t records_in_file;
	uint64_t records;	/* in all files */
	struct file file;
	char *buf;
	char *p;		/* end of what is in buf */
	size_t size;		/* of buf */
	char error[640];
};

/* Room for n more bytes at s->p. Writes out what is there if need be. Returns
 * 0 or as file_write(). */
int sink_room_slow(struct sink *s, size_t n);

static inline int sink_room(struct sink *s, size_t n)
{
	return __builtin_expect((size_t)(s->buf + s->size - s->p) >= n, 1) ? 0 :
									  sink_room_slow(s, n);
}

/* The value of a column in a record, as its pseudonym if that is wanted. A
 * pseudonym stands in `pseudonym`, of ANONYMIZE_TEXT_BYTES. Returns 0 or
 * -ENOMEM. */
int sink_value(const struct sink *s, const struct column *c, const struct record *r,
	       struct flowtap_value *v, char *pseudonym);

#endif
