/* stats.h - the post-mortem statistics: sizes, inter-arrival times, TCP flags. */

#ifndef FLOWTAP_STATS_H
#define FLOWTAP_STATS_H

#include "meter/flow.h"

/* x is value number n, n >= 1. */
static inline void moments_add(struct moments *m, uint64_t x, uint64_t n)
{
	double v = (double)x, d = v - m->mean;

	m->mean += d / (double)n;
	m->m2 += d * (v - m->mean);
	if (n == 1 || x < m->min)
		m->min = x;
	if (x > m->max)
		m->max = x;
}

/* Counts a packet of `size` bytes in direction d, before f->dir[d] is
 * updated. The piats are ms since the packet before in the flow, and in the
 * direction; without meaning for the first. */
static inline void stats_add(struct flow_stats *s, const struct flow *f, unsigned d, uint32_t size,
			     uint64_t flow_piat_ms, uint64_t dir_piat_ms, uint8_t tcp_flags)
{
	uint64_t n_dir = f->dir[d].packets, n = flow_packets(f);

	moments_add(&s->of[BIDIRECTIONAL].ps, size, n + 1);
	moments_add(&s->of[d].ps, size, n_dir + 1);
	if (n)
		moments_add(&s->of[BIDIRECTIONAL].piat, flow_piat_ms, n);
	if (n_dir)
		moments_add(&s->of[d].piat, dir_piat_ms, n_dir);
	for (unsigned flags = tcp_flags; flags; flags &= flags - 1)
		s->tcp_flags[d][__builtin_ctz(flags)]++;
}

#endif
