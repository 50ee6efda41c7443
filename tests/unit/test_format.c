/* Numbers and addresses as text, against libc and against Python's repr(). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/format.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1d;
}

static double from_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* ---- integers ---- */

static void check_integer(uint64_t v)
{
	char text[FORMAT_INTEGER_MAX + 1], want[32];

	snprintf(want, sizeof(want), "%" PRIu64, v);
	text[format_u64(text, v)] = 0;
	assert_string_equal(text, want);
	snprintf(want, sizeof(want), "%" PRId64, (int64_t)v);
	text[format_i64(text, v)] = 0;
	assert_string_equal(text, want);
}

static void integers_of_every_length_are_printed(void **state)
{
	uint64_t power = 1;

	(void)state;
	for (uint64_t v = 0; v < 200000; v++)
		check_integer(v);
	for (int i = 0; i < 20; i++, power *= 10)
		for (int d = -2; d <= 2; d++) {
			check_integer(power + d);
			check_integer(-(power + d));
		}
	for (int i = 0; i < 300000; i++)
		check_integer(random_u64() >> (i & 63));
	check_integer(UINT64_MAX);
	check_integer(INT64_MAX);
	check_integer(INT64_MIN);
}

/* ---- doubles ---- */

static const char *text_of(double v)
{
	static char text[FORMAT_DOUBLE_MAX + 1];

	text[format_double(text, v)] = 0;
	return text;
}

/* As Python's float_repr_style "short" lays digits out. */
static void lay_out(char *out, size_t size, const char *digits, int n, int point, bool negative)
{
	const char *sign = negative ? "-" : "";

	if (point > 16 || point <= -4)
		snprintf(out, size, "%s%c%s%.*se%c%02d", sign, digits[0], n > 1 ? "." : "", n - 1,
			 digits + 1, point - 1 < 0 ? '-' : '+', abs(point - 1));
	else if (point <= 0)
		snprintf(out, size, "%s0.%.*s%.*s", sign, -point, "000", n, digits);
	else if (point >= n)
		snprintf(out, size, "%s%.*s%.*s.0", sign, n, digits, point - n,
			 "0000000000000000");
	else
		snprintf(out, size, "%s%.*s.%.*s", sign, point, digits, n - point, digits + point);
}

/* The digits of the nearest decimal of that many, plus `more` in the last one;
 * whether it reads back as v > 0. */
static bool reads_back(double v, int n, int more, char *digits, int *ret_point)
{
	char e[40], *d = digits;
	int exponent;

	snprintf(e, sizeof(e), "%.*e", n - 1, v);
	for (const char *p = e; *p != 'e'; p++)
		if (*p != '.')
			*d++ = *p;
	*d = 0;
	exponent = atoi(strchr(e, 'e') + 1);
	sprintf(digits, "%0*llu", n, strtoull(digits, NULL, 10) + more);
	*ret_point = exponent + 1 + (int)strlen(digits) - n;
	snprintf(e, sizeof(e), "0.%se%d", digits, *ret_point);
	return strtod(e, NULL) == v;
}

/* The slow way: the first length that reads back. printf() rounds exactly, so
 * of that length it gives the nearest. Only below a power of two, where doubles
 * lie closer, that one may be somebody else's while its neighbour above reads
 * back. */
static void search(char *out, size_t size, double v)
{
	char digits[24];
	int n = 1, point;

	while (!reads_back(fabs(v), n, 0, digits, &point) &&
	       !reads_back(fabs(v), n, 1, digits, &point))
		n++;
	n = strlen(digits);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	lay_out(out, size, digits, n, point, signbit(v));
}

static void check_double(double v)
{
	char want[64];
	const char *text = text_of(v);
	double back = strtod(text, NULL);

	if (memcmp(&back, &v, sizeof(v)))
		fail_msg("%a is printed as %s", v, text);
	search(want, sizeof(want), v);
	assert_string_equal(text, want);
}

/* Each binary exponent has its own constant: both ends and the power of two,
 * below which doubles lie closer. */
static void doubles_of_every_exponent_are_shortest(void **state)
{
	const uint64_t fractions[] = { 0, 1, 2, 3, (1ull << 52) - 1, (1ull << 52) - 2, 1ull << 51 };

	(void)state;
	for (uint64_t e = 0; e < 0x7ff; e++) {
		for (size_t i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++)
			if (e || fractions[i])
				check_double(from_bits(e << 52 | fractions[i]));
		for (int i = 0; i < 20; i++)
			check_double(from_bits(e << 52 | random_u64() >> 12));
	}
}

