/* bytes.c - the sink that writes bytes of a format to a file.
 *
 * Records are gathered in a buffer, and only whole ones leave it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "sink_kind.h"

/* Large enough for system calls not to matter, small enough for the cache. */
enum { FLUSH_BYTES = 192 << 10, BUFFER_BYTES = 256 << 10 };

struct byte_sink {
	struct sink base;
	const struct sink_format *format;
	void *format_state;
	struct output *file;
	struct buf buf;		/* not yet written */
	struct buf ends;	/* uint32_t each: where records end in buf */
	uint64_t written;	/* records that reached the file */
	uint64_t per_chunk;	/* records; 0: no chunks */
	uint64_t in_chunk;	/* records in the present one */
	bool open;		/* a file is begun and not completed */
	bool failed;
};

static int fail(struct byte_sink *s, int r)
{
	s->failed = true;
	snprintf(s->base.error, sizeof(s->base.error), "%s: %s: %llu record%s written before it",
		 output_name(s->file), strerror(-r), (unsigned long long)s->written,
		 s->written == 1 ? " was" : "s were");
	return r;
}

/* Records of the buffer that end within its first len bytes. */
static uint64_t count_whole(const struct byte_sink *s, size_t len)
{
	size_t n = (s->ends.pos - s->ends.data) / sizeof(uint32_t);
	uint32_t end;

	for (; n; n--) {
		memcpy(&end, s->ends.data + (n - 1) * sizeof(end), sizeof(end));
		if (end <= len)
			break;
	}
	return n;
}

static int flush(struct byte_sink *s)
{
	size_t written;
	int r;

	if (s->buf.pos == s->buf.data)
		return 0;
	r = output_write(s->file, s->buf.data, s->buf.pos - s->buf.data, &written);
	s->written += count_whole(s, written);
	s->buf.pos = s->buf.data;
	s->ends.pos = s->ends.data;
	return r < 0 ? fail(s, r) : 0;
}

static int begin(struct byte_sink *s)
{
	int r = s->format->begin ? s->format->begin(s->format_state, &s->buf) : 0;

	s->open = true;
	s->in_chunk = 0;
	return r < 0 ? fail(s, r) : 0;
}

static int end(struct byte_sink *s)
{
	int r = s->format->end ? s->format->end(s->format_state, &s->buf) : 0;

	if (r < 0)
		return fail(s, r);
	r = flush(s);
	if (r < 0)
		return r;
	s->open = false;
	r = output_complete(s->file);
	return r < 0 ? fail(s, r) : 0;
}

/* Chunks are begun when there is a record for them. */
static int next(struct byte_sink *s)
{
	int r = output_next(s->file);

	return r < 0 ? fail(s, r) : begin(s);
}

static int mark_end(struct byte_sink *s)
{
	uint32_t end = s->buf.pos - s->buf.data;
	char *p = buf_room(&s->ends, s->ends.pos, sizeof(end));

	if (!p)
		return -ENOMEM;
	memcpy(p, &end, sizeof(end));
	s->ends.pos = p + sizeof(end);
	return 0;
}

static int byte_sink_write(struct sink *base, const struct record *record)
{
	struct byte_sink *s = (struct byte_sink *)base;
	int r = s->open ? 0 : next(s);

	if (r < 0)
		return r;
	r = s->format->record(s->format_state, record, &s->buf);
	if (r == 0)
		r = mark_end(s);
	if (r < 0)
		return fail(s, r);
	s->in_chunk++;
	if (s->in_chunk == s->per_chunk)
		return end(s);
	if (s->buf.pos - s->buf.data >= FLUSH_BYTES)
		return flush(s);
	return 0;
}

static int byte_sink_flush(struct sink *base)
{
	return flush((struct byte_sink *)base);
}

static int byte_sink_finish(struct sink *base)
{
	struct byte_sink *s = (struct byte_sink *)base;

	return s->open ? end(s) : 0;
}

static void byte_sink_close(struct sink *base)
{
	struct byte_sink *s = (struct byte_sink *)base;

	/* Who leaves early gets what there is. */
	if (s->file && s->open && !s->failed)
		flush(s);
	if (s->format_state)
		s->format->free(s->format_state);
	output_close(s->file);
	buf_free(&s->buf);
	buf_free(&s->ends);
	free(s);
}

static const struct sink_kind byte_sink_kind = {
	.write = byte_sink_write,
	.flush = byte_sink_flush,
	.finish = byte_sink_finish,
	.close = byte_sink_close,
};

int byte_sink_open(struct sink **ret, const struct sink_format *format, const struct sink_opts *o,
		char *err, size_t err_size)
{
	const struct output_opts fo = {
		.dest = o->dest,
		.chunks = o->flows_per_file,
		.rotate = o->rotate_files,
	};
	struct byte_sink *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;

	if (!s)
		goto no_memory;
	s->base.kind = &byte_sink_kind;
	s->format = format;
	s->per_chunk = o->flows_per_file;
	r = buf_init(&s->buf, BUFFER_BYTES);
	if (r == 0)
		r = buf_init(&s->ends, 4096);
	if (r == 0)
		r = format->new(&s->format_state, o);
	if (r < 0)
		goto no_memory;

	/* Last, for it leaves a trace. */
	r = output_open(&s->file, &fo, err, err_size);
	if (r < 0)
		goto fail;
	r = begin(s);
	if (r < 0)
		goto no_memory;
	*ret = &s->base;
	return 0;
no_memory:
	snprintf(err, err_size, "%s: %s", o->dest, strerror(-r));
fail:
	if (s)
		byte_sink_close(&s->base);
	return r;
}
