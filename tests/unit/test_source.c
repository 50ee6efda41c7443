/* Capture files: every format, our readers against libpcap's, and what is
 * damaged or cut off. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../lib/capture.h"
#include "source/file.h"
#include "source/source.h"

#define MS 1000000ull
#define S 1000000000ull

static char path[64];	/* of a file in memory: some tests write thousands */

/* What was read. Packets beyond the array are counted only. */
struct got {
	unsigned n;
	int result;		/* of the last fill, or of opening */
	bool opened;
	uint64_t bytes_read, bytes_total;
	char error[512];
	struct raw_packet packet[64];	/* their data is in bytes[] */
	uint8_t *bytes[64];
};

static void got_free(struct got *g)
{
	for (unsigned i = 0; i < g->n && i < 64; i++)
		free(g->bytes[i]);
}

static void keep(struct got *g, const struct raw_packet *raw)
{
	if (g->n < 64) {
		g->packet[g->n] = *raw;
		/* Of its own size, so that reading beyond it is seen. */
		g->bytes[g->n] = malloc(raw->caplen ? raw->caplen : 1);
		memcpy(g->bytes[g->n], raw->data, raw->caplen);
		g->packet[g->n].data = g->bytes[g->n];
	}
	g->n++;
}

static void drain(struct got *g, struct source *s)
{
	uint8_t *buffers[2] = { malloc(SOURCE_BUFFER), malloc(SOURCE_BUFFER) };
	struct raw_packet raw[3];
	unsigned turn = 0;
	int n;

	while ((g->result = source_fill(s, buffers[turn++ % 2])) > 0)
		while ((n = source_next(s, raw, 3)) > 0)
			for (int i = 0; i < n; i++)
				keep(g, &raw[i]);
	if (g->result < 0) {
		strcpy(g->error, s->error);
		/* It stays so, and gives no more. */
		assert_int_equal(source_fill(s, buffers[0]), g->result);
		assert_int_equal(source_next(s, raw, 3), 0);
	}
	g->bytes_read = s->bytes_read;
	g->bytes_total = s->bytes_total;
	source_close(s);
	free(buffers[0]);
	free(buffers[1]);
}

static struct got read_path(const char *p)
{
	struct got g = { 0 };
	struct source *s;

	g.result = source_open_file(&s, p, g.error, sizeof(g.error));
	g.opened = g.result == 0;
	if (g.opened)
		drain(&g, s);
	return g;
}

/* Saves, reads and frees the capture. */
static struct got read_capture(struct capture *c)
{
	capture_save(c, path, SIZE_MAX);
	capture_free(c);
	return read_path(path);
}

static void assert_error(const struct got *g, int result, const char *text)
{
	char wanted[600];

	assert_int_equal(g->result, result);
	snprintf(wanted, sizeof(wanted), "%s%s", path, text);
	assert_string_equal(g->error, wanted);
}

/* A usual capture: packet i has payload i, of 60 + i bytes. */
static void add_packets(struct capture *c, uint32_t magic, unsigned n)
{
	capture_pcap(c, magic, 2, 4, 65535, DLT_EN10MB);
	for (unsigned i = 0; i < n; i++) {
		capture_record(c, magic, 1000 + i, 5, 60 + i, 1500);
		capture_payload(c, i, 60 + i);
	}
}

static void assert_packets(const struct got *g, unsigned n)
{
	assert_int_equal(g->n, n);
	for (unsigned i = 0; i < n && i < 64; i++) {
		assert_int_equal(g->packet[i].caplen, 60 + i);
		assert_true(capture_is_payload(g->packet[i].data, i, 60 + i));
	}
}

/* ---- against libpcap ---- */

/* libpcap 1.10 takes seconds as signed 32 bits, and negative fractions in a way
 * that depends on byte order. */
static bool time_comparable(const struct pcap_pkthdr *h)
{
	return h->ts.tv_sec > 0 && h->ts.tv_sec <= INT32_MAX && h->ts.tv_usec >= 0 &&
	       h->ts.tv_usec <= INT32_MAX;
}

