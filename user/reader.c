#include "reader.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/counter.h"
#include "source/filter.h"

#define MAX_UNKNOWN_LINK_TYPES 8

struct reader {
	const struct flowtap_strings *sources;
	struct messages *messages;
	struct source *source;		/* the one being read, or NULL */
	size_t next_source;		/* index of the one after it */
	struct filter *filter;		/* NULL: everything passes */
	struct decoder decoder;
	uint64_t now_ns;
	uint64_t era_ms;
	bool damaged;
	bool filled;			/* by reader_open(), not yet asked for */
	uint64_t bytes_before;		/* of the sources that are done with */

	/* Packets that reader_open() looked at already. */
	struct raw_packet ahead[READER_BATCH];
	unsigned n_ahead;

	struct {			/* of this source */
		uint32_t link_type;
		uint64_t packets;
	} unknown[MAX_UNKNOWN_LINK_TYPES];
	unsigned n_unknown;

	struct reader_counters counters;
};

/* Every path must exist before the first packet is read: a mistyped name is
 * no reason to lose an hour's metering of the files in front of it. */
static int sources_check(struct reader *r, char *err, size_t err_size)
{
	uint64_t total = 0;
	bool known = true;

	for (size_t i = 0; i < r->sources->n; i++) {
		const char *path = r->sources->v[i];
		struct stat st;

		if (!strcmp(path, "-")) {
			known = false;
			continue;
		}
		if (stat(path, &st) < 0) {
			int e = errno;

			snprintf(err, err_size, "%s: %s", path, strerror(e));
			return -e;
		}
		known = known && S_ISREG(st.st_mode);
		total += st.st_size;
	}
	counter_set(&r->counters.bytes_total, known ? total : 0);
	return 0;
}

static void source_damaged(struct reader *r, const char *text)
{
	r->damaged = true;
	messages_add(r->messages, FLOWTAP_LOG_ERROR, "%s", text);
}

static void source_done(struct reader *r)
{
	for (unsigned i = 0; i < r->n_unknown; i++) {
		uint32_t type = r->unknown[i].link_type;
		const char *name = pcap_datalink_val_to_name(type);
		char text[512];

		snprintf(text, sizeof(text),
			 "%s: link type %u (%s) is not supported: %llu packets could not be decoded",
			 r->source->name, type, name ? name : "unnamed",
			 (unsigned long long)r->unknown[i].packets);
		source_damaged(r, text);
	}
	r->n_unknown = 0;
	r->bytes_before += r->source->bytes_read;
	source_close(r->source);
	r->source = NULL;
}

int reader_open(struct reader **ret, const struct reader_opts *o, uint8_t *buf, char *err,
		size_t err_size)
{
	struct reader *r = calloc(1, sizeof(*r));
	uint32_t link_type = DLT_EN10MB;
	uint64_t seed;
	int e;

	if (!r)
		return -ENOMEM;
	r->sources = o->sources;
	r->messages = o->messages;
	r->decoder.tunnels = o->tunnels;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uintptr_t)r;
	flow_hash_seed(&r->decoder.hash_key, seed);

	e = sources_check(r, err, err_size);
	if (e < 0)
		goto fail;
	/* Alone, a source that cannot be opened is a failure to start; among
	 * others it is passed over like one that is damaged later. */
	if (r->sources->n == 1) {
		e = source_open_file(&r->source, r->sources->v[0], err, err_size);
		if (e < 0)
			goto fail;
		r->next_source = 1;
	}
	do {
		r->filled = reader_fill(r, buf);
		if (r->filled)
			r->n_ahead = source_next(r->source, r->ahead, READER_BATCH);
	} while (r->filled && !r->n_ahead);
	if (r->source)
		r->era_ms = r->source->era_ms;
	/* An expression may have a meaning for some link types only. */
	if (r->n_ahead)
		link_type = r->ahead[0].link_type;
	if (o->bpf_filter) {
		e = filter_new(&r->filter, o->bpf_filter, link_type, err, err_size);
		if (e < 0)
			goto fail;
	}
	*ret = r;
	return 0;
fail:
	reader_close(r);
	return e;
}

void reader_close(struct reader *r)
{
	if (!r)
		return;
	source_close(r->source);
	filter_free(r->filter);
	free(r);
}

