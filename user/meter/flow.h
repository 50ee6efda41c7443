/* flow.h - what is kept of a flow while it lives.
 *
 * A flow is a slot of fixed size: struct flow, then the parts that the options
 * ask for (struct meter_config has their offsets). The first cache line is
 * what a look-up reads, the second what every packet changes. */

#ifndef FLOWTAP_FLOW_H
#define FLOWTAP_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "features/dissect.h"
#include "packet/packet.h"

#define MS_NS 1000000ull
#define SEC_NS 1000000000ull

/* Values of expiration_id. */
enum expiration {
	EXPIRED_CUSTOM = -1,
	EXPIRED_IDLE = 0,	/* also the end of input */
	EXPIRED_ACTIVE = 1,
	EXPIRED_NATURAL = 2,	/* TCP closed */
	EXPIRED_EMERGENCY = 3,	/* table full */
};

/* Direction of a packet in its flow, index of the arrays by direction. */
enum { SRC2DST, DST2SRC, BIDIRECTIONAL };

struct flow_dir {
	uint64_t first_ns, last_ns;	/* 0 without packets */
	uint64_t packets;
	uint64_t bytes;
};

/* How far the closing of a TCP connection is. */
struct tcp_close {
	uint32_t fin_end[2];	/* sequence number behind the FIN, by direction */
	uint8_t fin_seen : 2;	/* a bit for each direction */
	uint8_t fin_acked : 2;
};

struct flow {
	struct flow_key key;
	uint32_t hash;
	int8_t expiration_id;
	bool src_is_hi;		/* the source is key.hi */
	struct tcp_close tcp;

	struct flow_dir dir[2] __attribute__((aligned(64)));

	struct l7 l7 __attribute__((aligned(64)));
	uint64_t closing_ns;	/* when the second FIN came, 0 = not closing */
	uint8_t src_mac[6], dst_mac[6];
};

_Static_assert(sizeof(struct flow) == 192, "three cache lines");

/* Sizes and times of one direction, or of both, as running moments. mean and
 * m2 by Welford's recurrence (Knuth, TAOCP vol. 2, 4.2.2), in the order and
 * precision of the reference, so that results are equal to the last bit. */
struct moments {
	double mean;
	double m2;		/* sum of squared differences from the mean */
	uint64_t min, max;
};

struct flow_stats {
	struct {
		struct moments ps;	/* packet sizes */
		struct moments piat;	/* inter-arrival times, ms */
	} of[3];		/* SRC2DST, DST2SRC, BIDIRECTIONAL */
	uint64_t tcp_flags[2][8];	/* packets with TCP flag bit i */
};

/* What the options make of a meter; the same for all meters of a probe. */
struct meter_config {
	uint64_t idle_ms, active_ms;	/* timeouts; 0: every packet expires the one before */
	uint64_t max_flows;		/* of one meter, > 0 */
	uint32_t accounting_mode;
	uint32_t n_dissections;		/* 0: none */
	uint32_t splt_length;		/* 0: none */
	bool statistics;
	bool tcp_expiration;
	bool tunnels;			/* decode_tunnels: whether tunnel_id is a column */
	uint64_t era_ms;		/* what the times of packets are relative to */
	/* Set by meter_layout(). */
	uint32_t stats_offset;
	uint32_t splt_offset;
	uint32_t flow_size;		/* of a slot, bytes, a multiple of 64 */
};

static inline struct flow_stats *flow_stats(const struct flow *f, const struct meter_config *c)
{
	return (void *)((char *)f + c->stats_offset);
}

/* The three arrays of the SPLT part, each of splt_length elements, widest
 * first. Elements behind the last packet are -1 once the flow has ended. */
static inline int64_t *flow_splt_piat_ms(const struct flow *f, const struct meter_config *c)
{
	return (void *)((char *)f + c->splt_offset);
}

static inline int32_t *flow_splt_ps(const struct flow *f, const struct meter_config *c)
{
	return (int32_t *)(flow_splt_piat_ms(f, c) + c->splt_length);
}

static inline int8_t *flow_splt_direction(const struct flow *f, const struct meter_config *c)
{
	return (int8_t *)(flow_splt_ps(f, c) + c->splt_length);
}

static inline uint64_t flow_packets(const struct flow *f)
{
	return f->dir[SRC2DST].packets + f->dir[DST2SRC].packets;
}

/* Time of the last packet in either direction. */
static inline uint64_t flow_last_ns(const struct flow *f)
{
	uint64_t a = f->dir[SRC2DST].last_ns, b = f->dir[DST2SRC].last_ns;

	return a > b ? a : b;
}

static inline const uint64_t *flow_src_addr(const struct flow *f)
{
	return f->src_is_hi ? f->key.hi_addr : f->key.lo_addr;
}

static inline const uint64_t *flow_dst_addr(const struct flow *f)
{
	return f->src_is_hi ? f->key.lo_addr : f->key.hi_addr;
}

#endif
