/* Capture files: our readers against libpcap's, and what is damaged. */

#include <dirent.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "source/filter.h"
#include "source/source.h"

static uint8_t buffer[SOURCE_BUFFER];
static char path[] = "/tmp/flowtap-test-XXXXXX";

static void put32(uint8_t *p, uint32_t v, bool big)
{
	for (int i = 0; i < 4; i++)
		p[i] = v >> (big ? 24 - 8 * i : 8 * i);
}

static void write_file(const void *data, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	fclose(f);
}

/* A capture of 3 packets of 60, 61 and 62 bytes. */
static size_t make_pcap(uint8_t *p, uint32_t magic, bool big, uint32_t fraction)
{
	size_t n = 24;

	put32(p, magic, big);
	put32(p + 4, big ? 2 << 16 | 4 : 2 | 4 << 16, big);
	put32(p + 8, 0, big);
	put32(p + 12, 0, big);
	put32(p + 16, 65535, big);
	put32(p + 20, DLT_EN10MB, big);
	for (uint32_t i = 0; i < 3; i++) {
		put32(p + n, 4102444800u + i, big);	/* 2100: beyond signed 32 bits */
		put32(p + n + 4, fraction, big);
		put32(p + n + 8, 60 + i, big);
		put32(p + n + 12, 1500, big);
		n += 16;
		if (magic == 0xa1b2cd34) {
			memset(p + n, 0, 8);
			n += 8;
		}
		memset(p + n, 'a' + i, 60 + i);
		n += 60 + i;
	}
	return n;
}

/* Reads the file; the number of packets, and the last fill's result. */
static unsigned read_all(struct raw_packet *last, int *ret)
{
	struct raw_packet raw[5];
	struct source *s;
	char err[512];
	unsigned total = 0, n;

	*ret = source_open_file(&s, path, err, sizeof(err));
	if (*ret < 0)
		return 0;
	while ((*ret = source_fill(s, buffer)) > 0)
		while ((n = source_next(s, raw, 5))) {
			*last = raw[n - 1];
			total += n;
		}
	source_close(s);
	return total;
}

