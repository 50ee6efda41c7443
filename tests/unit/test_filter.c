/* Filters: libpcap's verdict, for whatever link type a packet has. */

#include <errno.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "source/filter.h"

/* UDP 10.0.0.1:53 -> 10.0.0.255:4660, without a link layer. */
static const uint8_t udp[] = {
	0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 255,
	0, 53, 0x12, 0x34, 0, 12, 0, 0, 'd', 'a', 't', 'a',
};
static uint8_t ethernet[14 + sizeof(udp)] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };

static struct raw_packet packet_of(uint32_t link_type)
{
	struct raw_packet raw = { .data = udp, .caplen = sizeof(udp), .link_type = link_type };

	if (link_type == DLT_EN10MB) {
		memcpy(ethernet + 14, udp, sizeof(udp));
		raw.data = ethernet;
		raw.caplen = sizeof(ethernet);
	}
	raw.wirelen = raw.caplen;
	return raw;
}

static struct filter *filter_of(const char *expr, uint32_t link_type)
{
	struct filter *f;
	char err[512];

	if (filter_new(&f, expr, link_type, err, sizeof(err)) < 0)
		fail_msg("%s", err);
	return f;
}

static void an_expression_matches_as_in_tcpdump(void **state)
{
	static const struct { const char *expr; bool matches; } kinds[] = {
		{ "udp", true }, { "tcp", false }, { "udp port 53", true },
		{ "udp and dst port 53", false }, { "host 10.0.0.1 or tcp", true },
		{ "ether host 02:00:00:00:00:02", true }, { "len <= 46", true },
		{ "greater 47", false }, { "udp[8:4] = 0x64617461", true },
		{ "udp[9:4] = 0x64617461", false },	/* beyond the end: no match */
		{ "ip broadcast", true },	/* by the netmask that the reference has */
		{ "", true }, { " ", true },
	};
	const struct raw_packet raw = packet_of(DLT_EN10MB);

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct filter *f = filter_of(kinds[i].expr, DLT_EN10MB);

		if (filter_match(f, &raw) != kinds[i].matches)
			fail_msg("\"%s\" should %smatch", kinds[i].expr,
				 kinds[i].matches ? "" : "not ");
		filter_free(f);
	}
}

static void lengths_are_those_on_the_wire(void **state)
{
	struct filter *f = filter_of("greater 1000", DLT_EN10MB);
	struct raw_packet raw = packet_of(DLT_EN10MB);

	(void)state;
	raw.wirelen = 1500;
	assert_true(filter_match(f, &raw));
	raw.wirelen = 999;
	assert_false(filter_match(f, &raw));
	filter_free(f);
}

static void bytes_that_were_not_captured_do_not_match(void **state)
{
	struct filter *f = filter_of("udp port 53", DLT_EN10MB);
	struct raw_packet raw = packet_of(DLT_EN10MB);

	(void)state;
	raw.caplen = 14 + 20 + 1;
	assert_false(filter_match(f, &raw));
	raw.caplen = 0;
	assert_false(filter_match(f, &raw));
	filter_free(f);
}

/* A program of another link type would read the ports 14 bytes off. */
static void each_link_type_has_its_own_program(void **state)
{
	static const uint32_t types[] = { DLT_EN10MB, DLT_RAW, DLT_IPV4, DLT_EN10MB, DLT_IPV4, DLT_RAW };
	struct filter *f = filter_of("udp src port 53", DLT_EN10MB);
	struct filter *g = filter_of("udp dst port 53", DLT_EN10MB);

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct raw_packet raw = packet_of(types[i]);

		assert_true(filter_match(f, &raw));
		assert_false(filter_match(g, &raw));
	}
	filter_free(f);
	filter_free(g);
}

/* Ethernet addresses mean nothing for raw IP; the file goes on. */
static void what_has_no_meaning_for_a_link_type_matches_nothing_there(void **state)
{
	struct filter *f = filter_of("ether host 02:00:00:00:00:01", DLT_EN10MB);
	const struct raw_packet on_ethernet = packet_of(DLT_EN10MB), raw_ip = packet_of(DLT_RAW);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(filter_match(f, &on_ethernet));
		assert_false(filter_match(f, &raw_ip));
	}
	filter_free(f);
}

static void an_empty_expression_matches_any_link_type(void **state)
{
	struct filter *f = filter_of("", DLT_EN10MB);
	const struct raw_packet raw = packet_of(54321);

	(void)state;
	assert_true(filter_match(f, &raw));
	filter_free(f);
}

static void a_bad_expression_is_refused_with_libpcaps_words(void **state)
{
	struct filter *f = (struct filter *)&f;
	char err[512];

	(void)state;
	assert_int_equal(filter_new(&f, "tcp prot 80", DLT_EN10MB, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "tcp prot 80"));
	assert_non_null(strstr(err, "syntax error"));
	assert_null(strchr(err, '\n'));
	assert_int_equal(filter_new(&f, "port nosuchservice", DLT_EN10MB, err, sizeof(err)), -EINVAL);
	assert_int_equal(filter_new(&f, "ether host 02:00:00:00:00:01", DLT_RAW, err, sizeof(err)),
			 -EINVAL);
	assert_ptr_equal(f, &f);	/* untouched */
	filter_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expression_matches_as_in_tcpdump),
		cmocka_unit_test(lengths_are_those_on_the_wire),
		cmocka_unit_test(bytes_that_were_not_captured_do_not_match),
		cmocka_unit_test(each_link_type_has_its_own_program),
		cmocka_unit_test(what_has_no_meaning_for_a_link_type_matches_nothing_there),
		cmocka_unit_test(an_empty_expression_matches_any_link_type),
		cmocka_unit_test(a_bad_expression_is_refused_with_libpcaps_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