static void random_doubles_are_shortest(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		double v = from_bits(random_u64());

		if (isfinite(v))
			check_double(v);
	}
	for (uint64_t bits = 1; bits < 3000; bits++)
		check_double(from_bits(bits));
}

static void doubles_around_powers_of_ten_are_shortest(void **state)
{
	char text[16];

	(void)state;
	for (int e = -323; e <= 308; e++) {
		double v;

		snprintf(text, sizeof(text), "1e%d", e);
		v = strtod(text, NULL);
		check_double(v);
		check_double(nextafter(v, 0) ? nextafter(v, 0) : v);
		check_double(nextafter(v, INFINITY));
		check_double(-v);
	}
	for (int i = 1; i < 30000; i++) {
		check_double(i / 100.0);
		check_double(i / 1024.0);
		check_double(i * 0.0000001);
	}
	for (int i = -3000; i < 3000; i++)
		check_double(0x1p53 + i);
}

/* Welford's mean and the deviation, as the statistics group has them. */
static void means_and_deviations_are_shortest(void **state)
{
	(void)state;
	for (int flow = 0; flow < 3000; flow++) {
		double mean = 0, m2 = 0;

		for (int n = 1; n <= 12; n++) {
			double x = random_u64() % (flow % 2 ? 1500 : 120000), old = mean;

			mean += (x - old) / n;
			m2 += (x - old) * (x - mean);
			check_double(mean);
			if (n > 1)
				check_double(sqrt(m2 / (n - 1)));
		}
	}
}

