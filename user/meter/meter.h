/* meter.h - turns packets into flows.
 *
 * A meter belongs to one thread and takes no lock: whoever feeds several
 * meters sends both directions of a flow to the same one. It reads no clock:
 * packets carry theirs, so replaying a capture yields the flows that living it
 * did. Times given to a meter never go back. */

#ifndef FLOWTAP_METER_H
#define FLOWTAP_METER_H

#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "packet/packet.h"

struct meter;

/* Written by the meter's thread, read by any (relaxed atomics). */
struct meter_counters {
	uint64_t flows_created;
	uint64_t expired_idle;
	uint64_t expired_active;
	uint64_t expired_natural;
	uint64_t expired_emergency;
	uint64_t expired_flush;		/* in the table at the end of input */
};

/* Packets of one meter_add(): as many as can be prefetched before the first
 * is needed. */
#define METER_BATCH 64

/* Computes the offsets and size of a flow's parts. Returns 0 or -EINVAL when a
 * flow would not fit into 32 bits. */
int meter_layout(struct meter_config *c);

/* Address space for max_flows flows is reserved here; memory is taken as flows
 * come. The config must outlive the meter. Flows handed out by meter_pop() and
 * not yet released count beyond max_flows: at most `handed_out` at a time.
 * Returns 0 and the caller's *ret, or -ENOMEM, -EIO (nDPI does not start). */
int meter_new(struct meter **ret, const struct meter_config *c, size_t handed_out);

/* Frees the meter with all of its flows. NULL is fine. */
void meter_free(struct meter *m);

/* Adds packets, n <= METER_BATCH. Ended flows queue up for meter_pop(), which
 * the caller empties before the next meter_add(). */
void meter_add(struct meter *m, const struct packet *p, size_t n);

/* The time is now now_ns: lets go of flows whose timeouts have passed. */
void meter_tick(struct meter *m, uint64_t now_ns);

/* No more packets: from now on meter_pop() gives all flows in the table,
 * least recently used first. */
void meter_flush(struct meter *m);

/* The next ended flow, or NULL. It is the caller's to read until he gives it
 * back to meter_release(). */
struct flow *meter_pop(struct meter *m);
void meter_release(struct meter *m, struct flow *f);

/* Flows in the table and ended ones not yet popped. */
size_t meter_flows(const struct meter *m);

const struct meter_counters *meter_counters(const struct meter *m);

#endif
