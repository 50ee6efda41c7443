/* mkbench - makes benchmark captures; the same arguments give the same bytes.
 *
 *	mkbench mix OUT SEED REPLICAS WINDOW SPANCAP IN...
 *	mkbench flood OUT SEED FLOWS
 *	mkbench elephants OUT SEED PACKETS FLOWS
 *
 * mix: the Ethernet packets of the captures IN, each capture REPLICAS times.
 * Every replica starts at a random time within WINDOW seconds; a capture that
 * lasts longer than SPANCAP seconds is squeezed into that. So that replicas
 * are different flows, the host bits of one private IPv4 address of a packet
 * (or, without one, the low 16 bits of both) and the low 32 bits of IPv6
 * unicast addresses are XORed with a mask that only this replica has, inside
 * VLAN, PPPoE, MPLS, IP in IP and GTP-U too. IPv4 checksums are made right,
 * those of layer 4 are not.
 *
 * flood: FLOWS flows of a single 64-byte packet, UDP and TCP SYN in turn, one
 * each microsecond.
 *
 * elephants: PACKETS packets of 1514 bytes at 1 Gb/s in FLOWS flows, three of
 * four TCP, one of sixteen packets against the flow. */

#include <err.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_US (1700000000ull * 1000000)

/* ---- random numbers: splitmix64 ---- */

static uint64_t rng;

static uint64_t rng_next(void)
{
	uint64_t z = rng += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return z ^ z >> 31;
}

static void rng_fill(uint8_t *p, const uint8_t *end)
{
	for (; p < end; p += 8) {
		uint64_t r = rng_next();

		memcpy(p, &r, end - p < 8 ? end - p : 8);
	}
}

/* ---- bytes ---- */

static unsigned get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static void ipv4_checksum(uint8_t *ip, unsigned length)
{
	uint32_t sum = 0;

	put16(ip + 10, 0);
	for (unsigned i = 0; i < length; i += 2)
		sum += get16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum);
}

/* ---- output ---- */

static FILE *out_open(const char *path)
{
	static char buffer[1 << 20];
	const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, DLT_EN10MB };
	FILE *f = fopen(path, "wb");

	if (!f)
		err(1, "%s", path);
	setvbuf(f, buffer, _IOFBF, sizeof(buffer));
	fwrite(header, sizeof(header), 1, f);
	return f;
}

static void out_packet(FILE *f, uint64_t us, uint32_t caplen, uint32_t len, const void *data)
{
	const uint32_t header[4] = { us / 1000000, us % 1000000, caplen, len };

	fwrite(header, sizeof(header), 1, f);
	fwrite(data, 1, caplen, f);
}

static int out_close(FILE *f, const char *path)
{
	bool bad = ferror(f);

	if (fclose(f) || bad)
		err(1, "%s", path);
	return 0;
}

/* ---- mix: other addresses for each replica ---- */

static bool is_private(uint32_t a)
{
	return a >> 24 == 10 || a >> 24 == 127 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8;
}

static bool is_host(uint32_t a)
{
	return a != 0 && a >> 28 < 0xe;	/* neither multicast nor broadcast */
}

/* The factors are odd, so that different replicas have different masks. */
static uint32_t alias_ipv4(uint32_t a, uint32_t replica)
{
	if (a >> 24 == 10 || a >> 24 == 127)
		return a ^ (replica * 0x9E3779B1 & 0xffffff);
	if (a >> 20 == 0xac1)
		return a ^ (replica * 0x9E3779B1 & 0xfffff);
	return a ^ (replica * 40503 & 0xffff);
}

static void alias_ip(uint8_t *p, uint32_t n, int version, uint32_t replica, int depth);

static void alias_gtpu(uint8_t *p, uint32_t n, uint32_t replica, int depth)
{
	uint32_t length = 8;

	if (p[0] >> 5 != 1 || p[1] != 0xff)
		return;
	if (p[0] & 7) {		/* sequence number, N-PDU, next extension type */
		length = 12;
		while (p[0] & 4 && length < n && p[length - 1]) {
			if (!p[length])
				return;
			length += p[length] * 4u;
			if (length > n)
				return;
		}
	}
	if (length < n)
		alias_ip(p + length, n - length, p[length] >> 4, replica, depth);
}

