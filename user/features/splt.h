/* splt.h - sequence of packet lengths and times: the first packets of a flow. */

#ifndef FLOWTAP_SPLT_H
#define FLOWTAP_SPLT_H

#include <limits.h>

#include "meter/flow.h"

/* Packet number n of the flow (0, 1, ...), n < c->splt_length. */
static inline void splt_add(const struct flow *f, const struct meter_config *c, uint64_t n,
			    unsigned d, uint32_t size, uint64_t piat_ms)
{
	flow_splt_piat_ms(f, c)[n] = n ? (int64_t)piat_ms : 0;
	flow_splt_ps(f, c)[n] = size <= INT32_MAX ? (int32_t)size : INT32_MAX;
	flow_splt_direction(f, c)[n] = (int8_t)d;
}

/* The flow has ended: fills what no packet came for. */
static inline void splt_end(const struct flow *f, const struct meter_config *c)
{
	for (uint64_t n = flow_packets(f); n < c->splt_length; n++) {
		flow_splt_piat_ms(f, c)[n] = -1;
		flow_splt_ps(f, c)[n] = -1;
		flow_splt_direction(f, c)[n] = -1;
	}
}

#endif
