/* Numbers and addresses as text. */

#include <arpa/inet.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sink/format.h"

static uint64_t random_state = 88172645463325252ull;

/* xorshift64 (Marsaglia 2003). */
static uint64_t random_bits(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static const char *text_of(double v)
{
	static char text[FORMAT_DOUBLE_MAX + 1];

	text[format_double(text, v)] = 0;
	return text;
}

/* What Python's repr() gives for them. */
static void doubles_look_as_in_python(void **state)
{
	static const struct {
		double v;
		const char *text;
	} known[] = {
		{ 0, "0.0" }, { -0.0, "-0.0" }, { 44, "44.0" }, { -1.5, "-1.5" },
		{ 0.1, "0.1" }, { 1. / 3, "0.3333333333333333" }, { 1e-4, "0.0001" },
		{ 1e-5, "1e-05" }, { 1e15, "1000000000000000.0" }, { 1e16, "1e+16" },
		{ 123456789012345678., "1.2345678901234568e+17" }, { 5e-324, "5e-324" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ 9007199254740993., "9007199254740992.0" }, { 1e22, "1e+22" },
		{ 1e23, "1e+23" }, { 678.7339449541289, "678.7339449541289" },
		{ 999999999999999.9, "999999999999999.9" }, { 1e100, "1e+100" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_string_equal(text_of(known[i].v), known[i].text);
}

static unsigned significant_digits(const char *text)
{
	char digits[32];
	unsigned n = 0;

	for (; *text && *text != 'e'; text++)
		if (*text >= '0' && *text <= '9' && (n || *text != '0'))
			digits[n++] = *text;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return n;
}

static void doubles_read_back_and_none_is_shorter(void **state)
{
	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint64_t bits = random_bits();
		char shorter[64];
		const char *text;
		unsigned n;
		double v;

		memcpy(&v, &bits, sizeof(v));
		if (i % 2)	/* as means are */
			v = (double)(bits % 10000000) / (double)(random_bits() % 1000 + 1);
		if (!isfinite(v))
			continue;
		text = text_of(v);
		assert_true(strtod(text, NULL) == v);
		n = significant_digits(text);
		if (n > 1) {
			snprintf(shorter, sizeof(shorter), "%.*e", (int)n - 2, v);
			assert_true(strtod(shorter, NULL) != v);
		}
	}
}

static void integers_are_those_of_printf(void **state)
{
	(void)state;
	for (int i = 0; i < 300000; i++) {
		uint64_t v = random_bits() >> (random_bits() % 64);
		char want[32], got[32];

		got[format_u64(got, v)] = 0;
		snprintf(want, sizeof(want), "%llu", (unsigned long long)v);
		assert_string_equal(got, want);
		got[format_i64(got, (int64_t)(0 - v))] = 0;
		snprintf(want, sizeof(want), "%lld", (long long)(0 - v));
		assert_string_equal(got, want);
	}
	for (uint64_t v = 1; v; v *= 10) {
		char want[32], got[32];

		for (uint64_t w = v - 1; w <= v; w++) {
			got[format_u64(got, w)] = 0;
			snprintf(want, sizeof(want), "%llu", (unsigned long long)w);
			assert_string_equal(got, want);
		}
		if (v > UINT64_MAX / 10)
			break;
	}
}

static void addresses_are_those_of_inet_ntop(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t bits[2] = { random_bits(), random_bits() & random_bits() & random_bits() };
		char want[INET6_ADDRSTRLEN], got[FORMAT_IP_MAX + 1];

		got[format_ipv4(got, (uint8_t *)bits)] = 0;
		inet_ntop(AF_INET, bits, want, sizeof(want));
		assert_string_equal(got, want);
		if (i % 3)
			bits[0] &= 0xffff;
		got[format_ipv6(got, (uint8_t *)bits)] = 0;
		inet_ntop(AF_INET6, bits, want, sizeof(want));
		assert_string_equal(got, want);
	}
}

static void hardware_addresses_have_lower_case_and_colons(void **state)
{
	const uint8_t mac[6] = { 0x02, 0xab, 0x00, 0xff, 0x0a, 0x01 };
	char text[FORMAT_MAC_MAX + 1];

	(void)state;
	text[format_mac(text, mac)] = 0;
	assert_string_equal(text, "02:ab:00:ff:0a:01");
	text[format_oui(text, mac)] = 0;
	assert_string_equal(text, "02:ab:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_look_as_in_python),
		cmocka_unit_test(doubles_read_back_and_none_is_shorter),
		cmocka_unit_test(integers_are_those_of_printf),
		cmocka_unit_test(addresses_are_those_of_inet_ntop),
		cmocka_unit_test(hardware_addresses_have_lower_case_and_colons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
