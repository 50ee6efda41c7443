#include "file.h"

#include <errno.h>
#include <pcap/dlt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/counter.h"

void *file_new(size_t size, const char *path, struct stream *stream)
{
	struct file *f = calloc(1, size + strlen(path) + 1);

	if (!f)
		return NULL;
	f->source.name = strcpy((char *)f + size, path);
	f->source.bytes_total = stream_bytes_total(stream);
	f->source.bytes_read = stream_bytes_read(stream);
	f->stream = stream;
	return f;
}

void file_close(struct source *s)
{
	struct file *f = (struct file *)s;

	stream_close(f->stream);
	free(f);
}

int file_stream_failed(struct file *f, int r)
{
	if (r == -EBADMSG)
		return file_damaged(f, "%s", stream_cause(f->stream));
	snprintf(f->source.error, sizeof(f->source.error), "%.256s: cannot be read at byte %llu: %s",
		 f->source.name, (unsigned long long)file_offset(f), stream_cause(f->stream));
	f->failed = r;
	return r;
}

int file_fill(struct file *f, uint8_t *buf)
{
	size_t left = f->len - f->pos;
	size_t start = -left % 64;	/* read(2) then copies to the start of a cache line */

	if (f->failed)
		return f->failed;
	if (left)
		memmove(buf + start, f->buf + f->pos, left);
	f->buf = buf;
	f->pos = start;
	f->len = start + left;
	do {
		size_t room = SOURCE_BUFFER - f->len;
		ssize_t n;

		/* Only a caller that has not walked all of the last chunk
		 * leaves less than a chunk. */
		if (!room)
			return 1;
		n = stream_read(f->stream, buf + f->len, room < SOURCE_CHUNK ? room : SOURCE_CHUNK);
		counter_set(&f->source.bytes_read, stream_bytes_read(f->stream));
		if (n == -EINTR)
			return 1;
		if (n < 0)
			return file_stream_failed(f, n);
		if (!n)
			return f->len - f->pos >= f->need && f->len > f->pos;
		f->len += n;
		f->end += n;
	} while (f->len - f->pos < f->need);
	return 1;
}

int file_damaged(struct file *f, const char *fmt, ...)
{
	char cause[192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cause, sizeof(cause), fmt, ap);
	va_end(ap);
	snprintf(f->source.error, sizeof(f->source.error), "%.256s: damaged at byte %llu: %s",
		 f->source.name, (unsigned long long)file_offset(f), cause);
	f->failed = -EBADMSG;
	return f->failed;
}

int file_bad_header(const char *path, char *err, size_t err_size, const char *fmt, ...)
{
	char cause[192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cause, sizeof(cause), fmt, ap);
	va_end(ap);
	snprintf(err, err_size, "%.256s: damaged at byte 0: %s", path, cause);
	return -EBADMSG;
}

int file_read_header(struct stream *stream, const char *path, void *ret, size_t size,
		     size_t before, char *err, size_t err_size)
{
	ssize_t n = stream_read_all(stream, ret, size);

	if (n == (ssize_t)size)
		return 0;
	if (n >= 0)
		return file_bad_header(path, err, err_size,
				       "truncated file header: %zu bytes needed, %zu there",
				       before + size, before + n);
	if (n == -EBADMSG)
		return file_bad_header(path, err, err_size, "%s", stream_cause(stream));
	snprintf(err, err_size, "%s: %s", path, stream_cause(stream));
	return n;
}

/* Types below 100 and from 104 on are the same number in files as in libpcap,
 * which gave the few between, whose DLT_... differs between systems, numbers
 * of their own. */
uint32_t file_link_type(uint32_t linktype)
{
	switch (linktype) {
	case 100:
		return DLT_ATM_RFC1483;
	case 101:
		return DLT_RAW;
	case 102:
		return DLT_SLIP_BSDOS;
	case 103:
		return DLT_PPP_BSDOS;
	case 106:
		return DLT_ATM_CLIP;
	default:
		return linktype;
	}
}

static int open_capture(struct source **ret, struct stream *stream, const char *path, char *err,
			size_t err_size)
{
	uint8_t magic[4];
	ssize_t n = stream_read_all(stream, magic, 1);
	int r;

	if (!n) {
		snprintf(err, err_size, "%s: empty file: not a capture", path);
		return -EBADMSG;
	}
	r = n < 0 ? file_read_header(stream, path, magic, 4, 0, err, err_size) :
		    file_read_header(stream, path, magic + 1, 3, 1, err, err_size);
	if (r < 0)
		return r;
	if (pcap_file_is(magic))
		return pcap_file_open(ret, stream, path, magic, err, err_size);
	if (pcapng_file_is(magic))
		return pcapng_file_open(ret, stream, path, magic, err, err_size);
	return libpcap_file_open(ret, stream, path, magic, err, err_size);
}

int source_open_file(struct source **ret, const char *path, char *err, size_t err_size)
{
	struct stream *stream;
	int r = stream_open(&stream, path);

	if (r < 0) {
		snprintf(err, err_size, "%s: %s", path, strerror(-r));
		return r;
	}
	r = open_capture(ret, stream, path, err, err_size);
	if (r < 0)
		stream_close(stream);
	return r;
}
