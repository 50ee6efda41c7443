/* The decoder, header by header. A packet is put together from pieces, each
 * of which says what is behind it. */

#include <pcap/dlt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "packet/walk.h"

#define SLL2 276

struct bytes {
	uint8_t b[512];
	uint32_t n;
};

static void put(struct bytes *x, const void *data, uint32_t n)
{
	memcpy(x->b + x->n, data, n);
	x->n += n;
}

#define PUT(x, ...) put(x, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void ethernet(struct bytes *x, uint16_t type)
{
	PUT(x, 2, 0, 0, 0, 0xb, 2, 2, 0, 0, 0, 0xa, 1, type >> 8, type);
}

/* Behind it `payload` bytes come. */
static void ipv4(struct bytes *x, uint8_t protocol, uint16_t payload, uint16_t fragment)
{
	uint16_t total = payload + 20;

	PUT(x, 0x45, 0, total >> 8, total, 0, 1, fragment >> 8, fragment, 64, protocol, 0, 0,
	    10, 0, 0, 1, 10, 0, 0, 2);
}

static void ipv6(struct bytes *x, uint8_t next, uint16_t payload)
{
	PUT(x, 0x60, 0, 0, 0, payload >> 8, payload, next, 64);
	PUT(x, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
	PUT(x, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
}

static void udp(struct bytes *x, uint16_t src, uint16_t dst, uint16_t payload)
{
	PUT(x, src >> 8, src, dst >> 8, dst, (payload + 8) >> 8, payload + 8, 0, 0);
}

/* 20 bytes and 12 bytes of options. */
static void tcp(struct bytes *x, uint8_t flags)
{
	PUT(x, 0x04, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, flags, 0, 9, 0, 0, 0, 0);
	PUT(x, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
}

static void zeros(struct bytes *x, uint32_t n)
{
	memset(x->b + x->n, 0, n);
	x->n += n;
}

/* Decodes a copy of exact size, so that a byte too many is seen by the address
 * sanitizer, on both paths. */
static enum undecodable run_cut(const struct bytes *x, uint32_t link_type, bool tunnels,
				uint32_t caplen, struct packet *p)
{
	struct decoder d = { .tunnels = tunnels };
	uint8_t *copy = malloc(caplen + !caplen);
	struct raw_packet raw = { copy, caplen, x->n, 7, link_type };
	struct packet q = { 0 };
	enum undecodable r;

	flow_hash_seed(&d.hash_key, 5);
	memcpy(copy, x->b, caplen);
	memset(p, 0, sizeof(*p));
	r = decode(&d, &raw, p);
	assert_int_equal(decode_walk(&d, &raw, &q), r);
	if (!r)
		assert_memory_equal(&p->key, &q.key, sizeof(q.key));
	if (!r)
		assert_int_equal(p->hash, q.hash);
	free(copy);
	return r;
}

static enum undecodable run(const struct bytes *x, uint32_t link_type, struct packet *p)
{
	return run_cut(x, link_type, true, x->n, p);
}

static void expect_udp(const struct bytes *x, uint32_t link_type, struct packet *p)
{
	assert_int_equal(run(x, link_type, p), UNDECODABLE_NONE);
	assert_int_equal(p->key.protocol, 17);
	assert_int_equal(p->swapped ? p->key.hi_port : p->key.lo_port, 1000);
	assert_int_equal(p->swapped ? p->key.lo_port : p->key.hi_port, 2000);
}

static void tcp_over_ipv4(void **state)
{
	struct bytes x = { .n = 0 };
	struct packet p;

	(void)state;
	ethernet(&x, 0x0800);
	ipv4(&x, 6, 32 + 5, 0);
	tcp(&x, TCP_SYN | TCP_ACK);
	zeros(&x, 5 + 3);	/* 3 of padding */
	assert_int_equal(run(&x, DLT_EN10MB, &p), UNDECODABLE_NONE);
	assert_int_equal(p.raw_size, x.n);
	assert_int_equal(p.ip_size, 57);
	assert_int_equal(p.transport_size, 37);
	assert_int_equal(p.payload_size, 5);
	assert_int_equal(p.tcp_flags, TCP_SYN | TCP_ACK);
	assert_int_equal(p.src_mac_offset, 6);
	assert_int_equal(p.dst_mac_offset, 0);
	assert_int_equal(p.key.ip_version, 4);
}

/* Whatever is cut off, nothing beyond it is read; and all that the headers need
 * must be there. */
static void a_packet_cut_anywhere_is_safe(void **state)
{
	struct bytes x = { .n = 0 };
	struct packet p;

	(void)state;
	ethernet(&x, 0x8100);
	PUT(&x, 0, 7, 0x86, 0xdd);
	ipv6(&x, 0, 8 + 8 + 30);
	PUT(&x, 17, 0, 1, 4, 0, 0, 0, 0);
	udp(&x, 1000, 2152, 30);
	PUT(&x, 0x34, 0xff, 0, 18, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0);
	zeros(&x, 14);
	for (uint32_t n = 0; n <= x.n; n++) {
		enum undecodable r = run_cut(&x, DLT_EN10MB, true, n, &p);

		if (n < 14 + 4 + 40 + 8 + 8)
			assert_int_not_equal(r, UNDECODABLE_NONE);
	}
	for (uint32_t type = 0; type < 300; type++)
		for (uint32_t n = 0; n <= x.n; n++)
			run_cut(&x, type, true, n, &p);
}

static void link_layers(void **state)
{
	static const struct {
		uint32_t type, n;
		uint8_t header[40];
	} links[] = {
		{ DLT_RAW, 0, { 0 } },
		{ DLT_IPV4, 0, { 0 } },
		{ DLT_NULL, 4, { 2 } },
		{ DLT_LOOP, 4, { 0, 0, 0, 2 } },
		{ DLT_PPP, 2, { 0, 0x21 } },
		{ DLT_PPP, 4, { 0xff, 3, 0, 0x21 } },
		{ DLT_C_HDLC, 4, { 0x0f, 0, 8, 0 } },
		{ DLT_PPP_SERIAL, 4, { 0xff, 3, 0, 0x21 } },
		{ DLT_PPP_ETHER, 8, { 0x11, 0, 0, 1, 0, 38, 0, 0x21 } },
		{ DLT_LINUX_SLL, 16, { [14] = 8 } },
		{ SLL2, 20, { 8 } },
		{ DLT_IEEE802_11, 32, { 0x08, 1, [24] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 } },
		{ DLT_IEEE802_11, 34, { 0x88, 1, [26] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 } },
		{ DLT_IEEE802_11_RADIO, 40, { 0, 0, 8, 0, 0, 0, 0, 0, 0x08, 2, [32] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct bytes x = { .n = 0 };
		struct packet p;

		put(&x, links[i].header, links[i].n);
		ipv4(&x, 17, 8 + 10, 0);
		udp(&x, 1000, 2000, 10);
		zeros(&x, 10);
		expect_udp(&x, links[i].type, &p);
		assert_int_equal(p.ip_offset, links[i].n);
		assert_true(decode_link_type_known(links[i].type));
	}
}

static void an_unknown_link_type_is_said(void **state)
{
	struct bytes x = { .n = 60 };
	struct packet p;

	(void)state;
	assert_int_equal(run(&x, 147, &p), UNDECODABLE_LINK_TYPE);
}

/* The innermost tag counts. */
static void tags_and_labels(void **state)
{
	struct bytes x = { .n = 0 };
	struct packet p;

	(void)state;
	ethernet(&x, 0x88a8);
	PUT(&x, 0x40, 100, 0x81, 0, 0x60, 200, 0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64);
	ipv4(&x, 17, 8 + 10, 0);
	udp(&x, 1000, 2000, 10);
	zeros(&x, 10);
	expect_udp(&x, DLT_EN10MB, &p);
	assert_int_equal(p.key.vlan_id, 200);
}

static void pppoe_and_pseudo_wire(void **state)
{
	struct bytes x = { .n = 0 }, y = { .n = 0 };
	struct packet p;

	(void)state;
	ethernet(&x, 0x8864);
	PUT(&x, 0x11, 0, 0, 1, 0, 60, 0, 0x57);
	ipv6(&x, 17, 18);
	udp(&x, 1000, 2000, 10);
	zeros(&x, 10);
	expect_udp(&x, DLT_EN10MB, &p);
	assert_int_equal(p.key.ip_version, 6);

	ethernet(&y, 0x8847);
	PUT(&y, 0, 1, 1, 64, 0, 0, 0, 0);
	ethernet(&y, 0x0800);
	ipv4(&y, 17, 18, 0);
	udp(&y, 1000, 2000, 10);
	zeros(&y, 10);
	expect_udp(&y, DLT_EN10MB, &p);
}

static void later_fragments_have_no_flow(void **state)
{
	struct bytes x = { .n = 0 }, y = { .n = 0 };
	struct packet p;

	(void)state;
	ethernet(&x, 0x0800);
	ipv4(&x, 17, 18, 100);
	udp(&x, 1000, 2000, 10);
	zeros(&x, 10);
	assert_int_equal(run(&x, DLT_EN10MB, &p), UNDECODABLE_FRAGMENT);
	ethernet(&y, 0x0800);
	ipv4(&y, 17, 18, 0x2000);	/* the first of several */
	udp(&y, 1000, 2000, 10);
	zeros(&y, 10);
	expect_udp(&y, DLT_EN10MB, &p);
}

static void ip_in_ip_up_to_a_limit(void **state)
{
	struct packet p;

	(void)state;
	for (unsigned depth = 1; depth <= MAX_IP_HEADERS + 1; depth++) {
		struct bytes x = { .n = 0 };

		ethernet(&x, 0x0800);
		for (unsigned i = 1; i < depth; i++)
			ipv4(&x, 4, 18 + 20 * (depth - i), 0);
		ipv4(&x, 17, 18, 0);
		udp(&x, 1000, 2000, 10);
		zeros(&x, 10);
		if (depth <= MAX_IP_HEADERS)
			expect_udp(&x, DLT_EN10MB, &p);
		else
			assert_int_equal(run(&x, DLT_EN10MB, &p), UNDECODABLE_NESTED);
	}
}

static void ipv6_extension_headers(void **state)
{
	struct bytes x = { .n = 0 }, y = { .n = 0 };
	struct packet p;

	(void)state;
	ethernet(&x, 0x86dd);
	ipv6(&x, 0, 8 + 16 + 8 + 18);
	PUT(&x, 43, 0, 1, 4, 0, 0, 0, 0);
	PUT(&x, 44, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	PUT(&x, 17, 0, 0, 1, 0, 0, 0, 1);
	udp(&x, 1000, 2000, 10);
	zeros(&x, 10);
	expect_udp(&x, DLT_EN10MB, &p);
	assert_int_equal(p.transport_size, 18);
	assert_int_equal(p.payload_size, 10);
	ethernet(&y, 0x86dd);
	ipv6(&y, 59, 18);
	zeros(&y, 18);
	assert_int_equal(run(&y, DLT_EN10MB, &p), UNDECODABLE_NO_TRANSPORT);
}

/* By its snaplen, not by its header's lie. */
static void ipv6_cut_by_the_snaplen_is_metered(void **state)
{
	struct bytes x = { .n = 0 };
	struct packet p;

	(void)state;
	ethernet(&x, 0x86dd);
	ipv6(&x, 17, 8 + 100);
	udp(&x, 1000, 2000, 100);
	zeros(&x, 100);
	assert_int_equal(run_cut(&x, DLT_EN10MB, true, 14 + 40 + 8, &p), UNDECODABLE_NONE);
	assert_int_equal(p.payload_size, 100);
	x.n -= 1;
	assert_int_equal(run(&x, DLT_EN10MB, &p), UNDECODABLE_MALFORMED);
}

static void total_length_zero_reaches_the_end_of_the_frame(void **state)
{
	struct bytes x = { .n = 0 };
	struct packet p;

	(void)state;
	ethernet(&x, 0x0800);
	ipv4(&x, 17, 18, 0);
	x.b[16] = x.b[17] = 0;
	udp(&x, 1000, 2000, 10);
	zeros(&x, 200);
	expect_udp(&x, DLT_EN10MB, &p);
	assert_int_equal(p.payload_size, 200);
}

static void gtp(struct bytes *x, uint8_t outer_version, bool inner_ip)
{
	ethernet(x, outer_version == 4 ? 0x0800 : 0x86dd);
	if (outer_version == 4)
		ipv4(x, 17, 8 + 16 + 38, 0);
	else
		ipv6(x, 17, 8 + 16 + 38);
	udp(x, 2152, 2152, 16 + 38);
	PUT(x, 0x34, 255, 0, 46, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0, 0, 0);
	if (inner_ip)
		ipv4(x, 17, 18, 0);
	else
		zeros(x, 20);
	udp(x, 1000, 2000, 10);
	zeros(x, 10);
}

static void gtp_u_is_decoded_to_its_inner_flow(void **state)
{
	struct packet p;

	(void)state;
	for (unsigned v = 4; v <= 6; v += 2) {
		struct bytes x = { .n = 0 };

		gtp(&x, v, true);
		expect_udp(&x, DLT_EN10MB, &p);
		assert_int_equal(p.key.tunnel, TUNNEL_GTP);
		assert_int_equal(p.key.ip_version, 4);
		assert_int_equal(run_cut(&x, DLT_EN10MB, false, x.n, &p), UNDECODABLE_NONE);
		assert_int_equal(p.key.lo_port, 2152);
	}
}

static void a_tunnel_without_ip_is_the_outer_flow(void **state)
{
	struct bytes x = { .n = 0 };
	struct packet p;

	(void)state;
	gtp(&x, 4, false);
	assert_int_equal(run(&x, DLT_EN10MB, &p), UNDECODABLE_NONE);
	assert_int_equal(p.key.tunnel, TUNNEL_NONE);
	assert_int_equal(p.key.lo_port, 2152);
}

static void tzsp_fields_are_passed_over(void **state)
{
	/* A length counts its data; by some, the whole field. */
	static const uint8_t fields[2][7] = { { 0, 0x28, 3, 9, 9, 9, 1 }, { 0, 0x28, 5, 9, 9, 9, 1 } };
	struct packet p;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bytes x = { .n = 0 };

		ethernet(&x, 0x0800);
		ipv4(&x, 17, 8 + 4 + 7 + 14 + 38, 0);
		udp(&x, 5, 37008, 4 + 7 + 14 + 38);
		PUT(&x, 1, 0, 0, 1);
		put(&x, fields[i], 7);
		ethernet(&x, 0x0800);
		ipv4(&x, 17, 18, 0);
		udp(&x, 1000, 2000, 10);
		zeros(&x, 10);
		expect_udp(&x, DLT_EN10MB, &p);
		assert_int_equal(p.key.tunnel, TUNNEL_TZSP);
	}
}

static void capwap_takes_the_inner_hardware_addresses(void **state)
{
	struct bytes x = { .n = 0 };
	struct packet p;

	(void)state;
	ethernet(&x, 0x0800);
	ipv4(&x, 17, 8 + 8 + 32 + 38, 0);
	udp(&x, 5, 5247, 8 + 32 + 38);
	PUT(&x, 0, 0x10, 0, 0, 0, 0, 0, 0);
	PUT(&x, 1, 8, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 0, 0);
	PUT(&x, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0);
	ipv4(&x, 17, 18, 0);
	udp(&x, 1000, 2000, 10);
	zeros(&x, 10);
	expect_udp(&x, DLT_EN10MB, &p);
	assert_int_equal(p.key.tunnel, TUNNEL_CAPWAP);
	assert_int_equal(x.b[p.src_mac_offset], 2);
	assert_int_equal(x.b[p.dst_mac_offset], 3);
}

/* ---- key and hash ---- */

static void both_directions_have_one_key(void **state)
{
	struct flow_hash_key hk;

	(void)state;
	flow_hash_seed(&hk, 42);
	for (uint64_t i = 1; i < 10000; i++) {
		uint64_t a[2] = { i * 7919, i % 3 }, b[2] = { i % 5 * 7919, i };
		struct flow_key there = { .protocol = 6 }, back = { .protocol = 6 };
		int s = flow_key_set(&there, a, b, i, 80), t = flow_key_set(&back, b, a, 80, i);

		assert_int_not_equal(s, t);
		assert_memory_equal(&there, &back, sizeof(there));
		assert_int_equal(flow_hash(&hk, &there), flow_hash(&hk, &back));
	}
}

static void every_part_of_the_key_changes_the_hash(void **state)
{
	struct flow_key k = { .lo_addr = { 1, 2 }, .hi_addr = { 3, 4 }, .lo_port = 5, .hi_port = 6 };
	struct flow_hash_key hk;
	uint32_t h;

	(void)state;
	flow_hash_seed(&hk, 42);
	h = flow_hash(&hk, &k);
	for (unsigned bit = 0; bit < 8 * sizeof(k); bit++) {
		struct flow_key other = k;

		((uint8_t *)&other)[bit / 8] ^= 1 << bit % 8;
		assert_int_not_equal(flow_hash(&hk, &other), h);
	}
}

/* The table goes by the low bits, steering by the high ones. */
static void hashes_spread_in_low_and_high_bits(void **state)
{
	static uint32_t low[256], high[256];
	struct flow_hash_key hk;

	(void)state;
	flow_hash_seed(&hk, 42);
	for (uint32_t i = 0; i < 256 * 400; i++) {
		struct flow_key k = { .lo_addr = { 0x0100000a + (i << 24) },
				      .hi_addr = { 0x0200000a }, .lo_port = i >> 8, .hi_port = 443,
				      .protocol = 6, .ip_version = 4 };
		uint32_t h = flow_hash(&hk, &k);

		low[h & 255]++;
		high[h >> 24]++;
	}
	for (int i = 0; i < 256; i++) {	/* 400 expected, standard deviation 20 */
		assert_in_range(low[i], 280, 520);
		assert_in_range(high[i], 280, 520);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_over_ipv4),
		cmocka_unit_test(a_packet_cut_anywhere_is_safe),
		cmocka_unit_test(link_layers),
		cmocka_unit_test(an_unknown_link_type_is_said),
		cmocka_unit_test(tags_and_labels),
		cmocka_unit_test(pppoe_and_pseudo_wire),
		cmocka_unit_test(later_fragments_have_no_flow),
		cmocka_unit_test(ip_in_ip_up_to_a_limit),
		cmocka_unit_test(ipv6_extension_headers),
		cmocka_unit_test(ipv6_cut_by_the_snaplen_is_metered),
		cmocka_unit_test(total_length_zero_reaches_the_end_of_the_frame),
		cmocka_unit_test(gtp_u_is_decoded_to_its_inner_flow),
		cmocka_unit_test(a_tunnel_without_ip_is_the_outer_flow),
		cmocka_unit_test(tzsp_fields_are_passed_over),
		cmocka_unit_test(capwap_takes_the_inner_hardware_addresses),
		cmocka_unit_test(both_directions_have_one_key),
		cmocka_unit_test(every_part_of_the_key_changes_the_hash),
		cmocka_unit_test(hashes_spread_in_low_and_high_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