static void byte_orders_and_resolutions(void **state)
{
	static const struct {
		uint32_t magic, fraction;
		uint64_t ns;
	} kinds[] = {
		{ 0xa1b2c3d4, 999999, 999999000 },
		{ 0xa1b23c4d, 999999999, 999999999 },
		{ 0xa1b2cd34, 5, 5000 },
		{ 0xa1b2c3d4, 1500000, 1500000000 },	/* simply adds */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (int big = 0; big < 2; big++) {
			uint8_t file[512];
			struct raw_packet p;
			int r;

			write_file(file, make_pcap(file, kinds[i].magic, big, kinds[i].fraction));
			assert_int_equal(read_all(&p, &r), 3);
			assert_int_equal(r, 0);
			assert_int_equal(p.caplen, 62);
			assert_int_equal(p.wirelen, 1500);
			assert_int_equal(p.data[61], 'c');
			assert_int_equal(p.link_type, DLT_EN10MB);
			assert_true(p.ts_ns == 4102444802ull * 1000000000 + kinds[i].ns);
		}
}

/* All whole packets before the cut come out; anything else is damage, unless
 * the cut is between records. */
static void a_file_cut_anywhere_gives_what_is_whole(void **state)
{
	uint8_t file[512];
	size_t n = make_pcap(file, 0xa1b2c3d4, false, 0);

	(void)state;
	for (size_t cut = 0; cut <= n; cut++) {
		static const size_t ends[] = { 24, 24 + 76, 24 + 76 + 77, 24 + 76 + 77 + 78 };
		unsigned whole = 0;
		bool between = false;
		struct raw_packet p;
		int r;

		for (unsigned i = 0; i < 4; i++) {
			between = between || cut == ends[i];
			if (i && cut >= ends[i])
				whole = i;
		}
		write_file(file, cut);
		assert_int_equal(read_all(&p, &r), whole);
		if (between)
			assert_int_equal(r, 0);
		else
			assert_true(r < 0);
	}
}

static void an_absurd_length_is_damage(void **state)
{
	uint8_t file[512];
	size_t n = make_pcap(file, 0xa1b2c3d4, false, 0);
	struct raw_packet p;
	int r;

	(void)state;
	put32(file + 24 + 76 + 8, 300000, false);
	write_file(file, n);
	assert_int_equal(read_all(&p, &r), 1);
	assert_int_equal(r, -EBADMSG);
}

static void compare(const char *file)
{
	char text[PCAP_ERRBUF_SIZE], err[512];
	struct raw_packet raw[64];
	unsigned n = 0, i = 0;
	struct source *s;
	pcap_t *pcap = pcap_open_offline(file, text);
	struct pcap_pkthdr *h;
	const uint8_t *data;

	if (!pcap)
		return;
	assert_int_equal(source_open_file(&s, file, err, sizeof(err)), 0);
	while (pcap_next_ex(pcap, &h, &data) == 1) {
		while (i == n) {
			i = 0;
			n = source_next(s, raw, 64);
			if (!n && source_fill(s, buffer) <= 0)
				fail_msg("%s: libpcap has more packets", file);
		}
		assert_int_equal(raw[i].caplen, h->caplen);
		assert_int_equal(raw[i].wirelen, h->len);
		assert_memory_equal(raw[i].data, data, h->caplen);
		if (raw[i].link_type != (uint32_t)pcap_datalink(pcap))
			break;	/* several link types, which libpcap refuses */
		/* libpcap takes seconds as signed 32 bits. */
		if (h->ts.tv_sec > 0 && h->ts.tv_sec < INT32_MAX && h->ts.tv_usec >= 0)
			assert_true(raw[i].ts_ns / 1000 ==
				    (uint64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec);
		i++;
	}
	pcap_close(pcap);
	source_close(s);
}

static void captures_read_as_by_libpcap(void **state)
{
	const char *shared = getenv("FLOWTAP_SHARED");
	char dir[4096], file[8192];
	struct dirent *e;
	DIR *d;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/pcaps", shared ? shared : "../shared");
	d = opendir(dir);
	if (!d) {
		assert_null(getenv("CI"));
		print_message("SKIPPED: no captures in %s\n", dir);
		skip();
	}
	while ((e = readdir(d))) {
		snprintf(file, sizeof(file), "%s/%s", dir, e->d_name);
		if (e->d_name[0] != '.')
			compare(file);
	}
	closedir(d);
}

static void a_filter_has_libpcaps_verdict(void **state)
{
	uint8_t file[512];
	struct raw_packet p;
	struct filter *f;
	char err[512];
	int r;

	(void)state;
	write_file(file, make_pcap(file, 0xa1b2c3d4, false, 0));
	assert_int_equal(read_all(&p, &r), 3);
	assert_int_equal(filter_new(&f, "len > 1000", DLT_EN10MB, err, sizeof(err)), 0);
	assert_true(filter_match(f, &p));
	p.wirelen = 62;
	assert_false(filter_match(f, &p));
	p.link_type = DLT_RAW;	/* another program, made on demand */
	p.wirelen = 2000;
	assert_true(filter_match(f, &p));
	filter_free(f);
	assert_int_equal(filter_new(&f, "tcp prot 5", DLT_EN10MB, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "syntax"));
	assert_int_equal(filter_new(&f, "", DLT_EN10MB, err, sizeof(err)), 0);
	assert_true(filter_match(f, &p));
	filter_free(f);
}

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(byte_orders_and_resolutions),
		cmocka_unit_test(a_file_cut_anywhere_gives_what_is_whole),
		cmocka_unit_test(an_absurd_length_is_damage),
		cmocka_unit_test(captures_read_as_by_libpcap),
		cmocka_unit_test(a_filter_has_libpcaps_verdict),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
