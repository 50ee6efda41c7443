/* counter.h - counters that one thread adds to and any thread may read. */

#ifndef FLOWTAP_COUNTER_H
#define FLOWTAP_COUNTER_H

#include <stdint.h>

/* By the thread that owns the counter: a plain add, no locked instruction. */
static inline void counter_add(uint64_t *c, uint64_t n)
{
	__atomic_store_n(c, *c + n, __ATOMIC_RELAXED);
}

static inline void counter_set(uint64_t *c, uint64_t n)
{
	__atomic_store_n(c, n, __ATOMIC_RELAXED);
}

static inline uint64_t counter_get(const uint64_t *c)
{
	return __atomic_load_n(c, __ATOMIC_RELAXED);
}

#endif
