/* file.h - what the readers of capture formats have in common.
 *
 * Inside of source/. A reader walks the records in the unread bytes, and when
 * the next one is not whole it says how many bytes it needs; file_fill() gets
 * them, and on the way whatever else one read(2) gives. */

#ifndef FLOWTAP_FILE_H
#define FLOWTAP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"
#include "stream.h"

/* The most that a reader may need: a buffer still has room for a whole chunk
 * behind it, wherever file_fill() lets it begin. */
#define FILE_NEED_MAX (SOURCE_BUFFER - SOURCE_CHUNK - 64)

struct file {
	struct source source;	/* first: the caller's view */
	struct stream *stream;	/* owned */
	const uint8_t *buf;	/* the caller's; unread is buf[pos..len) */
	size_t pos, len;
	size_t need;		/* unread bytes that next() cannot go on without */
	uint64_t end;		/* offset of buf[len] in the uncompressed capture */
	int failed;		/* a negative errno that every further fill gives */
};

/* Offset in the capture of the first unread byte. */
static inline uint64_t file_offset(const struct file *f)
{
	return f->end - (f->len - f->pos);
}

/* Makes a reader's struct of size bytes, zeroed, which begins with a struct
 * file. NULL: no memory. Otherwise it owns stream. */
void *file_new(size_t size, const char *path, struct stream *stream);
void file_close(struct source *s);

/* Moves the unread bytes to buf and reads behind them. Returns 1 (f->need bytes
 * are there, or a signal came); 0: the capture ends before that; or a negative
 * errno, with text in the source. */
int file_fill(struct file *f, uint8_t *buf);

/* The capture is damaged at the first unread byte. Returns -EBADMSG, now and
 * from every fill to come. */
int file_damaged(struct file *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* stream_read() failed with r, at the first unread byte. Returns r, as above. */
int file_stream_failed(struct file *f, int r);

/* For opening. Reads size bytes of a file header, of which `before` bytes have
 * been read. Returns 0, or a negative errno with text in err (-EBADMSG: it is
 * cut off). */
int file_read_header(struct stream *stream, const char *path, void *ret, size_t size,
		     size_t before, char *err, size_t err_size);

/* Puts "PATH: damaged at byte 0: ..." in err. Returns -EBADMSG. */
int file_bad_header(const char *path, char *err, size_t err_size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* DLT_... of the link type in a file header, as libpcap gives it. */
uint32_t file_link_type(uint32_t linktype);

/* Openers of the formats. The first 4 bytes of stream have been taken into
 * magic. Return 0, with *ret owning stream; or a negative errno with text in
 * err, stream still being the caller's. */
typedef int file_open_fn(struct source **ret, struct stream *stream, const char *path,
			 const uint8_t magic[4], char *err, size_t err_size);

file_open_fn pcap_file_open;
file_open_fn pcapng_file_open;
file_open_fn libpcap_file_open;	/* tries anything */

bool pcap_file_is(const uint8_t magic[4]);
bool pcapng_file_is(const uint8_t magic[4]);

#endif