static void layout_is_that_of_python_s_repr(void **state)
{
	static const struct {
		double v;
		const char *repr;
	} known[] = {
		{ 0.0, "0.0" }, { -0.0, "-0.0" }, { 44.0, "44.0" }, { -1.5, "-1.5" },
		{ 0.1, "0.1" }, { 0.1 + 0.2, "0.30000000000000004" }, { 1 / 3.0, "0.3333333333333333" },
		{ 2 / 3.0, "0.6666666666666666" }, { 100 / 3.0, "33.333333333333336" },
		{ 1e-4, "0.0001" }, { 1e-5, "1e-05" }, { 0.00012345, "0.00012345" },
		{ 1.5e-7, "1.5e-07" }, { 9.999e-5, "9.999e-05" }, { 123456.789, "123456.789" },
		{ 1e15, "1000000000000000.0" }, { 1e16, "1e+16" }, { 1.5e16, "1.5e+16" },
		{ 9007199254740991.0, "9007199254740991.0" },
		{ 9007199254740992.0, "9007199254740992.0" },
		{ 9007199254740994.0, "9007199254740994.0" },
		{ 9999999999999998.0, "9999999999999998.0" },
		{ 12345678901234567.0, "1.2345678901234568e+16" }, { 1e22, "1e+22" },
		{ 1e23, "1e+23" }, { 9.5e-3, "0.0095" }, { 1e100, "1e+100" }, { 1e-100, "1e-100" },
		{ 5e-324, "5e-324" }, { 1e-323, "1e-323" }, { 1.5e-323, "1.5e-323" },
		{ DBL_MIN, "2.2250738585072014e-308" }, { -DBL_MAX, "-1.7976931348623157e+308" },
		{ 2.225073858507201e-308, "2.225073858507201e-308" },
		{ 9007199254740993e-16, "0.9007199254740993" },
		{ 0x1p-44, "5.684341886080802e-14" }, { 0x1p-1022, "2.2250738585072014e-308" },
		{ 0x1p-1017, "7.120236347223045e-307" }, { 0x1p89, "6.189700196426902e+26" },
		{ 678.7339449541289, "678.7339449541289" }, { 999999999999999.9, "999999999999999.9" },
		{ 123456789012345678.0, "1.2345678901234568e+17" }, { 9007199254740993.0, "9007199254740992.0" },
		{ 4.35, "4.35" }, { 0.3, "0.3" }, { 5e-5, "5e-05" }, { 1e21, "1e+21" },
		{ 1048576.5, "1048576.5" }, { 2.5, "2.5" }, { 1426.6666666666667, "1426.6666666666667" },
		{ INFINITY, "inf" }, { -INFINITY, "-inf" }, { NAN, "nan" }, { -NAN, "nan" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_string_equal(text_of(known[i].v), known[i].repr);
}

/* ---- addresses ---- */

static void macs_are_lower_case_with_colons(void **state)
{
	const uint8_t mac[6] = { 0x00, 0x1B, 0xFF, 0xa0, 0x0a, 0x9 };
	char text[FORMAT_ADDRESS_MAX];

	(void)state;
	assert_int_equal(format_mac(text, mac), 17);
	assert_memory_equal(text, "00:1b:ff:a0:0a:09", 17);
	assert_int_equal(format_oui(text, mac), 8);
	assert_memory_equal(text, "00:1b:ff", 8);
}

static void check_address(int family, const uint8_t *addr)
{
	char text[FORMAT_ADDRESS_MAX + 1], want[INET6_ADDRSTRLEN];

	text[family == AF_INET ? format_ipv4(text, addr) : format_ipv6(text, addr)] = 0;
	assert_non_null(inet_ntop(family, addr, want, sizeof(want)));
	assert_string_equal(text, want);
}

static void ipv4_is_as_inet_ntop_has_it(void **state)
{
	(void)state;
	for (int octet = 0; octet < 256; octet++)
		for (int place = 0; place < 4; place++) {
			uint8_t addr[4] = { 1, 20, 255, 0 };

			addr[place] = octet;
			check_address(AF_INET, addr);
		}
}

/* Zero groups in every arrangement, and groups of one to four digits. */
static void ipv6_is_as_inet_ntop_has_it(void **state)
{
	(void)state;
	for (int i = 0; i < 256 * 40; i++) {
		uint8_t addr[16] = { 0 };

		for (int g = 0; g < 8; g++) {
			uint16_t group = random_u64();

			if (!(i >> g & 1))
				continue;
			group >>= random_u64() % 16;
			addr[2 * g] = group >> 8;
			addr[2 * g + 1] = group;
		}
		check_address(AF_INET6, addr);
		addr[10] = addr[11] = 0xff;
		check_address(AF_INET6, addr);
	}
}

/* What other libraries write differently. */
static void ipv6_compression_and_dotted_form_are_glibc_s(void **state)
{
	static const char *const texts[] = {
		"::", "::1", "::0.2.0.3", "::1.2.3.4", "::ffff:10.0.0.1", "64:ff9b::102:304",
		"2001:db8::1", "2001:db8:0:1:1:1:1:1", "1:0:0:2::3", "1::2:0:0:3", "fe80::",
		"1:2:3:4:5:6:7:0", "::ffff:0:102:304", "0:1::", "::2:3:4:5:6:7:8",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[FORMAT_ADDRESS_MAX + 1], want[INET6_ADDRSTRLEN];
		uint8_t addr[16];

		assert_int_equal(inet_pton(AF_INET6, texts[i], addr), 1);
		text[format_ipv6(text, addr)] = 0;
		inet_ntop(AF_INET6, addr, want, sizeof(want));
		assert_string_equal(text, want);
		/* One zero group alone is not compressed. */
		if (strcmp(texts[i], "::2:3:4:5:6:7:8"))
			assert_string_equal(text, texts[i]);
	}
}

/* ---- threads ---- */

static void *first_use(void *arg)
{
	char text[FORMAT_DOUBLE_MAX];
	size_t len = format_double(text, 33.3);

	*(bool *)arg = len == 4 && !memcmp(text, "33.3", 4);
	return NULL;
}

/* Runs first, so that the tables are made here; for ThreadSanitizer. */
static void tables_may_be_made_by_several_threads_at_once(void **state)
{
	pthread_t thread[4];
	bool ok[4] = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, first_use, &ok[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		assert_true(ok[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_may_be_made_by_several_threads_at_once),
		cmocka_unit_test(integers_of_every_length_are_printed),
		cmocka_unit_test(layout_is_that_of_python_s_repr),
		cmocka_unit_test(doubles_of_every_exponent_are_shortest),
		cmocka_unit_test(random_doubles_are_shortest),
		cmocka_unit_test(doubles_around_powers_of_ten_are_shortest),
		cmocka_unit_test(means_and_deviations_are_shortest),
		cmocka_unit_test(macs_are_lower_case_with_colons),
		cmocka_unit_test(ipv4_is_as_inet_ntop_has_it),
		cmocka_unit_test(ipv6_is_as_inet_ntop_has_it),
		cmocka_unit_test(ipv6_compression_and_dotted_form_are_glibc_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
