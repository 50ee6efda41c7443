/* output.h - where bytes go: standard output, a file, or chunks of one.
 *
 * An output of chunks is a row of files NAME.0.EXT, NAME.1.EXT, ... Each is
 * written as .NAME.K.EXT.part beside them and gets its name by output_complete(),
 * so that nobody takes an unfinished one for a whole. Without chunks a file has
 * its own name from the start. Used by one thread. */

#ifndef FLOWTAP_OUTPUT_H
#define FLOWTAP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output;

struct output_opts {
	const char *dest;	/* path, or "-" for standard output */
	bool chunks;
	uint64_t rotate;	/* chunk number modulo this; 0: no bound */
};

/* Opens the file or the first chunk. Returns 0 and the caller's *ret; -EINVAL
 * for chunks of what is no regular file; or the errno of opening; with one
 * line in err. */
int output_open(struct output **ret, const struct output_opts *o, char *err, size_t err_size);

/* Writes all of data. Returns 0; -EPIPE when the reader has gone (without a
 * SIGPIPE); or another negative errno. ret_written has the bytes that were
 * written in any case. */
int output_write(struct output *f, const char *data, size_t len, size_t *ret_written);

/* Closes the file and, if it is a chunk, gives it its name. Returns 0 or a
 * negative errno. */
int output_complete(struct output *f);

/* Opens the next chunk; only after output_complete() and with chunks. Returns 0
 * or a negative errno. */
int output_next(struct output *f);

/* The name of the present file, for messages. */
const char *output_name(const struct output *f);

/* Leaves an unfinished chunk under its temporary name. NULL is fine. */
void output_close(struct output *f);

/* Where the extension of path begins ("" without one): the last dot of the
 * last component, unless it is the first byte of that. */
const char *path_extension(const char *path);

#endif
