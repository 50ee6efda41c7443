/* ring.h - a bounded queue of pointers from one thread to one other.
 *
 * Lock-free: each side writes its own index. Sleeping is left to the caller
 * (event.h), for one thread often waits for several rings. */

#ifndef FLOWTAP_RING_H
#define FLOWTAP_RING_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct ring {
	void **slot;
	uint32_t mask;
	_Atomic uint32_t head __attribute__((aligned(64)));	/* the consumer's */
	_Atomic uint32_t tail __attribute__((aligned(64)));	/* the producer's */
};

/* Room for size pointers, a power of two. Returns 0 or -ENOMEM. */
static inline int ring_init(struct ring *r, uint32_t size)
{
	r->slot = calloc(size, sizeof(*r->slot));
	r->mask = size - 1;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	return r->slot ? 0 : -ENOMEM;
}

static inline void ring_destroy(struct ring *r)
{
	free(r->slot);
}

/* False: full. */
static inline bool ring_push(struct ring *r, void *p)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (tail - atomic_load_explicit(&r->head, memory_order_acquire) > r->mask)
		return false;
	r->slot[tail & r->mask] = p;
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return true;
}

/* Pointers in the ring, as the producer sees it. */
static inline uint32_t ring_length(struct ring *r)
{
	return atomic_load_explicit(&r->tail, memory_order_relaxed) -
	       atomic_load_explicit(&r->head, memory_order_acquire);
}

/* False: empty. A ring that was never made is empty. */
static inline bool ring_pop(struct ring *r, void **ret)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	if (head == atomic_load_explicit(&r->tail, memory_order_acquire))
		return false;
	*ret = r->slot[head & r->mask];
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}

#endif
