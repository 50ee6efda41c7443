/* reader.h - the sources of a probe as one stream of decoded packets.
 *
 * Reads the sources in order, filters, decodes, and keeps the clock: a packet
 * that is older than one before it gets the time of that one, in all sources
 * together, so that time never goes back for a meter. One thread. */

#ifndef FLOWTAP_READER_H
#define FLOWTAP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/messages.h"
#include "packet/packet.h"
#include "source/source.h"

struct reader;

/* Packets that reader_next() gives at most. */
#define READER_BATCH 64

/* By the reader's thread; read by any (relaxed atomics). */
struct reader_counters {
	uint64_t seen;
	uint64_t filtered;
	uint64_t undecodable[UNDECODABLE_N];	/* by reason */
	uint64_t metered;
	uint64_t truncated;	/* captured shorter than on the wire */
	uint64_t reordered;	/* older than a packet before */
	uint64_t bytes_read, bytes_total;	/* of the files; total 0: unknown */
};

struct reader_opts {
	const struct flowtap_strings *sources;	/* at least one; outlive the reader */
	const char *bpf_filter;	/* NULL: none */
	bool tunnels;
	struct messages *messages;	/* where damage is told */
};

/* Opens the first source and looks at its first packets, into buf, of
 * SOURCE_BUFFER bytes: it is the buffer of the first reader_fill(). Returns 0
 * and the caller's *ret, or a negative errno with one line in err. */
int reader_open(struct reader **ret, const struct reader_opts *o, uint8_t *buf, char *err,
		size_t err_size);
/* NULL is fine. */
void reader_close(struct reader *r);

/* Gets more packets into buf. Returns 1; 0 at the end of the last source.
 * Damage is told in messages and counted (reader_damaged()); reading goes on
 * with the next source. */
int reader_fill(struct reader *r, uint8_t *buf);

/* The next packets that belong to flows, of those that the last reader_fill()
 * got; data points into its buffer. Returns how many; 0 when it has no more. */
unsigned reader_next(struct reader *r, struct packet p[READER_BATCH]);

/* The time of the latest packet, 0 before the first. */
uint64_t reader_now_ns(const struct reader *r);

/* What packet times are relative to (see struct source): the first source's. */
uint64_t reader_era_ms(const struct reader *r);

/* Whether a source was damaged, could not be opened, or had packets of an
 * unknown link type. */
bool reader_damaged(const struct reader *r);

const struct reader_counters *reader_counters(const struct reader *r);

#endif
