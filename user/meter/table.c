#include "table.h"

#include <errno.h>
#include <sys/mman.h>

#define MIN_ENTRIES 4096u
#define HUGE_PAGE (2u << 20)

/* Address space that becomes memory when it is touched. Huge pages where there
 * are: at millions of flows most time went into TLB misses without them. */
static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (bytes >= HUGE_PAGE)
		madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static struct entry *entries_new(uint32_t n)
{
	struct entry *e = reserve((size_t)n * sizeof(*e));

	if (e)
		memset(e, 0xff, (size_t)n * sizeof(*e));
	return e;
}

int table_init(struct table *t, size_t slot_size, uint32_t max_slots)
{
	*t = (struct table){ .slot_size = slot_size, .max_slots = max_slots, .free = NO_SLOT };

	t->slots = reserve(slot_size * max_slots);
	t->links = reserve(sizeof(*t->links) * (size_t)max_slots);
	t->entries = entries_new(MIN_ENTRIES);
	t->mask = MIN_ENTRIES - 1;
	if (!t->slots || !t->links || !t->entries) {
		table_destroy(t);
		return -ENOMEM;
	}
	return 0;
}

void table_destroy(struct table *t)
{
	if (t->slots)
		munmap(t->slots, t->slot_size * t->max_slots);
	if (t->links)
		munmap(t->links, sizeof(*t->links) * (size_t)t->max_slots);
	if (t->entries)
		munmap(t->entries, ((size_t)t->mask + 1) * sizeof(*t->entries));
	*t = (struct table){ 0 };
}

uint32_t table_alloc(struct table *t)
{
	uint32_t slot = t->free;

	if (slot != NO_SLOT) {
		t->free = t->links[slot].next;
		return slot;
	}
	return t->n_slots < t->max_slots ? t->n_slots++ : NO_SLOT;
}

void table_release(struct table *t, uint32_t slot)
{
	t->links[slot].next = t->free;
	t->free = slot;
}

static int table_grow(struct table *t)
{
	uint32_t n = t->mask + 1, mask = 2 * n - 1;
	struct entry *new;

	if (n > UINT32_MAX / 2)
		return -ENOMEM;
	new = entries_new(2 * n);
	if (!new)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct entry e = t->entries[i];
		uint32_t j;

		if (e.slot == NO_SLOT)
			continue;
		for (j = e.hash & mask; new[j].slot != NO_SLOT; j = (j + 1) & mask)
			;
		new[j] = e;
	}
	munmap(t->entries, (size_t)n * sizeof(*t->entries));
	t->entries = new;
	t->mask = mask;
	return 0;
}

int table_reserve(struct table *t)
{
	/* At 5/8 an unsuccessful search looks at about four entries: half a
	 * cache line (Knuth, TAOCP vol. 3, 6.4, linear probing). */
	if (t->used < (t->mask + 1) / 8 * 5)
		return 0;
	if (table_grow(t) < 0 && t->used >= t->mask)
		return -ENOMEM;	/* one entry stays empty: searches end there */
	return 0;
}

void table_remove(struct table *t, uint32_t hash, uint32_t slot)
{
	uint32_t hole = hash & t->mask, i;

	while (t->entries[hole].slot != slot)
		hole = (hole + 1) & t->mask;
	/* An entry behind the hole may fill it unless that would put it in
	 * front of its home (Knuth, TAOCP vol. 3, 6.4, algorithm R). */
	for (i = (hole + 1) & t->mask; t->entries[i].slot != NO_SLOT; i = (i + 1) & t->mask) {
		uint32_t home = t->entries[i].hash & t->mask;

		if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
			t->entries[hole] = t->entries[i];
			hole = i;
		}
	}
	t->entries[hole].slot = NO_SLOT;
	t->used--;
}