static void alias_inner(int protocol, uint8_t *p, uint32_t n, uint32_t replica, int depth)
{
	if (depth > 4)
		return;
	if (protocol == 4)
		alias_ip(p, n, 4, replica, depth + 1);
	else if (protocol == 41)
		alias_ip(p, n, 6, replica, depth + 1);
	else if (protocol == 17 && n >= 16 && (get16(p) == 2152 || get16(p + 2) == 2152))
		alias_gtpu(p + 8, n - 8, replica, depth + 1);
}

static void alias_v4(uint8_t *p, uint32_t n, uint32_t replica, int depth)
{
	uint32_t length = (p[0] & 15) * 4, src = get32(p + 12), dst = get32(p + 16);
	bool some_private = is_private(src) || is_private(dst);

	if (length < 20 || length > n)
		return;
	if (is_host(src) && (!some_private || is_private(src)))
		put32(p + 12, alias_ipv4(src, replica));
	if (is_host(dst) && (!some_private || is_private(dst)))
		put32(p + 16, alias_ipv4(dst, replica));
	ipv4_checksum(p, length);
	if (!(get16(p + 6) & 0x1fff))
		alias_inner(p[9], p + length, n - length, replica, depth);
}

static void alias_v6_address(uint8_t *p, uint32_t replica)
{
	static const uint8_t zero[15];

	if (p[0] != 0xff && memcmp(p, zero, sizeof(zero)))	/* multicast, ::, ::1 stay */
		put32(p + 12, get32(p + 12) ^ replica * 0x9E3779B1);
}

static void alias_ip(uint8_t *p, uint32_t n, int version, uint32_t replica, int depth)
{
	if (version == 4 && n >= 20 && p[0] >> 4 == 4) {
		alias_v4(p, n, replica, depth);
	} else if (version == 6 && n >= 40 && p[0] >> 4 == 6) {
		alias_v6_address(p + 8, replica);
		alias_v6_address(p + 24, replica);
		alias_inner(p[6], p + 40, n - 40, replica, depth);
	}
}

static void alias_frame(uint8_t *p, uint32_t n, uint32_t replica)
{
	uint32_t at = 14;
	unsigned type;

	if (n < at)
		return;
	type = get16(p + 12);
	while ((type == 0x8100 || type == 0x88a8 || type == 0x9100) && at + 4 <= n) {
		type = get16(p + at + 2);
		at += 4;
	}
	if (type == 0x8864 && at + 8 <= n) {
		unsigned ppp = get16(p + at + 6);

		type = ppp == 0x21 ? 0x800 : ppp == 0x57 ? 0x86dd : 0;
		at += 8;
	} else if (type == 0x8847) {
		bool bottom = false;

		for (; !bottom && at + 4 < n; at += 4)
			bottom = p[at + 2] & 1;
		if (at < n)
			type = p[at] >> 4 == 4 ? 0x800 : p[at] >> 4 == 6 ? 0x86dd : 0;
	}
	if (type == 0x800)
		alias_ip(p + at, n - at, 4, replica, 0);
	else if (type == 0x86dd)
		alias_ip(p + at, n - at, 6, replica, 0);
}

/* ---- mix ---- */

struct packet {
	uint64_t us;
	uint32_t caplen, len;
	uint8_t *data;
};

struct capture {
	struct packet *v;
	size_t n;
};

/* A packet of the output. */
struct place {
	uint64_t us;
	uint32_t replica, capture, packet;
};

static void *grow(void *p, size_t n, size_t size)
{
	/* at powers of two only */
	if (n && (n & (n - 1)))
		return p;
	p = reallocarray(p, n ? n * 2 : 1, size);
	if (!p)
		err(1, NULL);
	return p;
}