static void assert_same_packet(const char *name, unsigned i, const struct raw_packet *raw,
			       const struct pcap_pkthdr *h, const uint8_t *data)
{
	if (raw->caplen != h->caplen || raw->wirelen != h->len ||
	    memcmp(raw->data, data, h->caplen))
		fail_msg("%s: packet %u is not as libpcap reads it", name, i);
	if (time_comparable(h) &&
	    raw->ts_ns / 1000 != (uint64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec)
		fail_msg("%s: packet %u has another time than for libpcap", name, i);
}

/* Each packet that libpcap gives, until it refuses one (a second link type, a
 * packet longer than the interface's snapshot length), we give as well, and no
 * more if it came to the end. Returns how many that were. */
static unsigned compare_with_libpcap(const char *name)
{
	char text[PCAP_ERRBUF_SIZE], err[512];
	uint8_t *buffer = malloc(SOURCE_BUFFER);
	pcap_t *pcap = pcap_open_offline(name, text);
	struct raw_packet raw[64];
	struct pcap_pkthdr *h;
	const uint8_t *data;
	struct source *s;
	unsigned n = 0, i = 0, total = 0;
	int r;

	if (!pcap)
		fail_msg("%s: %s", name, text);
	if (source_open_file(&s, name, err, sizeof(err)) < 0)
		fail_msg("%s", err);
	while ((r = pcap_next_ex(pcap, &h, &data)) == 1) {
		while (i == n) {
			i = 0;
			n = source_next(s, raw, 64);
			if (!n && source_fill(s, buffer) <= 0)
				fail_msg("%s: libpcap has more than %u packets: %s", name, total,
					 s->error);
		}
		assert_int_equal(raw[i].link_type, pcap_datalink(pcap));
		assert_same_packet(name, total++, &raw[i++], h, data);
	}
	if (r == PCAP_ERROR_BREAK) {
		assert_int_equal(i, n);
		while (source_next(s, raw, 64) == 0) {
			r = source_fill(s, buffer);
			if (r <= 0)
				break;
		}
		if (r)
			fail_msg("%s: libpcap has only %u packets", name, total);
	}
	pcap_close(pcap);
	source_close(s);
	free(buffer);
	return total;
}

static void shared_captures_are_read_as_by_libpcap(void **state)
{
	const char *shared = getenv("FLOWTAP_SHARED");
	char dir[4096], file[8192];
	unsigned files = 0, packets = 0;
	struct dirent *e;
	DIR *d;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/pcaps", shared ? shared : "../shared");
	d = opendir(dir);
	if (!d) {
		if (getenv("CI"))
			fail_msg("no captures in %s", dir);
		print_message("SKIPPED: no captures in %s\n", dir);
		skip();
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", dir, e->d_name);
		packets += compare_with_libpcap(file);
		files++;
	}
	closedir(d);
	print_message("%u captures, %u packets\n", files, packets);
	assert_true(packets > 0);
}

/* ---- classic pcap ---- */

static void both_byte_orders_and_all_resolutions(void **state)
{
	static const struct {
		uint32_t magic, fraction;
		uint64_t ns;
	} kinds[] = {
		{ PCAP_US, 999999, 999999000 },
		{ PCAP_NS, 999999999, 999999999 },
		{ PCAP_MODIFIED, 5, 5000 },
		{ PCAP_US, 1500000, 1500000000 },	/* simply adds */
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		const uint32_t magic = kinds[i / 2].magic;
		struct capture c = { .big = i % 2 };
		struct got g;

		capture_pcap(&c, magic, 2, 4, 65535, DLT_EN10MB);
		for (unsigned k = 0; k < 3; k++) {
			capture_record(&c, magic, 1700000000 + k, kinds[i / 2].fraction, 60, 1500);
			capture_payload(&c, k, 60);
		}
		g = read_capture(&c);
		assert_int_equal(g.result, 0);
		assert_int_equal(g.n, 3);
		for (unsigned k = 0; k < 3; k++) {
			assert_true(g.packet[k].ts_ns ==
				    (1700000000 + k) * S + kinds[i / 2].ns);
			assert_int_equal(g.packet[k].caplen, 60);
			assert_int_equal(g.packet[k].wirelen, 1500);
			assert_int_equal(g.packet[k].link_type, DLT_EN10MB);
			assert_true(capture_is_payload(g.packet[k].data, k, 60));
		}
		got_free(&g);
		assert_int_equal(compare_with_libpcap(path), 3);
	}
}

/* As signed numbers, captures of 2038 to 2106 would be of before 1970. */
static void seconds_are_unsigned(void **state)
{
	struct capture c = { 0 };
	struct got g;

	(void)state;
	capture_pcap(&c, PCAP_US, 2, 4, 65535, DLT_EN10MB);
	capture_record(&c, PCAP_US, 4102444800u, 1, 0, 0);
	capture_record(&c, PCAP_US, UINT32_MAX, 999999, 0, 0);
	g = read_capture(&c);
	assert_int_equal(g.n, 2);
	assert_true(g.packet[0].ts_ns == 4102444800 * S + 1000);
	assert_true(g.packet[1].ts_ns == UINT32_MAX * S + 999999000);
	got_free(&g);
}

/* ms = seconds * 1000 + fraction / 1000, cut toward zero. */
static void negative_fractions_take_from_the_seconds(void **state)
{
	static const struct {
		uint32_t magic, seconds;
		int32_t fraction;
		uint64_t ms;
	} kinds[] = {
		{ PCAP_US, 10, -1, 10000 },
		{ PCAP_US, 10, -1500, 9999 },
		{ PCAP_US, 10, -2000, 9998 },
		{ PCAP_US, 1, -1999999, 0 },
		{ PCAP_US, 10, INT32_MIN, 0 },
		{ PCAP_NS, 10, -1, 10000 },
		{ PCAP_NS, 10, -1500000, 9999 },
		{ PCAP_NS, 10, INT32_MIN, 10000 - 2147 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct capture c = { .big = i % 2 };
		struct got g;

		capture_pcap(&c, kinds[i / 2].magic, 2, 4, 65535, DLT_EN10MB);
		capture_record(&c, PCAP_US, kinds[i / 2].seconds, kinds[i / 2].fraction, 0, 0);
		g = read_capture(&c);
		assert_int_equal(g.n, 1);
		assert_true(g.packet[0].ts_ns == kinds[i / 2].ms * MS);
		got_free(&g);
	}
}

static void old_versions_have_their_lengths_the_other_way_round(void **state)
{
	static const struct { uint16_t major, minor; bool swapped; } kinds[] = {
		{ 2, 0, true }, { 2, 1, true }, { 2, 2, true }, { 2, 3, true }, { 2, 3, false },
		{ 2, 4, false }, { 543, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct capture c = { .big = i % 2 };
		struct got g;

		capture_pcap(&c, PCAP_US, kinds[i].major, kinds[i].minor, 65535, DLT_EN10MB);
		for (unsigned k = 0; k < 2; k++) {
			capture_record(&c, PCAP_US, 1, 1, kinds[i].swapped ? 80 : 40,
				       kinds[i].swapped ? 40 : 80);
			capture_payload(&c, k, 40);
		}
		g = read_capture(&c);
		assert_int_equal(g.result, 0);
		assert_int_equal(g.n, 2);
		assert_int_equal(g.packet[1].caplen, 40);
		assert_int_equal(g.packet[1].wirelen, 80);
		assert_true(capture_is_payload(g.packet[1].data, 1, 40));
		got_free(&g);
		assert_int_equal(compare_with_libpcap(path), 2);
	}
}

static void packets_are_cut_to_the_snapshot_length(void **state)
{
	static const struct { uint32_t magic, snaplen, caplen; } kinds[] = {
		{ PCAP_US, 96, 96 }, { PCAP_US, 0, 200 }, { PCAP_US, 0x80000000, 200 },
		{ PCAP_US, INT32_MAX, 200 }, { PCAP_MODIFIED, 96, 96 + 14 },
		{ PCAP_MODIFIED, INT32_MAX, 200 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct capture c = { 0 };
		struct got g;

		capture_pcap(&c, kinds[i].magic, 2, 4, kinds[i].snaplen, DLT_EN10MB);
		for (unsigned k = 0; k < 2; k++) {
			capture_record(&c, kinds[i].magic, 1, 1, 200, 300);
			capture_payload(&c, k, 200);
		}
		g = read_capture(&c);
		assert_int_equal(g.result, 0);
		assert_int_equal(g.n, 2);
		assert_int_equal(g.packet[1].caplen, kinds[i].caplen);
		assert_int_equal(g.packet[1].wirelen, 300);
		assert_true(capture_is_payload(g.packet[1].data, 1, kinds[i].caplen));
		got_free(&g);
		assert_int_equal(compare_with_libpcap(path), 2);
	}
}

static void every_link_type_is_numbered_as_by_libpcap(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 0x10000; type++) {
		struct capture c = { 0 };
		char text[PCAP_ERRBUF_SIZE];
		pcap_t *pcap;
		FILE *f;

		capture_pcap(&c, PCAP_US, 2, 4, 65535, type);
		f = fmemopen(c.data, c.size, "rb");
		pcap = pcap_fopen_offline(f, text);
		assert_non_null(pcap);
		assert_int_equal(file_link_type(type), pcap_datalink(pcap));
		pcap_close(pcap);
		capture_free(&c);
	}
}

static void the_fcs_length_is_no_part_of_the_link_type(void **state)
{
	struct capture c = { 0 };
	struct got g;

	(void)state;
	capture_pcap(&c, PCAP_US, 2, 4, 65535, 0x24000000 | 101);
	capture_record(&c, PCAP_US, 1, 1, 40, 40);
	capture_payload(&c, 0, 40);
	capture_save(&c, path, SIZE_MAX);
	capture_free(&c);
	assert_int_equal(compare_with_libpcap(path), 1);

	/* The 10 bits between are reserved: nobody knows such packets. */
	capture_pcap(&c, PCAP_US, 2, 4, 65535, 0x002a0001);
	capture_record(&c, PCAP_US, 1, 1, 0, 0);
	g = read_capture(&c);
	assert_int_equal(g.n, 1);
	assert_int_equal(g.packet[0].link_type, 0x002a0001);
	got_free(&g);
}

static void a_caplen_beyond_the_limit_is_damage(void **state)
{
	struct capture c = { 0 };
	struct got g;

	(void)state;
	add_packets(&c, PCAP_US, 1);
	capture_record(&c, PCAP_US, 1, 1, MAX_CAPLEN + 1, 1500);
	capture_payload(&c, 1, MAX_CAPLEN + 1);
	g = read_capture(&c);
	assert_packets(&g, 1);
	assert_error(&g, -EBADMSG, ": damaged at byte 100: a record of 262145 bytes, more than the "
		     "262144 that can be");
	got_free(&g);
}

/* They go over the end of a chunk, and a buffer has to hold one in whole. */
static void the_longest_records_are_read(void **state)
{
	struct capture c = { 0 };
	struct got g;

	(void)state;
	capture_pcap(&c, PCAP_MODIFIED, 2, 4, 0, DLT_RAW);
	for (unsigned i = 0; i < 6; i++) {
		capture_record(&c, PCAP_MODIFIED, 1, 1, MAX_CAPLEN - i % 2, MAX_CAPLEN);
		capture_payload(&c, i, MAX_CAPLEN - i % 2);
	}
	g = read_capture(&c);
	assert_int_equal(g.result, 0);
	assert_int_equal(g.n, 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(g.packet[i].caplen, MAX_CAPLEN - i % 2);
		assert_true(capture_is_payload(g.packet[i].data, i, MAX_CAPLEN - i % 2));
	}
	got_free(&g);
	assert_int_equal(compare_with_libpcap(path), 6);
}

/* ---- pcapng ---- */

static void interfaces_have_their_own_link_type_resolution_and_offset(void **state)
{
	static const struct {
		uint16_t link_type;
		int resolution;	/* -1: no option */
		int64_t offset_s;
		uint64_t ticks, ns;
	} kinds[] = {
		{ 1, -1, 0, 1700000000123456, 1700000000123456000 },
		{ 1, 6, 0, 1700000000123456, 1700000000123456000 },
		{ 1, 9, 0, 1700000000123456789, 1700000000123456789 },
		{ 101, 3, 0, 1700000000123, 1700000000123000000 },
		{ 276, 0, 0, 1700000000, 1700000000000000000 },
		{ 1, 12, 0, 1700000123456789, 1700000123456 },
		{ 1, 19, 0, 15000000000000000000u, 1500000000 },
		{ 113, 0x80 | 10, 0, 1700000000ull << 10 | 512, 1700000000500000000 },
		{ 1, 0x80 | 0, 0, 1700000000, 1700000000000000000 },
		/* 10^6 times these overflows 64 bits, as it does in libpcap. */
		{ 1, 0x80 | 63, 0, UINT64_MAX, 1999999999 },
		{ 1, 0x80 | 60, 1000, 3ull << 59, 1001500000000 },
		{ 1, 6, 1700000000, 123456, 1700000000123456000 },
		{ 1, 9, -5, 7000000001, 2000000001 },
		{ 1, 6, -5, 1000000, 0 },	/* before 1970 */
		{ 1, -1, 7, 0, 7000000000 },
	};
	const size_t n = sizeof(kinds) / sizeof(kinds[0]);

	(void)state;
	for (unsigned big = 0; big < 2; big++) {
		struct capture c = { .big = big };
		struct got g;

		capture_section(&c);
		for (size_t i = 0; i < n; i++) {
			struct capture o = { .big = big }, offset = { .big = big };
			uint8_t resolution = kinds[i].resolution;

			capture_option(&o, 2, "eth0", 4);
			if (kinds[i].resolution >= 0)
				capture_option(&o, 9, &resolution, 1);
			capture_u64(&offset, kinds[i].offset_s);
			if (kinds[i].offset_s)
				capture_option(&o, 14, offset.data, 8);
			capture_option(&o, 0, NULL, 0);
			capture_interface(&c, kinds[i].link_type, 0, i % 2 || o.size > 12 ? &o : NULL);
			capture_free(&o);
			capture_free(&offset);
		}
		for (size_t i = 0; i < n; i++)
			capture_enhanced(&c, i, kinds[i].ticks, i, 50 + i, 1500, NULL);
		g = read_capture(&c);
		assert_int_equal(g.result, 0);
		assert_int_equal(g.n, n);
		for (size_t i = 0; i < n; i++) {
			if (g.packet[i].ts_ns != kinds[i].ns)
				fail_msg("packet %zu: %llu ns, not %llu", i,
					 (unsigned long long)g.packet[i].ts_ns,
					 (unsigned long long)kinds[i].ns);
			assert_int_equal(g.packet[i].link_type, file_link_type(kinds[i].link_type));
			assert_int_equal(g.packet[i].caplen, 50 + i);
			assert_int_equal(g.packet[i].wirelen, 1500);
			assert_true(capture_is_payload(g.packet[i].data, i, 50 + i));
		}
		got_free(&g);
	}
}

/* A clock gone wrong: what 64 bits of nanoseconds cannot say. */
static void times_beyond_nanoseconds_are_told_by_an_era(void **state)
{
	struct capture c = { 0 };
	char err[512];
	struct source *s;
	struct raw_packet raw[2];
	uint8_t *buffer = malloc(SOURCE_BUFFER);

	(void)state;
	capture_section(&c);
	capture_interface(&c, 1, 0, NULL);
	capture_enhanced(&c, 0, 99999999999000000, 0, 60, 60, NULL);
	capture_enhanced(&c, 0, 99999999999500000, 0, 60, 60, NULL);
	capture_save(&c, path, SIZE_MAX);
	capture_free(&c);
	assert_int_equal(source_open_file(&s, path, err, sizeof(err)), 0);
	assert_int_equal(source_fill(s, buffer), 1);
	assert_int_equal(source_next(s, raw, 2), 2);
	assert_true(s->era_ms + raw[0].ts_ns / MS == 99999999999000);
	assert_true(s->era_ms + raw[1].ts_ns / MS == 99999999999500);
	source_close(s);
	free(buffer);
}

static void all_kinds_of_packet_blocks_are_read(void **state)
{
	(void)state;
	for (unsigned big = 0; big < 2; big++) {
		struct capture c = { .big = big };
		struct got g;

		capture_section(&c);
		capture_block(&c, 4, "names", 5);	/* passed over */
		capture_interface(&c, 1, 100, NULL);
		capture_enhanced(&c, 0, 1000001, 0, 61, 200, NULL);
		capture_simple(&c, 1, 100, 200);	/* as much as the snaplen */
		capture_block(&c, 0x80000001, "private", 7);
		capture_simple(&c, 2, 63, 63);
		capture_obsolete(&c, 0, 2000002, 3, 64, 200);
		capture_block(&c, 5, NULL, 0);
		g = read_capture(&c);
		assert_int_equal(g.result, 0);
		assert_int_equal(g.n, 4);
		assert_int_equal(g.packet[1].caplen, 100);
		assert_int_equal(g.packet[1].wirelen, 200);
		assert_int_equal(g.packet[1].ts_ns, 0);
		for (unsigned i = 0; i < 4; i++)
			assert_true(capture_is_payload(g.packet[i].data, i, g.packet[i].caplen));
		got_free(&g);
		assert_int_equal(compare_with_libpcap(path), 4);
	}
}

/* mergecap, and cat, put sections behind one another. */
static void sections_may_have_different_byte_orders(void **state)
{
	struct capture c = { 0 };
	struct got g;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		c.big = i % 2;
		capture_section(&c);
		capture_interface(&c, i < 2 ? 1 : 101, 0, NULL);
		capture_enhanced(&c, 0, i + 1, i, 60 + i, 60 + i, NULL);
	}
	g = read_capture(&c);
	assert_int_equal(g.result, 0);
	assert_packets(&g, 4);
	assert_int_equal(g.packet[1].link_type, DLT_EN10MB);
	assert_int_equal(g.packet[3].link_type, DLT_RAW);
	assert_int_equal(g.packet[3].ts_ns, 4000);
	got_free(&g);
}

/* Interfaces are a section's: the second one has none yet. */
static void a_packet_of_an_unknown_interface_is_damage(void **state)
{
	struct capture c = { 0 };
	size_t at;
	char text[200];
	struct got g;

	(void)state;
	capture_section(&c);
	capture_interface(&c, 1, 0, NULL);
	capture_enhanced(&c, 0, 1, 0, 60, 60, NULL);
	capture_section(&c);
	at = c.size;
	capture_enhanced(&c, 0, 1, 0, 60, 60, NULL);
	g = read_capture(&c);
	assert_packets(&g, 1);
	snprintf(text, sizeof(text), ": damaged at byte %zu: packet of interface 0, which is not "
		 "described", at);
	assert_error(&g, -EBADMSG, text);
	got_free(&g);
}

static void blocks_of_any_size_are_passed_over(void **state)
{
	const size_t large = 3 * SOURCE_BUFFER + 8;
	uint8_t *nothing = calloc(1, large);
	struct capture c = { 0 }, options = { 0 };
	struct got g;

	(void)state;
	/* As a secrets block may be, and comments on a packet. */
	for (unsigned i = 0; i < 20; i++)
		capture_option(&options, 1, nothing, 65532);
	capture_section(&c);
	capture_block(&c, 10, nothing, large);
	capture_interface(&c, 1, 0, NULL);
	capture_enhanced(&c, 0, 1, 0, 60, 60, &options);
	capture_block(&c, 10, nothing, FILE_NEED_MAX - 12);
	capture_block(&c, 10, nothing, FILE_NEED_MAX - 8);
	capture_enhanced(&c, 0, 1, 1, 61, 61, NULL);
	capture_block(&c, 10, nothing, large);
	capture_save(&c, path, SIZE_MAX);
	g = read_path(path);
	assert_int_equal(g.result, 0);
	assert_packets(&g, 2);
	got_free(&g);

	for (size_t less = 1; less < large; less += large / 7) {
		char cause[100];

		capture_save(&c, path, c.size - less);
		g = read_path(path);
		assert_packets(&g, 2);
		snprintf(cause, sizeof(cause), "truncated block: %zu bytes announced, %zu left",
			 large + 12, large + 12 - less);
		assert_int_equal(g.result, -EBADMSG);
		assert_non_null(strstr(g.error, cause));
		got_free(&g);
	}
	/* The length at its end is wrong. */
	c.data[c.size - 1] = 1;
	capture_save(&c, path, SIZE_MAX);
	g = read_path(path);
	assert_packets(&g, 2);
	assert_int_equal(g.result, -EBADMSG);
	got_free(&g);
	capture_free(&c);
	capture_free(&options);
	free(nothing);
}

/* One wrong field each, in a capture with a good packet before it. */
static void damaged_blocks_are_told_from_good_ones(void **state)
{
	static const struct {
		size_t at;	/* in the second packet's block */
		uint32_t value;
		const char *cause;
	} kinds[] = {
		{ 4, 0, "a block of 0 bytes" },
		{ 4, 8, "a block of 8 bytes" },
		{ 4, 93, "a block of 93 bytes" },
		{ 4, 96, "truncated block: 96 bytes announced, 92 left" },
		{ 4, 88, "a block's length is 88 at its start and 0 at its end" },
		{ 88, 96, "a block's length is 92 at its start and 96 at its end" },
		{ 8, 1, "packet of interface 1, which is not described" },
		{ 20, 61, "a packet of 61 bytes in a block of 92" },
		{ 20, 262145, "a packet of 262145 bytes, more than the 262144 that can be" },
		{ 20, UINT32_MAX, "a packet of 4294967295 bytes, more than the 262144 that can be" },
		{ 0, 0x0a0d0d0a, "section header without byte-order magic" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct capture c = { .big = i % 2 }, wrong = { .big = i % 2 };
		char text[200];
		struct got g;
		size_t at;

		capture_section(&c);
		capture_interface(&c, 1, 0, NULL);
		capture_enhanced(&c, 0, 1, 0, 60, 60, NULL);
		at = c.size;
		capture_enhanced(&c, 0, 1, 1, 60, 60, NULL);
		memset(c.data + at + 28 + 52, 0, 8);	/* would be the length's place */
		capture_u32(&wrong, kinds[i / 2].value);
		memcpy(c.data + at + kinds[i / 2].at, wrong.data, 4);
		capture_free(&wrong);
		g = read_capture(&c);
		assert_packets(&g, 1);
		snprintf(text, sizeof(text), ": damaged at byte %zu: %s", at, kinds[i / 2].cause);
		assert_error(&g, -EBADMSG, text);
		got_free(&g);
	}
}

static void damaged_interface_options_are_damage(void **state)
{
	static const struct { uint16_t code, length; uint8_t value; } kinds[] = {
		{ 9, 1, 20 }, { 9, 1, 0x80 | 64 }, { 9, 2, 6 }, { 9, 0, 6 }, { 14, 4, 0 }, { 2, 300, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct capture c = { 0 }, o = { 0 };
		uint8_t value[8] = { kinds[i].value };
		struct got g;

		capture_u16(&o, kinds[i].code);
		capture_u16(&o, kinds[i].length);
		capture_bytes(&o, value, 8);
		capture_section(&c);
		capture_interface(&c, 1, 0, &o);
		capture_enhanced(&c, 0, 1, 0, 60, 60, NULL);
		g = read_capture(&c);
		capture_free(&o);
		assert_int_equal(g.n, 0);
		assert_int_equal(g.result, -EBADMSG);
		assert_non_null(strstr(g.error, ": damaged at byte 28: "));
		got_free(&g);
	}
}

static void a_header_and_no_packet_is_a_capture(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct capture c = { 0 };
		struct got g;

		if (!i)
			capture_pcap(&c, PCAP_US, 2, 4, 65535, 1);
		else
			capture_section(&c);
		if (i == 2)
			capture_interface(&c, 1, 0, NULL);
		g = read_capture(&c);
		assert_true(g.opened);
		assert_int_equal(g.result, 0);
		assert_int_equal(g.n, 0);
		got_free(&g);
	}
}

/* ---- cut off ---- */

/* Cuts at every byte: out comes what is whole, and no cut is taken for an end
 * unless it is between records. ends[i]: where packet i ends; clean: offsets
 * at which the capture may end. */
static void cut_everywhere(const struct capture *c, const size_t *ends, unsigned n,
			   const size_t *clean, unsigned n_clean)
{
	for (size_t cut = 0; cut <= c->size; cut++) {
		unsigned whole = 0;
		bool between = false;
		struct got g;

		while (whole < n && cut >= ends[whole])
			whole++;
		for (unsigned i = 0; i < n_clean; i++)
			between = between || cut == clean[i];
		capture_save(c, path, cut);
		g = read_path(path);
		assert_packets(&g, whole);
		assert_int_equal(g.result, between ? 0 : -EBADMSG);
		assert_int_equal(!g.error[0], between);
		got_free(&g);
	}
}

static void a_pcap_file_cut_anywhere_gives_what_is_whole(void **state)
{
	static const uint32_t magics[] = { PCAP_US, PCAP_NS, PCAP_MODIFIED };

	(void)state;
	for (unsigned k = 0; k < 6; k++) {
		const size_t header = magics[k / 2] == PCAP_MODIFIED ? 24 : 16;
		struct capture c = { .big = k % 2 };
		size_t at[4] = { 24 };

		add_packets(&c, magics[k / 2], 3);
		for (unsigned i = 0; i < 3; i++)
			at[i + 1] = at[i] + header + 60 + i;
		assert_int_equal(c.size, at[3]);
		cut_everywhere(&c, at + 1, 3, at, 4);
		capture_free(&c);
	}
}

static void a_pcapng_file_cut_anywhere_gives_what_is_whole(void **state)
{
	(void)state;
	for (unsigned big = 0; big < 2; big++) {
		struct capture c = { .big = big };
		size_t at[6], ends[3];

		capture_section(&c);
		at[0] = c.size;
		capture_interface(&c, 1, 0, NULL);
		at[1] = c.size;
		capture_enhanced(&c, 0, 1, 0, 60, 60, NULL);
		at[2] = ends[0] = c.size;
		capture_simple(&c, 1, 61, 61);
		at[3] = ends[1] = c.size;
		capture_block(&c, 5, "statistics", 10);
		at[4] = c.size;
		capture_obsolete(&c, 0, 3, 2, 62, 62);
		at[5] = ends[2] = c.size;
		cut_everywhere(&c, ends, 3, at, 6);
		capture_free(&c);
	}
}

/* The first packets of what the decoder could get out, and never an end that is
 * taken for a good one. */
static void compressed_files_cut_anywhere_give_what_is_before(void **state)
{
	(void)state;
	for (unsigned zstd = 0; zstd < 2; zstd++) {
		struct capture first = { 0 }, second = { 0 }, c = { 0 };
		unsigned n_before = 0;
		size_t member;

		add_packets(&first, PCAP_US, 3);
		for (unsigned i = 3; i < 5; i++) {
			capture_record(&second, PCAP_US, 1, 1, 60 + i, 60 + i);
			capture_payload(&second, i, 60 + i);
		}
		(zstd ? capture_zstd : capture_gzip)(&c, &first);
		member = c.size;
		(zstd ? capture_zstd : capture_gzip)(&c, &second);
		for (size_t cut = 1; cut <= c.size; cut++) {
			struct got g;

			capture_save(&c, path, cut);
			g = read_path(path);
			if (cut == member || cut == c.size) {
				assert_int_equal(g.result, 0);
				assert_int_equal(g.n, cut == member ? 3 : 5);
			} else {
				assert_int_equal(g.result, -EBADMSG);
			}
			if (cut == c.size - 1 && !zstd)	/* only the checksum is not whole */
				assert_int_equal(g.n, 5);
			assert_true(g.n >= n_before);
			n_before = g.n;
			assert_packets(&g, g.n);
			got_free(&g);
		}
		capture_free(&first);
		capture_free(&second);
		capture_free(&c);
	}
}

/* ---- compressed ---- */

static void compression_is_told_by_content(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 5; k++) {
		struct capture plain = { 0 }, c = { 0 };
		struct got g;
		struct stat st;

		add_packets(&plain, PCAP_US, 5000);	/* longer than a chunk */
		if (k == 1 || k == 3)
			capture_gzip(&c, &plain);
		else if (k == 2)
			capture_zstd(&c, &plain);
		else if (k == 4) {	/* as pzstd(1) begins */
			capture_u32(&c, 0x184d2a50);
			capture_u32(&c, 4);
			capture_u32(&c, 1234);
			capture_zstd(&c, &plain);
		} else
			capture_bytes(&c, plain.data, plain.size);
		if (k == 3)	/* as on tapes */
			for (unsigned i = 0; i < 300; i++)
				capture_u32(&c, 0);
		capture_free(&plain);
		g = read_capture(&c);
		assert_int_equal(g.result, 0);
		assert_packets(&g, 5000);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(g.bytes_total, st.st_size);
		assert_int_equal(g.bytes_read, st.st_size);
		got_free(&g);
	}
}

/* Members and frames need not end where records do. */
static void many_members_and_frames_are_one_capture(void **state)
{
	(void)state;
	for (unsigned zstd = 0; zstd < 2; zstd++) {
		struct capture plain = { 0 }, c = { 0 };
		struct got g;

		add_packets(&plain, PCAP_US, 50);
		for (size_t at = 0; at < plain.size; at += 7) {
			struct capture part = { .data = plain.data + at,
				.size = plain.size - at < 7 ? plain.size - at : 7 };

			(zstd ? capture_zstd : capture_gzip)(&c, &part);
		}
		capture_free(&plain);
		g = read_capture(&c);
		assert_int_equal(g.result, 0);
		assert_packets(&g, 50);
		got_free(&g);
	}
}

static void damage_of_compressed_data_comes_after_what_was_before_it(void **state)
{
	struct capture plain = { 0 }, c = { 0 };
	struct got g;
	char text[100];

	(void)state;
	add_packets(&plain, PCAP_US, 20);
	capture_gzip(&c, &plain);
	c.data[c.size - 8] ^= 1;	/* the CRC */
	g = read_capture(&c);
	assert_packets(&g, 20);
	snprintf(text, sizeof(text), ": damaged at byte %zu: gzip: incorrect data check", plain.size);
	assert_error(&g, -EBADMSG, text);
	got_free(&g);

	capture_gzip(&c, &plain);
	capture_bytes(&c, "garbage", 7);
	g = read_capture(&c);
	assert_packets(&g, 20);
	snprintf(text, sizeof(text), ": damaged at byte %zu: gzip: incorrect header check", plain.size);
	assert_error(&g, -EBADMSG, text);
	got_free(&g);

	capture_zstd(&c, &plain);
	capture_bytes(&c, "garbage", 7);
	g = read_capture(&c);
	assert_packets(&g, 20);
	snprintf(text, sizeof(text), ": damaged at byte %zu: zstd: Unknown frame descriptor",
		 plain.size);
	assert_error(&g, -EBADMSG, text);
	got_free(&g);
	capture_free(&plain);
}

/* The decoder goes over many blocks in one call if it may. */
static void blocks_before_a_damaged_zstd_block_are_delivered(void **state)
{
	const uint32_t block = 100000;
	struct capture c = { 0 };
	struct got g;

	(void)state;
	/* A frame of raw blocks, which need no compressor (RFC 8878): a window
	 * of 128 KiB, no size, no checksum. */
	capture_u32(&c, 0xfd2fb528);
	capture_bytes(&c, "\x00\x38", 2);
	for (unsigned i = 0; i < 3; i++) {
		const uint32_t size = i ? 16 + block : 24 + 16 + block, header = size << 3;

		capture_bytes(&c, &header, 3);
		if (!i)
			capture_pcap(&c, PCAP_US, 2, 4, 0, 1);
		capture_record(&c, PCAP_US, 1, 1, block, block);
		capture_payload(&c, i, block);
	}
	capture_bytes(&c, "\x07\x00\x00", 3);	/* reserved type */
	g = read_capture(&c);
	assert_int_equal(g.result, -EBADMSG);
	assert_int_equal(g.n, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_true(capture_is_payload(g.packet[i].data, i, block));
	got_free(&g);
}

/* ---- pipes ---- */

struct writer {
	const struct capture *c;
	size_t at_a_time;
	int fd;
};

static void *write_slowly(void *arg)
{
	const struct writer *w = arg;

	for (size_t at = 0; at < w->c->size; at += w->at_a_time) {
		size_t n = w->c->size - at < w->at_a_time ? w->c->size - at : w->at_a_time;

		if (write(w->fd, w->c->data + at, n) != (ssize_t)n)
			break;
	}
	close(w->fd);
	return NULL;
}

/* Through a pipe of a single page, so that the reader is ahead of the writer. */
static struct got read_through_pipe(const struct capture *c, size_t at_a_time)
{
	struct writer w = { c, at_a_time, -1 };
	pthread_t thread;
	char name[64];
	struct got g;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	fcntl(fds[1], F_SETPIPE_SZ, 4096);
	w.fd = fds[1];
	snprintf(name, sizeof(name), "/dev/fd/%d", fds[0]);
	assert_int_equal(pthread_create(&thread, NULL, write_slowly, &w), 0);
	g = read_path(name);
	close(fds[0]);
	pthread_join(thread, NULL);
	return g;
}

static void a_pipe_may_give_a_byte_at_a_time(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 4; k++) {
		struct capture plain = { .big = k == 3 }, c = { 0 };
		struct got g;

		if (k < 3) {
			add_packets(&plain, PCAP_US, 20);
		} else {
			capture_section(&plain);
			capture_interface(&plain, 1, 0, NULL);
			for (unsigned i = 0; i < 20; i++)
				capture_enhanced(&plain, 0, 1, i, 60 + i, 60 + i, NULL);
		}
		if (k == 1)
			capture_gzip(&c, &plain);
		else if (k == 2)
			capture_zstd(&c, &plain);
		else
			capture_bytes(&c, plain.data, plain.size);
		for (size_t at_a_time = 1; at_a_time < 8; at_a_time += 3) {
			g = read_through_pipe(&c, at_a_time);
			assert_int_equal(g.result, 0);
			assert_packets(&g, 20);
			assert_int_equal(g.bytes_total, 0);
			assert_int_equal(g.bytes_read, c.size);
			got_free(&g);
		}
		c.size--;
		g = read_through_pipe(&c, 1);
		assert_int_equal(g.result, -EBADMSG);
		got_free(&g);
		capture_free(&plain);
		capture_free(&c);
	}
}

/* A packet must not wait in us for the next one: somebody may be watching. */
static void a_packet_of_a_pipe_is_given_before_the_next_one_comes(void **state)
{
	struct capture c = { 0 };
	uint8_t *buffer = malloc(SOURCE_BUFFER);
	struct raw_packet raw[4];
	char name[64], err[512];
	struct source *s;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fds[0]);
	add_packets(&c, PCAP_US, 1);
	assert_int_equal(write(fds[1], c.data, c.size), c.size);
	assert_int_equal(source_open_file(&s, name, err, sizeof(err)), 0);
	assert_int_equal(source_fill(s, buffer), 1);
	assert_int_equal(source_next(s, raw, 4), 1);
	/* And a silent pipe gives its reader back, that he may look for a stop. */
	assert_int_equal(source_next(s, raw, 4), 0);
	assert_int_equal(source_fill(s, buffer), 1);
	assert_int_equal(source_next(s, raw, 4), 0);
	assert_int_equal(write(fds[1], c.data + 24, c.size - 24), c.size - 24);
	assert_int_equal(source_fill(s, buffer), 1);
	assert_int_equal(source_next(s, raw, 4), 1);
	source_close(s);
	close(fds[0]);
	close(fds[1]);
	capture_free(&c);
	free(buffer);
}

static void standard_input_is_read_and_left_open(void **state)
{
	struct capture c = { 0 };
	int saved = dup(STDIN_FILENO), fd;
	struct got g;

	(void)state;
	add_packets(&c, PCAP_US, 4);
	capture_save(&c, path, SIZE_MAX);
	fd = open(path, O_RDONLY);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	g = read_path("-");
	assert_int_equal(g.result, 0);
	assert_packets(&g, 4);
	assert_int_equal(g.bytes_total, c.size);
	got_free(&g);
	assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	g = read_path("-");	/* now at its end */
	assert_int_equal(g.result, -EBADMSG);
	assert_string_equal(g.error, "-: empty file: not a capture");
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(fd);
	capture_free(&c);
}

/* ---- what cannot be opened ---- */

static void what_is_no_capture_is_refused_with_its_reason(void **state)
{
	static const struct { const char *bytes; size_t n; const char *text; } kinds[] = {
		{ "", 0, ": empty file: not a capture" },
		{ "not a capture", 13, ": not a capture file (unknown file format)" },
		{ "ab", 2, ": damaged at byte 0: truncated file header: 4 bytes needed, 2 there" },
		{ "\xd4\xc3\xb2\xa1\2\0\4\0\0\0", 10,
		  ": damaged at byte 0: truncated file header: 24 bytes needed, 10 there" },
		{ "\xd4\xc3\xb2\xa1\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0", 24,
		  ": damaged at byte 0: unknown pcap version 3.0" },
		{ "\x0a\x0d\x0d\x0a\x1c\0\0", 8,
		  ": damaged at byte 0: truncated file header: 12 bytes needed, 8 there" },
		{ "\x0a\x0d\x0d\x0a\x1c\0\0\0abcdefgh", 16, ": not a capture file" },
		{ "\x1f\x8b\x08\0\0\0\0\0\0\3", 10,
		  ": damaged at byte 0: gzip: compressed data is cut off" },
		{ "\x1f\x8b\x08\0\0\0\0\0\0\3\7", 11,
		  ": damaged at byte 0: gzip: invalid block type" },
		/* gzip of nothing */
		{ "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20, ": empty file: not a capture" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct capture c = { 0 };
		struct got g;

		capture_bytes(&c, kinds[i].bytes, kinds[i].n);
		g = read_capture(&c);
		assert_false(g.opened);
		assert_error(&g, -EBADMSG, kinds[i].text);
	}
}

static void an_unknown_pcapng_version_is_refused(void **state)
{
	struct capture c = { 0 };
	struct got g;

	(void)state;
	capture_section(&c);
	c.data[12] = 2;
	g = read_capture(&c);
	assert_error(&g, -EBADMSG, ": damaged at byte 0: unknown pcapng version 2.0");
}

static void errors_of_the_system_are_passed_on(void **state)
{
	struct got g = read_path("/nonexistent/x.pcap");

	(void)state;
	assert_int_equal(g.result, -ENOENT);
	assert_string_equal(g.error, "/nonexistent/x.pcap: No such file or directory");
	g = read_path("/tmp");
	assert_int_equal(g.result, -EISDIR);
	assert_string_equal(g.error, "/tmp: Is a directory");
	g = read_path("/proc/self/mem");	/* nothing is mapped at 0 */
	assert_int_equal(g.result, -EIO);
	assert_string_equal(g.error, "/proc/self/mem: Input/output error");
}

/* ---- libpcap's own reader ---- */

static struct got read_by_libpcap(const char *p)
{
	struct got g = { 0 };
	struct stream *stream;
	struct source *s;
	uint8_t magic[4];

	assert_int_equal(stream_open(&stream, p), 0);
	assert_int_equal(stream_read_all(stream, magic, 4), 4);
	g.result = libpcap_file_open(&s, stream, p, magic, g.error, sizeof(g.error));
	g.opened = !g.result;
	if (g.opened)
		drain(&g, s);
	else
		stream_close(stream);
	return g;
}

static void the_fallback_reads_what_we_read(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 3; k++) {
		struct capture plain = { 0 }, c = { 0 };
		struct got ours, theirs;

		add_packets(&plain, PCAP_NS, 3000);	/* more than a fill of it */
		if (k)
			capture_gzip(&c, &plain);
		else
			capture_bytes(&c, plain.data, plain.size);
		if (k == 2)
			c.size -= 20;	/* cut off */
		capture_free(&plain);
		ours = read_capture(&c);
		theirs = read_by_libpcap(path);
		assert_int_equal(theirs.result, k == 2 ? -EBADMSG : 0);
		assert_int_equal(theirs.result, ours.result);
		assert_string_equal(theirs.error, ours.error);
		assert_packets(&theirs, ours.n);
		for (unsigned i = 0; i < 64; i++) {
			assert_int_equal(theirs.packet[i].ts_ns, ours.packet[i].ts_ns);
			assert_int_equal(theirs.packet[i].wirelen, ours.packet[i].wirelen);
			assert_int_equal(theirs.packet[i].link_type, ours.packet[i].link_type);
		}
		assert_int_equal(theirs.bytes_read, ours.bytes_read);
		got_free(&ours);
		got_free(&theirs);
	}
}

static void damage_found_by_the_fallback_has_its_offset(void **state)
{
	struct capture c = { 0 };
	struct got g;

	(void)state;
	add_packets(&c, PCAP_US, 3);
	capture_save(&c, path, c.size - 1);
	capture_free(&c);
	g = read_by_libpcap(path);
	assert_packets(&g, 2);
	assert_int_equal(g.result, -EBADMSG);
	assert_non_null(strstr(g.error, ": damaged at byte 177: truncated dump file"));
	got_free(&g);
}

static int make_path(void **state)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_captures_are_read_as_by_libpcap),
		cmocka_unit_test(both_byte_orders_and_all_resolutions),
		cmocka_unit_test(seconds_are_unsigned),
		cmocka_unit_test(negative_fractions_take_from_the_seconds),
		cmocka_unit_test(old_versions_have_their_lengths_the_other_way_round),
		cmocka_unit_test(packets_are_cut_to_the_snapshot_length),
		cmocka_unit_test(every_link_type_is_numbered_as_by_libpcap),
		cmocka_unit_test(the_fcs_length_is_no_part_of_the_link_type),
		cmocka_unit_test(a_caplen_beyond_the_limit_is_damage),
		cmocka_unit_test(the_longest_records_are_read),
		cmocka_unit_test(interfaces_have_their_own_link_type_resolution_and_offset),
		cmocka_unit_test(times_beyond_nanoseconds_are_told_by_an_era),
		cmocka_unit_test(all_kinds_of_packet_blocks_are_read),
		cmocka_unit_test(sections_may_have_different_byte_orders),
		cmocka_unit_test(a_packet_of_an_unknown_interface_is_damage),
		cmocka_unit_test(blocks_of_any_size_are_passed_over),
		cmocka_unit_test(damaged_blocks_are_told_from_good_ones),
		cmocka_unit_test(damaged_interface_options_are_damage),
		cmocka_unit_test(a_header_and_no_packet_is_a_capture),
		cmocka_unit_test(a_pcap_file_cut_anywhere_gives_what_is_whole),
		cmocka_unit_test(a_pcapng_file_cut_anywhere_gives_what_is_whole),
		cmocka_unit_test(compressed_files_cut_anywhere_give_what_is_before),
		cmocka_unit_test(compression_is_told_by_content),
		cmocka_unit_test(many_members_and_frames_are_one_capture),
		cmocka_unit_test(damage_of_compressed_data_comes_after_what_was_before_it),
		cmocka_unit_test(blocks_before_a_damaged_zstd_block_are_delivered),
		cmocka_unit_test(a_pipe_may_give_a_byte_at_a_time),
		cmocka_unit_test(a_packet_of_a_pipe_is_given_before_the_next_one_comes),
		cmocka_unit_test(standard_input_is_read_and_left_open),
		cmocka_unit_test(what_is_no_capture_is_refused_with_its_reason),
		cmocka_unit_test(an_unknown_pcapng_version_is_refused),
		cmocka_unit_test(errors_of_the_system_are_passed_on),
		cmocka_unit_test(the_fallback_reads_what_we_read),
		cmocka_unit_test(damage_found_by_the_fallback_has_its_offset),
	};

	return cmocka_run_group_tests(tests, make_path, NULL);
}
