/* table.h - flow slots, the hash table over them, and their order of use.
 *
 * Slots are numbered. A slot's memory, its links and its place in the hash
 * table are kept apart, so that walking the order or growing the table touches
 * few cache lines: 8 bytes of links and 8 to 16 bytes of hash table a flow.
 *
 * Hash table: open addressing, linear probing, entries of hash and slot
 * number; a miss mostly costs one cache line. Removal shifts entries back, so
 * there are no tombstones and a table that lived long is as fast as a new one. */

#ifndef FLOWTAP_TABLE_H
#define FLOWTAP_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "flow.h"

#define NO_SLOT UINT32_MAX

struct entry {
	uint32_t hash;
	uint32_t slot;	/* NO_SLOT: empty */
};

/* A doubly linked list of slots. */
struct slot_list {
	uint32_t head, tail;	/* NO_SLOT when empty */
};

struct slot_link {
	uint32_t prev, next;
};

struct table {
	char *slots;		/* reserved for max_slots of slot_size bytes */
	struct slot_link *links;	/* likewise */
	size_t slot_size;
	uint32_t max_slots;
	uint32_t n_slots;	/* ever used: slots behind are untouched memory */
	uint32_t free;		/* head of the free slots, linked by next */

	struct entry *entries;
	uint32_t mask;		/* number of entries - 1 */
	uint32_t used;
};

/* Returns 0 or -ENOMEM; *t needs table_destroy() only after 0. */
int table_init(struct table *t, size_t slot_size, uint32_t max_slots);
void table_destroy(struct table *t);

static inline struct flow *table_flow(const struct table *t, uint32_t slot)
{
	return (struct flow *)(t->slots + (size_t)slot * t->slot_size);
}

static inline uint32_t table_slot(const struct table *t, const struct flow *f)
{
	return (uint32_t)((size_t)((const char *)f - t->slots) / t->slot_size);
}

/* A slot of unspecified content, or NO_SLOT when all are in use. */
uint32_t table_alloc(struct table *t);
void table_release(struct table *t, uint32_t slot);

static inline void table_prefetch(const struct table *t, uint32_t hash)
{
	__builtin_prefetch(&t->entries[hash & t->mask]);
}

/* A slot that may hold the key of that hash: right but for collisions of 32
 * bits. For prefetching. */
static inline uint32_t table_guess(const struct table *t, uint32_t hash)
{
	for (uint32_t i = hash & t->mask;; i = (i + 1) & t->mask) {
		const struct entry *e = &t->entries[i];

		if (e->slot == NO_SLOT || e->hash == hash)
			return e->slot;
	}
}

static inline int flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	const uint64_t *x = (const uint64_t *)a, *y = (const uint64_t *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]));
}

/* The entry of the flow with that key, or the empty entry where it belongs. */
static inline struct entry *table_find(const struct table *t, const struct flow_key *key,
				       uint32_t hash)
{
	for (uint32_t i = hash & t->mask;; i = (i + 1) & t->mask) {
		struct entry *e = &t->entries[i];

		if (e->slot == NO_SLOT ||
		    (e->hash == hash && flow_key_equal(&table_flow(t, e->slot)->key, key)))
			return e;
	}
}

/* Makes room for one more entry. Call before table_find() when a flow may be
 * inserted. Returns 0 or -ENOMEM (the table still works, and fills up). */
int table_reserve(struct table *t);

/* Fills the empty entry that table_find() gave. */
static inline void table_insert(struct table *t, struct entry *e, uint32_t hash, uint32_t slot)
{
	e->hash = hash;
	e->slot = slot;
	t->used++;
}

/* Takes the entry of a slot out. */
void table_remove(struct table *t, uint32_t hash, uint32_t slot);

static inline void slot_list_append(struct table *t, struct slot_list *l, uint32_t slot)
{
	t->links[slot] = (struct slot_link){ l->tail, NO_SLOT };
	if (l->tail == NO_SLOT)
		l->head = slot;
	else
		t->links[l->tail].next = slot;
	l->tail = slot;
}

static inline void slot_list_remove(struct table *t, struct slot_list *l, uint32_t slot)
{
	struct slot_link k = t->links[slot];

	if (k.prev == NO_SLOT)
		l->head = k.next;
	else
		t->links[k.prev].next = k.next;
	if (k.next == NO_SLOT)
		l->tail = k.prev;
	else
		t->links[k.next].prev = k.prev;
}

#endif