static void capture_read(struct capture *c, const char *path, uint64_t span_cap_us)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	uint64_t first, span;
	pcap_t *pcap = pcap_open_offline(path, error);
	int r;

	if (!pcap) {
		warnx("left out: %s: %s", path, error);
		return;
	}
	if (pcap_datalink(pcap) != DLT_EN10MB) {
		warnx("left out: %s: link type %d", path, pcap_datalink(pcap));
		pcap_close(pcap);
		return;
	}
	while ((r = pcap_next_ex(pcap, &h, &data)) == 1) {
		struct packet p = {
			.us = h->ts.tv_sec * 1000000ull + h->ts.tv_usec,
			.caplen = h->caplen, .len = h->len, .data = malloc(h->caplen + 1),
		};

		if (!p.data)
			err(1, NULL);
		memcpy(p.data, data, h->caplen);
		if (c->n && p.us < c->v[c->n - 1].us)
			p.us = c->v[c->n - 1].us;
		c->v = grow(c->v, c->n, sizeof(*c->v));
		c->v[c->n++] = p;
	}
	if (r == PCAP_ERROR)
		warnx("%s: %s; %zu packets before that", path, pcap_geterr(pcap), c->n);
	pcap_close(pcap);
	if (!c->n)
		return;

	first = c->v[0].us;
	span = c->v[c->n - 1].us - first;
	for (size_t i = 0; i < c->n; i++) {
		c->v[i].us -= first;
		if (span > span_cap_us)
			c->v[i].us = (double)c->v[i].us * span_cap_us / span;
	}
}

#define COMPARE(field) \
	if (a->field != b->field) \
		return a->field < b->field ? -1 : 1

static int place_order(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	COMPARE(us);
	COMPARE(replica);
	COMPARE(capture);
	COMPARE(packet);
	return 0;
}

static int make_mix(char **argv, int argc)
{
	const char *path = argv[0];
	unsigned replicas = strtoul(argv[2], NULL, 0), n_captures = argc - 5;
	uint64_t window_us = strtoull(argv[3], NULL, 0) * 1000000;
	uint64_t span_cap_us = strtoull(argv[4], NULL, 0) * 1000000;
	struct capture *captures = calloc(n_captures, sizeof(*captures));
	static uint8_t frame[1 << 20];
	struct place *places;
	size_t n = 0, total = 0;
	FILE *f;

	if (!captures || !window_us)
		errx(1, "out of memory, or a WINDOW of 0");
	rng = strtoull(argv[1], NULL, 0);
	for (unsigned i = 0; i < n_captures; i++) {
		capture_read(&captures[i], argv[5 + i], span_cap_us);
		total += captures[i].n;
	}

	places = calloc(total * replicas + 1, sizeof(*places));
	if (!places)
		err(1, NULL);
	for (unsigned r = 0; r < replicas; r++)
		for (unsigned i = 0; i < n_captures; i++) {
			uint64_t start = rng_next() % window_us;

			for (size_t k = 0; k < captures[i].n; k++)
				places[n++] = (struct place){ start + captures[i].v[k].us, r, i, k };
		}
	qsort(places, n, sizeof(*places), place_order);

	f = out_open(path);
	for (size_t i = 0; i < n; i++) {
		const struct place *at = &places[i];
		const struct packet *p = &captures[at->capture].v[at->packet];
		uint32_t caplen = p->caplen < sizeof(frame) ? p->caplen : sizeof(frame);

		memcpy(frame, p->data, caplen);
		alias_frame(frame, caplen, at->replica * n_captures + at->capture + 1);
		out_packet(f, START_US + at->us, caplen, p->len, frame);
	}
	return out_close(f, path);
}

/* ---- synthetic ---- */

static void ipv4_frame(uint8_t *p, uint32_t src, uint32_t dst, int protocol, unsigned length,
		       uint32_t id)
{
	static const uint8_t ethernet[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	uint8_t *ip = p + sizeof(ethernet);

	memcpy(p, ethernet, sizeof(ethernet));
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, length);
	put16(ip + 4, id);
	ip[6] = 0x40;		/* do not fragment */
	ip[8] = 64;
	ip[9] = protocol;
	put32(ip + 12, src);
	put32(ip + 16, dst);
	ipv4_checksum(ip, 20);
}

