/* pipeline.h - reader and meters at work together.
 *
 * With one meter everything happens in the caller's thread. With more, a
 * reader thread decodes and deals packets out by flow hash, each meter has a
 * thread, and the caller's thread takes ended flows. The records are the same:
 * the clock is the reader's, and one meter sees all packets of a flow. */

#ifndef FLOWTAP_PIPELINE_H
#define FLOWTAP_PIPELINE_H

#include "meter/meter.h"
#include "reader.h"

struct pipeline;

/* Takes over the reader and its first buffer (see reader_open()), of malloc(),
 * also when it fails. config must outlive the pipeline. Returns 0 and the
 * caller's *ret, or a negative errno as of meter_new(). */
int pipeline_new(struct pipeline **ret, struct reader *reader, uint8_t *buf,
		 const struct meter_config *config, unsigned n_meters);

/* The next ended flow; it is valid until the next call. Returns 1; 0 at the
 * end. */
int pipeline_next(struct pipeline *p, const struct flow **ret);

/* Reading ends; flows in the tables are still handed out. Any thread,
 * async-signal-safe. */
void pipeline_stop(struct pipeline *p);

/* Reading and metering end, and the flows in the tables are discarded. After
 * this, counters do not move and pipeline_next() must not be called. Returns
 * how many flows were discarded. */
uint64_t pipeline_abort(struct pipeline *p);

/* Aborts if need be. NULL is fine. */
void pipeline_free(struct pipeline *p);

const struct reader *pipeline_reader(const struct pipeline *p);

/* Sum over the meters. Any thread. */
struct meter_counters pipeline_counters(const struct pipeline *p);

#endif
