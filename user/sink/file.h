/* file.h - an output file, pipe or standard output, in chunks if wanted.
 *
 * A chunk is written under a temporary name beside its final one, which it
 * gets when it is complete: who finds out.3.csv finds all of it. */

#ifndef FLOWTAP_FILE_H
#define FLOWTAP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file {
	const char *dest;	/* the caller's: a path, or "-" */
	int fd;			/* -1: not open */
	bool pipe;		/* a write may raise SIGPIPE */
	bool chunked;
	uint64_t chunk;		/* number of the one being written */
	uint64_t rotate;	/* chunk numbers are modulo this; 0: no bound */
	char *final_name;	/* of the chunk */
	char *temporary_name;
	char error[512];	/* one line about the last failure */
};

/* Opens the file or its first chunk. Returns 0 or a negative errno with
 * f->error; file_close() is due in both cases. */
int file_open(struct file *f, const char *dest, bool chunked, uint64_t rotate);

/* Writes all of it. Returns 0; -EPIPE (the reader has gone); another negative
 * errno with f->error. */
int file_write(struct file *f, const char *data, size_t len);

/* What is written is complete: closes, and gives a chunk its name. Returns 0 or
 * a negative errno with f->error. */
int file_finish(struct file *f);

/* Opens the chunk after the one that was finished. As file_open(). */
int file_next_chunk(struct file *f);

/* Closes without finishing, and frees names. */
void file_close(struct file *f);

#endif