static int make_flood(char **argv, int argc)
{
	static const uint16_t services[4] = { 80, 443, 22, 8080 };
	uint32_t flows = strtoul(argv[2], NULL, 0);
	FILE *f = out_open(argv[0]);

	(void)argc;
	rng = strtoull(argv[1], NULL, 0);
	for (uint32_t i = 0; i < flows; i++) {
		uint8_t p[64] = { 0 }, *l4 = p + 34;
		uint64_t r = rng_next();
		uint32_t a = i * 0x9E3779B1;	/* all different */
		uint32_t src = 0x0a000000 | (a & 0xffffff);
		uint32_t dst = 0xc0000000 | a >> 24 << 8 | (r & 0xff);

		if (i & 1) {
			ipv4_frame(p, src, dst, 17, 50, i);
			put16(l4 + 2, 1024 + (r >> 32) % 64000);
			put16(l4 + 4, 30);
			rng_fill(l4 + 8, l4 + 30);
		} else {
			ipv4_frame(p, src, dst, 6, 40, i);
			put16(l4 + 2, services[r >> 32 & 3]);
			put32(l4 + 4, r >> 20);
			l4[12] = 0x50;
			l4[13] = 0x02;	/* SYN */
			l4[14] = 0xfa;
		}
		put16(l4, 1024 + (r >> 8) % 64000);
		out_packet(f, START_US + i, sizeof(p), sizeof(p), p);
	}
	return out_close(f, argv[0]);
}

static int make_elephants(char **argv, int argc)
{
	uint32_t packets = strtoul(argv[2], NULL, 0), flows = strtoul(argv[3], NULL, 0);
	uint32_t (*sequence)[2] = calloc(flows + 1, sizeof(*sequence));
	FILE *f = out_open(argv[0]);

	(void)argc;
	if (!sequence || !flows)
		errx(1, "out of memory, or no FLOWS");
	rng = strtoull(argv[1], NULL, 0);
	for (uint32_t i = 0; i < packets; i++) {
		uint8_t p[1514], *l4 = p + 34;
		uint64_t r = rng_next();
		uint32_t k = i < flows ? i : r % flows;
		bool back = i >= flows && (r >> 32 & 15) == 0, tcp = (k & 3) != 3;
		uint32_t client = 0x0a010000 + k, server = 0xc6330000 + k;
		unsigned length = tcp ? 20 : 8;

		ipv4_frame(p, back ? server : client, back ? client : server, tcp ? 6 : 17, 1500, i);
		memset(l4, 0, length);
		put16(l4, (back ? 9000 : 40000) + k);
		put16(l4 + 2, (back ? 40000 : 9000) + k);
		if (tcp) {
			put32(l4 + 4, sequence[k][back]);
			put32(l4 + 8, sequence[k][!back]);
			sequence[k][back] += 1460;
			l4[12] = 0x50;
			l4[13] = 0x10;	/* ACK */
			l4[14] = 0xff;
		} else {
			put16(l4 + 4, 1480);
		}
		rng_fill(l4 + length, p + sizeof(p));
		out_packet(f, START_US + i * 12ull, sizeof(p), sizeof(p), p);
	}
	free(sequence);
	return out_close(f, argv[0]);
}

int main(int argc, char **argv)
{
	if (argc >= 8 && !strcmp(argv[1], "mix"))
		return make_mix(argv + 2, argc - 2);
	if (argc == 5 && !strcmp(argv[1], "flood"))
		return make_flood(argv + 2, argc - 2);
	if (argc == 6 && !strcmp(argv[1], "elephants"))
		return make_elephants(argv + 2, argc - 2);
	fprintf(stderr, "usage: mkbench mix OUT SEED REPLICAS WINDOW SPANCAP IN...\n"
		"       mkbench flood OUT SEED FLOWS\n"
		"       mkbench elephants OUT SEED PACKETS FLOWS\n");
	return 2;
}
