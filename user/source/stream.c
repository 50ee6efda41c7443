#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define IN_SIZE (128u << 10)	/* compressed bytes held at a time */

#define WAIT_MS 200

struct stream {
	int fd;
	bool owned;		/* fd is not standard input */
	ssize_t (*read)(struct stream *s, void *buf, size_t size);
	uint64_t bytes_read, bytes_total;
	int failed;		/* the negative errno that ended it */
	char cause[128];

	/* Read to tell what the file is, and not yet given away. */
	uint8_t head[4];
	unsigned n_head;

	/* Compressed files only. */
	uint8_t *in;
	size_t in_pos, in_len;	/* unread is in[in_pos..in_len) */
	bool within;		/* a member or frame that has not ended */
	bool more;		/* the decoder may have output without new input */
	bool gzip;		/* z needs its inflateEnd() */
	z_stream z;
	ZSTD_DStream *zstd;
	size_t zstd_wants;
};

static int fail_stream(struct stream *s, int r, const char *what, const char *cause)
{
	s->failed = r;
	snprintf(s->cause, sizeof(s->cause), "%s%s", what, cause);
	return r;
}

/* On what has no size and may keep us waiting, not for ever: whoever reads is
 * to look now and then whether he shall stop. */
static ssize_t read_fd(struct stream *s, void *buf, size_t size)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	ssize_t n;
	int e;

	if (!s->bytes_total && poll(&p, 1, WAIT_MS) <= 0)
		return -EINTR;
	n = read(s->fd, buf, size);
	e = errno;

	if (n < 0)
		return e == EINTR ? -EINTR : fail_stream(s, -e, "", strerror(e));
	s->bytes_read += n;
	return n;
}

static ssize_t read_plain(struct stream *s, void *buf, size_t size)
{
	if (s->n_head) {
		size_t n = s->n_head < size ? s->n_head : size;

		memcpy(buf, s->head, n);
		memmove(s->head, s->head + n, s->n_head - n);
		s->n_head -= n;
		return n;
	}
	return read_fd(s, buf, size);
}

/* Gets compressed bytes when all are used. Returns 1, 0 at the end or a
 * negative errno. */
static int fill_in(struct stream *s)
{
	ssize_t n;

	if (s->in_pos < s->in_len)
		return 1;
	n = read_plain(s, s->in, IN_SIZE);
	if (n <= 0)
		return n;
	s->in_pos = 0;
	s->in_len = n;
	return 1;
}

/* One call of the decoder. Returns how much of out is full; a decoder that
 * fails leaves that in s->failed, beside what it had decoded before. */
static size_t inflate_step(struct stream *s, uint8_t *out, size_t size)
{
	z_stream *z = &s->z;
	int r;

	if (!s->within) {
		/* Members are padded with zeros on tapes; gzip(1) passes over
		 * them too. Anything else has to be another member. */
		while (s->in_pos < s->in_len && !s->in[s->in_pos])
			s->in_pos++;
		if (s->in_pos == s->in_len)
			return 0;
		inflateReset(z);
		s->within = true;
	}
	z->next_in = s->in + s->in_pos;
	z->avail_in = s->in_len - s->in_pos;
	z->next_out = out;
	z->avail_out = size;
	r = inflate(z, Z_NO_FLUSH);
	s->in_pos = s->in_len - z->avail_in;
	s->more = r == Z_OK && !z->avail_out;
	if (r == Z_STREAM_END)
		s->within = false;
	else if (r == Z_MEM_ERROR)
		fail_stream(s, -ENOMEM, "gzip: ", strerror(ENOMEM));
	else if (r != Z_OK && r != Z_BUF_ERROR)
		fail_stream(s, -EBADMSG, "gzip: ", z->msg ? z->msg : "damaged data");
	return size - z->avail_out;
}

static size_t zstd_step(struct stream *s, uint8_t *buf, size_t size)
{
	/* When a block is damaged, the decoder forgets what it put out in the
	 * same call. So it gets one block a call, without the header of the
	 * next, for which it asks along with the block. */
	const size_t header = 3, wants = s->zstd_wants > header ? s->zstd_wants - header : s->zstd_wants;
	const size_t left = s->in_len - s->in_pos, n = left < wants ? left : wants;
	ZSTD_inBuffer in = { s->in + s->in_pos, n, 0 };
	ZSTD_outBuffer out = { buf, size, 0 };
	size_t r = ZSTD_decompressStream(s->zstd, &out, &in);

	s->in_pos += in.pos;
	if (ZSTD_isError(r)) {
		fail_stream(s, -EBADMSG, "zstd: ", ZSTD_getErrorName(r));
		return out.pos;
	}
	s->within = r > 0;
	s->more = s->within && out.pos == size;
	/* Between frames: what starts one. It takes less, if less comes. */
	s->zstd_wants = r ? r : ZSTD_initDStream(s->zstd);
	return out.pos;
}

