/* sink.h - where records go.
 *
 * A sink is used by one thread. Each kind of sink turns a record into bytes
 * (struct sink_format) that go to an output (output.h), which knows of chunks,
 * temporary names and reasons to stop. */

#ifndef FLOWTAP_SINK_H
#define FLOWTAP_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "../features/features.h"

struct sink;
struct anonymizer;

/* A column of a sink. */
struct column {
	const struct feature *feature;	/* getter and descriptor */
	bool anonymize;
};

struct sink_opts {
	const char *dest;	/* path, or "-" for standard output */
	const char *format;	/* of a dest whose name does not say; NULL: csv */
	const struct column *columns;	/* n_columns of them; outlive the sink */
	size_t n_columns;
	struct anonymizer *anonymizer;	/* outlives the sink; may be NULL if no column needs it */
	uint64_t flows_per_file;	/* 0: one file */
	uint64_t rotate_files;		/* chunk number modulo this; 0: no bound */
};

/* Opens the output and writes what stands before the first record. Returns 0
 * and the caller's *ret; -EINVAL (a format or a kind of destination that there
 * is not) or an errno of the file, with one line in err. */
int sink_open(struct sink **ret, const struct sink_opts *o, char *err, size_t err_size);

/* Writes a record (buffered). Returns 0; -EPIPE when the reader has gone, an
 * ordinary end; or another negative errno: text by sink_error(). After a
 * failure only sink_close() may follow. */
int sink_write(struct sink *s, const struct record *r);

/* Hands buffered bytes to the system. Returns as sink_write(). */
int sink_flush(struct sink *s);

/* Writes what stands behind the last record, flushes, gives the last chunk its
 * final name. Returns as sink_write(). */
int sink_finish(struct sink *s);

/* Frees, without finishing. NULL is fine. */
void sink_close(struct sink *s);

/* One line about the last failure, naming the destination. */
const char *sink_error(const struct sink *s);

#endif
