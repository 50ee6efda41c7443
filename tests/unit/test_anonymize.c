/* Pseudonyms: keyed BLAKE2b of the text of a value. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sink/anonymize.h"

static const uint8_t key[ANONYMIZER_KEY_BYTES] = "a key that is not a secret";

static struct flowtap_value text_value(const char *text)
{
	struct flowtap_value v = { .type = FLOWTAP_TEXT };

	v.text.ptr = text;
	v.text.len = strlen(text);
	return v;
}

static struct flowtap_value list_value(const void *list, uint32_t n, uint32_t width)
{
	struct flowtap_value v = { .type = FLOWTAP_LIST };

	v.list.ptr = list;
	v.list.n = n;
	v.list.width = width;
	return v;
}

static void pseudonym(struct anonymizer *a, struct flowtap_value v, char ret[PSEUDONYM_LEN + 1])
{
	anonymize(a, &v, ret);
	ret[PSEUDONYM_LEN] = 0;
}

/* RFC 7693 itself has no keyed example; this is the keyed test vector of the
 * BLAKE2 authors: key 000102...3f, empty input. */
static void digest_is_blake2b_with_a_key(void **state)
{
	uint8_t counting[ANONYMIZER_KEY_BYTES];
	char got[PSEUDONYM_LEN + 1];
	struct anonymizer *a;

	(void)state;
	for (int i = 0; i < ANONYMIZER_KEY_BYTES; i++)
		counting[i] = i;
	assert_int_equal(anonymizer_new(&a, counting), 0);
	pseudonym(a, text_value(""), got);
	assert_string_equal(got,
		"10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
		"b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568");
	anonymizer_free(a);
}

static void check_text(struct anonymizer *a, struct flowtap_value v, const char *text)
{
	char got[PSEUDONYM_LEN + 1], want[PSEUDONYM_LEN + 1];

	pseudonym(a, v, got);
	pseudonym(a, text_value(text), want);
	assert_string_equal(got, want);
}

static void every_type_is_hashed_as_its_text(void **state)
{
	const int8_t directions[] = { 0, 1, -1 };
	const int32_t sizes[] = { 1500 };
	struct anonymizer *a;

	(void)state;
	assert_int_equal(anonymizer_new(&a, key), 0);
	check_text(a, (struct flowtap_value){ .type = FLOWTAP_U64, .u64 = UINT64_MAX },
		   "18446744073709551615");
	check_text(a, (struct flowtap_value){ .type = FLOWTAP_I64, .i64 = -1 }, "-1");
	check_text(a, (struct flowtap_value){ .type = FLOWTAP_F64, .f64 = 44 }, "44.0");
	check_text(a, list_value(directions, 3, 1), "[0, 1, -1]");
	check_text(a, list_value(sizes, 1, 4), "[1500]");
	check_text(a, list_value(sizes, 0, 4), "[]");
	anonymizer_free(a);
}

static void a_long_list_is_hashed_whole(void **state)
{
	static int64_t list[3000];
	static char text[3000 * 22 + 3];
	struct anonymizer *a;
	char *p = text;

	(void)state;
	*p++ = '[';
	for (int i = 0; i < 3000; i++) {
		list[i] = i % 7 ? INT64_MIN + i : -1;
		p += sprintf(p, "%s%lld", i ? ", " : "", (long long)list[i]);
	}
	strcpy(p, "]");
	assert_int_equal(anonymizer_new(&a, key), 0);
	check_text(a, list_value(list, 3000, 8), text);
	anonymizer_free(a);
}

static void keys_are_random_and_values_keep_their_pseudonym(void **state)
{
	char first[PSEUDONYM_LEN + 1], again[PSEUDONYM_LEN + 1], other[PSEUDONYM_LEN + 1];
	struct anonymizer *a, *b;

	(void)state;
	assert_int_equal(anonymizer_new(&a, NULL), 0);
	assert_int_equal(anonymizer_new(&b, NULL), 0);
	pseudonym(a, text_value("192.0.2.1"), first);
	pseudonym(a, text_value("192.0.2.1"), again);
	assert_string_equal(first, again);
	pseudonym(a, text_value("192.0.2.2"), other);
	assert_string_not_equal(first, other);
	pseudonym(b, text_value("192.0.2.1"), other);
	assert_string_not_equal(first, other);
	assert_int_equal(strspn(first, "0123456789abcdef"), PSEUDONYM_LEN);
	anonymizer_free(a);
	anonymizer_free(b);
	anonymizer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_is_blake2b_with_a_key),
		cmocka_unit_test(every_type_is_hashed_as_its_text),
		cmocka_unit_test(a_long_list_is_hashed_whole),
		cmocka_unit_test(keys_are_random_and_values_keep_their_pseudonym),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