static bool open_next_source(struct reader *r)
{
	char err[512];

	while (!r->source && r->next_source < r->sources->n)
		if (source_open_file(&r->source, r->sources->v[r->next_source++], err,
				     sizeof(err)) < 0)
			source_damaged(r, err);
	return r->source;
}

int reader_fill(struct reader *r, uint8_t *buf)
{
	/* That of reader_open() is there still. */
	if (r->filled && r->n_ahead) {
		r->filled = false;
		return 1;
	}
	while (open_next_source(r)) {
		int n = source_fill(r->source, buf);

		counter_set(&r->counters.bytes_read, r->bytes_before + r->source->bytes_read);
		if (n > 0)
			return 1;
		if (n < 0)
			source_damaged(r, r->source->error);
		source_done(r);
	}
	return 0;
}

static void count_unknown_link_type(struct reader *r, uint32_t link_type)
{
	unsigned i;

	for (i = 0; i < r->n_unknown && r->unknown[i].link_type != link_type; i++)
		;
	if (i == MAX_UNKNOWN_LINK_TYPES)
		return;
	if (i == r->n_unknown) {
		r->unknown[i].link_type = link_type;
		r->unknown[i].packets = 0;
		r->n_unknown++;
	}
	r->unknown[i].packets++;
}

/* Decodes what passes the filter. Returns how many packets went to p. */
static unsigned decode_batch(struct reader *r, const struct raw_packet *raw, unsigned n_raw,
			     struct packet *p)
{
	struct reader_counters *c = &r->counters;
	unsigned n = 0, filtered = 0, truncated = 0, reordered = 0;

	for (unsigned i = 0; i < n_raw; i++) {
		enum undecodable why;

		truncated += raw[i].caplen < raw[i].wirelen;
		if (r->filter && !filter_match(r->filter, &raw[i])) {
			filtered++;
			continue;
		}
		why = decode(&r->decoder, &raw[i], &p[n]);
		if (why) {
			counter_add(&c->undecodable[why], 1);
			if (why == UNDECODABLE_LINK_TYPE)
				count_unknown_link_type(r, raw[i].link_type);
			continue;
		}
		if (p[n].ts_ns < r->now_ns) {
			p[n].ts_ns = r->now_ns;
			reordered++;
		}
		r->now_ns = p[n].ts_ns;
		n++;
	}
	counter_add(&c->seen, n_raw);
	counter_add(&c->filtered, filtered);
	counter_add(&c->truncated, truncated);
	counter_add(&c->reordered, reordered);
	counter_add(&c->metered, n);
	return n;
}

/* Makes the times of a source whose era is not the run's relative to that, as
 * far as they can be: at either end of what 64 bits can say. */
static void change_era(const struct reader *r, struct raw_packet *raw, unsigned n)
{
	uint64_t era_ms = r->source->era_ms;
	uint64_t between_ns;

	if (__builtin_mul_overflow(era_ms > r->era_ms ? era_ms - r->era_ms : r->era_ms - era_ms,
				   1000000, &between_ns))
		between_ns = UINT64_MAX;
	for (unsigned i = 0; i < n; i++) {
		uint64_t *ts = &raw[i].ts_ns;

		if (era_ms < r->era_ms)
			*ts = *ts > between_ns ? *ts - between_ns : 0;
		else if (__builtin_add_overflow(*ts, between_ns, ts))
			*ts = UINT64_MAX;
	}
}

unsigned reader_next(struct reader *r, struct packet p[READER_BATCH])
{
	struct raw_packet raw[READER_BATCH];
	unsigned n = 0, got;

	if (r->n_ahead) {
		n = decode_batch(r, r->ahead, r->n_ahead, p);
		r->n_ahead = 0;
	}
	while (!n && r->source) {
		got = source_next(r->source, raw, READER_BATCH);
		if (!got)
			break;
		if (__builtin_expect(r->source->era_ms != r->era_ms, 0))
			change_era(r, raw, got);
		n = decode_batch(r, raw, got, p);
	}
	return n;
}

uint64_t reader_now_ns(const struct reader *r)
{
	return r->now_ns;
}

uint64_t reader_era_ms(const struct reader *r)
{
	return r->era_ms;
}

bool reader_damaged(const struct reader *r)
{
	return r->damaged;
}

const struct reader_counters *reader_counters(const struct reader *r)
{
	return &r->counters;
}
