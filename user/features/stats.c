/* stats.c - getters of the statistics group. */

#include "stats.h"

#include <math.h>

#include "getters.h"

static double stddev(const struct moments *m, uint64_t n)
{
	return n >= 2 ? sqrt(m->m2 / (double)(n - 1)) : 0;
}

static uint64_t packets(const struct flow *f, unsigned d)
{
	return d == BIDIRECTIONAL ? flow_packets(f) : f->dir[d].packets;
}

/* n packets have n - 1 times between them. */
static uint64_t piats(const struct flow *f, unsigned d)
{
	uint64_t n = packets(f, d);

	return n ? n - 1 : 0;
}

static uint64_t flag_packets(const struct flow_stats *s, unsigned d, uint8_t flag)
{
	unsigned bit = __builtin_ctz(flag);

	return d == BIDIRECTIONAL ? s->tcp_flags[SRC2DST][bit] + s->tcp_flags[DST2SRC][bit] :
				    s->tcp_flags[d][bit];
}

#define MOMENTS(suffix, name, d, part, n) \
	GET_U64(name##_min_##suffix, flow_stats(f, c)->of[d].part.min) \
	GET_F64(name##_mean_##suffix, flow_stats(f, c)->of[d].part.mean) \
	GET_F64(name##_stddev_##suffix, stddev(&flow_stats(f, c)->of[d].part, n(f, d))) \
	GET_U64(name##_max_##suffix, flow_stats(f, c)->of[d].part.max)

#define FLAG(name, d, lower, bit) \
	GET_U64(name##_##lower##_packets, flag_packets(flow_stats(f, c), d, bit))

#define DIRECTION(name, d) \
	MOMENTS(ps, name, d, ps, packets) \
	MOMENTS(piat_ms, name, d, piat, piats) \
	FLAG(name, d, syn, TCP_SYN) \
	FLAG(name, d, cwr, TCP_CWR) \
	FLAG(name, d, ece, TCP_ECE) \
	FLAG(name, d, urg, TCP_URG) \
	FLAG(name, d, ack, TCP_ACK) \
	FLAG(name, d, psh, TCP_PSH) \
	FLAG(name, d, rst, TCP_RST) \
	FLAG(name, d, fin, TCP_FIN)

DIRECTION(bidirectional, BIDIRECTIONAL)
DIRECTION(src2dst, SRC2DST)
DIRECTION(dst2src, DST2SRC)