static ssize_t read_compressed(struct stream *s, void *buf, size_t size)
{
	size_t n = 0;

	while (n < size && !s->failed) {
		if (!s->more && s->in_pos == s->in_len) {
			int r;

			if (n)
				break;	/* reading might wait */
			r = fill_in(s);
			if (r < 0)
				return r;
			if (!r && s->within)
				return fail_stream(s, -EBADMSG, s->gzip ? "gzip: " : "zstd: ",
						   "compressed data is cut off");
			if (!r)
				return 0;
		}
		if (s->gzip)
			n += inflate_step(s, (uint8_t *)buf + n, size - n);
		else
			n += zstd_step(s, (uint8_t *)buf + n, size - n);
	}
	return n ? n : s->failed;
}

ssize_t stream_read(struct stream *s, void *buf, size_t size)
{
	return s->failed ? s->failed : s->read(s, buf, size);
}

ssize_t stream_read_all(struct stream *s, void *buf, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = stream_read(s, (uint8_t *)buf + got, size - got);

		if (n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (!n)
			break;
		got += n;
	}
	return got;
}

static int open_decoder(struct stream *s)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b, 8 };	/* RFC 1952, deflate */
	uint32_t magic = s->head[0] | s->head[1] << 8 | s->head[2] << 16 | (uint32_t)s->head[3] << 24;

	if (s->n_head >= sizeof(gzip) && !memcmp(s->head, gzip, sizeof(gzip))) {
		/* 16: a gzip header is expected, and the CRC is checked. */
		if (inflateInit2(&s->z, 15 + 16) != Z_OK)
			return -ENOMEM;
		s->gzip = true;
	} else if (s->n_head == 4 && (magic == ZSTD_MAGICNUMBER ||
				      (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)) {
		s->zstd = ZSTD_createDStream();
		if (!s->zstd)
			return -ENOMEM;
		s->zstd_wants = ZSTD_initDStream(s->zstd);
	} else {
		return 0;
	}
	s->in = malloc(IN_SIZE);
	if (!s->in)
		return -ENOMEM;
	s->read = read_compressed;
	return 0;
}

static int stat_fd(struct stream *s)
{
	struct stat st;
	off_t at;

	if (fstat(s->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode)) {
		at = lseek(s->fd, 0, SEEK_CUR);	/* standard input may be within */
		s->bytes_total = at > 0 && at < st.st_size ? st.st_size - at : st.st_size;
		posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	return 0;
}

int stream_open(struct stream **ret, const char *path)
{
	struct stream *s = calloc(1, sizeof(*s));
	ssize_t n;
	int r;

	if (!s)
		return -ENOMEM;
	s->read = read_plain;
	s->owned = strcmp(path, "-");
	s->fd = s->owned ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	r = s->fd < 0 ? -errno : stat_fd(s);
	if (r < 0)
		goto fail;
	while (s->n_head < sizeof(s->head)) {
		n = read_fd(s, s->head + s->n_head, sizeof(s->head) - s->n_head);
		if (!n)
			break;
		if (n > 0)
			s->n_head += n;
		else if (n != -EINTR) {
			r = n;
			goto fail;
		}
	}
	r = open_decoder(s);
	if (r < 0)
		goto fail;
	*ret = s;
	return 0;
fail:
	stream_close(s);
	return r;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	if (s->gzip)
		inflateEnd(&s->z);
	ZSTD_freeDStream(s->zstd);
	free(s->in);
	if (s->owned && s->fd >= 0)
		close(s->fd);
	free(s);
}

const char *stream_cause(const struct stream *s)
{
	return s->cause;
}

uint64_t stream_bytes_read(const struct stream *s)
{
	return s->bytes_read;
}

uint64_t stream_bytes_total(const struct stream *s)
{
	return s->bytes_total;
}
