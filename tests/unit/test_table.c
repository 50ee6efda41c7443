/* The flow table: what the meter stands on. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "meter/table.h"

#define N 20000

static struct flow_key key_of(uint32_t i)
{
	struct flow_key k = { .lo_addr = { i }, .hi_addr = { ~(uint64_t)i }, .protocol = 17 };

	return k;
}

static uint32_t add(struct table *t, uint32_t i, uint32_t hash)
{
	struct flow_key k = key_of(i);
	uint32_t slot = table_alloc(t);

	assert_int_not_equal(slot, NO_SLOT);
	assert_int_equal(table_reserve(t), 0);
	table_flow(t, slot)->key = k;
	table_flow(t, slot)->hash = hash;
	table_insert(t, table_find(t, &k, hash), hash, slot);
	return slot;
}

static uint32_t find(const struct table *t, uint32_t i, uint32_t hash)
{
	struct flow_key k = key_of(i);

	return table_find(t, &k, hash)->slot;
}

/* Removal shifts entries; one shifted in front of its home would be lost. Few
 * different hashes make long runs of entries, which wrap around the end. */
static void random_inserts_and_removals_lose_nothing(void **state)
{
	static uint32_t slots[N], hashes[N];
	static char present[N];
	struct table t;
	unsigned seed = 7;

	(void)state;
	assert_int_equal(table_init(&t, sizeof(struct flow), N), 0);
	for (int i = 0; i < N; i++)
		hashes[i] = i % 3 ? (uint32_t)rand_r(&seed) * 2654435761u : 0xfffffff0u + i % 32;
	for (int round = 0; round < 10 * N; round++) {
		uint32_t i = rand_r(&seed) % N;

		if (present[i]) {
			assert_int_equal(find(&t, i, hashes[i]), slots[i]);
			table_remove(&t, hashes[i], slots[i]);
			table_release(&t, slots[i]);
		} else {
			assert_int_equal(find(&t, i, hashes[i]), NO_SLOT);
			slots[i] = add(&t, i, hashes[i]);
		}
		present[i] = !present[i];
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(find(&t, i, hashes[i]), present[i] ? slots[i] : NO_SLOT);
	table_destroy(&t);
}

static void equal_hashes_are_told_apart_by_key(void **state)
{
	struct table t;
	uint32_t a, b;

	(void)state;
	assert_int_equal(table_init(&t, sizeof(struct flow), 8), 0);
	a = add(&t, 1, 5);
	b = add(&t, 2, 5);
	assert_int_equal(find(&t, 1, 5), a);
	assert_int_equal(find(&t, 2, 5), b);
	assert_int_equal(find(&t, 3, 5), NO_SLOT);
	table_remove(&t, 5, a);
	assert_int_equal(find(&t, 1, 5), NO_SLOT);
	assert_int_equal(find(&t, 2, 5), b);
	table_destroy(&t);
}

static void slots_run_out_and_come_back(void **state)
{
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, sizeof(struct flow), 3), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(table_alloc(&t), i);
	assert_int_equal(table_alloc(&t), NO_SLOT);
	table_release(&t, 1);
	assert_int_equal(table_alloc(&t), 1);
	assert_int_equal(table_alloc(&t), NO_SLOT);
	table_destroy(&t);
}

static void list_keeps_order_of_use(void **state)
{
	struct slot_list l = { NO_SLOT, NO_SLOT };
	const uint32_t want[] = { 0, 2, 3, 1 };
	uint32_t slot;
	struct table t;

	(void)state;
	assert_int_equal(table_init(&t, sizeof(struct flow), 4), 0);
	for (uint32_t i = 0; i < 4; i++)
		slot_list_append(&t, &l, i);
	slot_list_remove(&t, &l, 1);
	slot_list_append(&t, &l, 1);
	slot = l.head;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(slot, want[i]);
		slot = t.links[slot].next;
	}
	assert_int_equal(slot, NO_SLOT);
	for (int i = 3; i >= 0; i--)
		slot_list_remove(&t, &l, want[i]);
	assert_int_equal(l.head, NO_SLOT);
	assert_int_equal(l.tail, NO_SLOT);
	table_destroy(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_inserts_and_removals_lose_nothing),
		cmocka_unit_test(equal_hashes_are_told_apart_by_key),
		cmocka_unit_test(slots_run_out_and_come_back),
		cmocka_unit_test(list_keeps_order_of_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
