/* source.h - where packets come from.
 *
 * A source is used by one thread at a time. Packets are handed over in two
 * steps, so that their bytes can live in a buffer of the caller's until all
 * meters are done with them:
 *
 *	while ((n = source_fill(s, buf)) > 0)
 *		while ((n = source_next(s, raw, 64)) > 0)
 *			...raw[i].data points into buf...
 */

#ifndef FLOWTAP_SOURCE_H
#define FLOWTAP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../packet/packet.h"

/* Size of the buffers given to source_fill(): a chunk that stays in the L2
 * cache, and room for the largest record (MAX_CAPLEN and headers) that the
 * chunk before it left unfinished. */
#define SOURCE_CHUNK (256u << 10)
#define MAX_CAPLEN 262144u	/* as libpcap: a longer record is damage */
#define SOURCE_BUFFER (SOURCE_CHUNK + MAX_CAPLEN + 4096)

struct source {
	const struct source_ops *ops;
	const char *name;	/* path or "-", for messages */
	/* What times in raw packets are relative to, ms since 1970: 0, but for
	 * captures of times that nanoseconds in 64 bits cannot say (a clock or
	 * a file gone wrong). Known with the first packet. */
	uint64_t era_ms;
	uint64_t bytes_read;	/* of the file, compressed if it is */
	uint64_t bytes_total;	/* 0: not known */
	char error[512];	/* text of the last failure, one line */
};

struct source_ops {
	int (*fill)(struct source *s, uint8_t *buf);
	int (*next)(struct source *s, struct raw_packet *raw, unsigned max);
	void (*close)(struct source *s);
};

/* Opens a capture file (any kind that libpcap reads, gzip or zstd compressed
 * or not), or standard input for "-". Returns 0 and the caller's *ret, or a
 * negative errno (-EBADMSG: not a capture file, or its header is damaged) with
 * one line about it in err. */
int source_open_file(struct source **ret, const char *path, char *err, size_t err_size);

/* Gets the next packets into buf, of SOURCE_BUFFER bytes. Ends the life of
 * what source_next() gave before only in so far as the caller gives the same
 * buffer again; a record that buf of the call before held in part is copied
 * over. Returns 1; 0 at the end; or a negative errno with text in s->error
 * (-EBADMSG: damage at this point; all packets before it have been given). */
static inline int source_fill(struct source *s, uint8_t *buf)
{
	return s->ops->fill(s, buf);
}

/* Up to max of the packets that the last source_fill() got. Returns how many;
 * 0: it is time for source_fill(). */
static inline int source_next(struct source *s, struct raw_packet *raw, unsigned max)
{
	return s->ops->next(s, raw, max);
}

/* NULL is fine. */
static inline void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}

#endif
