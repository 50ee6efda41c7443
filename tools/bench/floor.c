/* floor - the least that a flow meter has to do, to compare one with.
 *
 *	floor CAPTURE
 *
 * Reads a classic little-endian Ethernet capture by read(2), parses Ethernet,
 * VLAN, IPv4, IPv6, TCP and UDP, and keeps packets, bytes and times of both
 * directions in a hash table. No expiration, no tunnels, no records: it says
 * what the machine gives at this moment. Prints packets and flows. */

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct key {
	uint64_t a[2], b[2];	/* the lower endpoint first */
	uint16_t a_port, b_port;
	uint16_t vlan;
	uint16_t protocol;
};

struct flow {
	struct key key;
	uint64_t first_us, last_us;
	uint64_t packets[2], bytes[2];
};

static struct flow *flows;
static uint32_t *buckets;	/* index of a flow plus one */
static uint32_t n_flows, n_buckets;

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint64_t key_hash(const struct key *k)
{
	/* Both ends alike, so that it does not matter which is which. */
	uint64_t h = (k->a[0] ^ k->b[0]) * 0x9E3779B97F4A7C15 ^ (k->a[1] + k->b[1]);

	h ^= (uint64_t)(k->a_port ^ k->b_port) << 32 | (uint32_t)k->vlan << 16 | k->protocol;
	h *= 0xBF58476D1CE4E5B9;
	return h ^ h >> 29;
}

static void table_grow(void)
{
	n_buckets = n_buckets ? n_buckets * 2 : 1 << 16;
	free(buckets);
	buckets = calloc(n_buckets, sizeof(*buckets));
	flows = reallocarray(flows, n_buckets / 2, sizeof(*flows));
	if (!buckets || !flows)
		err(1, NULL);
	for (uint32_t i = 0; i < n_flows; i++) {
		uint32_t at = key_hash(&flows[i].key) & (n_buckets - 1);

		while (buckets[at])
			at = (at + 1) & (n_buckets - 1);
		buckets[at] = i + 1;
	}
}

static struct flow *table_find(const struct key *k)
{
	uint32_t at = key_hash(k) & (n_buckets - 1);

	for (; buckets[at]; at = (at + 1) & (n_buckets - 1))
		if (!memcmp(&flows[buckets[at] - 1].key, k, sizeof(*k)))
			return &flows[buckets[at] - 1];
	if (n_flows == n_buckets / 2) {
		table_grow();
		return table_find(k);
	}
	buckets[at] = ++n_flows;
	flows[n_flows - 1] = (struct flow){ .key = *k };
	return &flows[n_flows - 1];
}

/* Returns false for what is not IP or was cut short. */
static bool parse(const uint8_t *p, const uint8_t *end, struct key *k, bool *ret_swapped)
{
	uint64_t src[2] = { 0 }, dst[2] = { 0 };
	uint16_t src_port = 0, dst_port = 0, type;
	int order;

	if (end - p < 14)
		return false;
	type = get16(p + 12);
	p += 14;
	*k = (struct key){ 0 };
	while ((type == 0x8100 || type == 0x88a8) && end - p >= 4) {
		k->vlan = get16(p) & 0xfff;
		type = get16(p + 2);
		p += 4;
	}
	if (type == 0x800 && end - p >= 20) {
		memcpy(src, p + 12, 4);
		memcpy(dst, p + 16, 4);
		k->protocol = p[9];
		if (get16(p + 6) & 0x1fff)
			return false;
		p += (p[0] & 15) * 4;
	} else if (type == 0x86dd && end - p >= 40) {
		memcpy(src, p + 8, 16);
		memcpy(dst, p + 24, 16);
		k->protocol = p[6];
		p += 40;
	} else {
		return false;
	}
	if ((k->protocol == 6 || k->protocol == 17) && end - p >= 8) {
		src_port = get16(p);
		dst_port = get16(p + 2);
	}

	order = memcmp(src, dst, sizeof(src));
	*ret_swapped = order > 0 || (order == 0 && src_port > dst_port);
	memcpy(*ret_swapped ? k->b : k->a, src, sizeof(src));
	memcpy(*ret_swapped ? k->a : k->b, dst, sizeof(dst));
	k->a_port = *ret_swapped ? dst_port : src_port;
	k->b_port = *ret_swapped ? src_port : dst_port;
	return true;
}

static void packet(const uint32_t *header, const uint8_t *data)
{
	uint64_t us = header[0] * 1000000ull + header[1];
	struct key key;
	struct flow *f;
	bool swapped;

	if (!parse(data, data + header[2], &key, &swapped))
		return;
	f = table_find(&key);
	if (!f->first_us)
		f->first_us = us;
	f->last_us = us;
	f->packets[swapped]++;
	f->bytes[swapped] += header[3];
}

int main(int argc, char **argv)
{
	static uint8_t buffer[1 << 20];
	uint64_t packets = 0;
	size_t have = 0, at = 24;
	ssize_t n;
	int fd;

	if (argc != 2)
		errx(2, "usage: floor CAPTURE");
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[1]);
	table_grow();
	while ((n = read(fd, buffer + have, sizeof(buffer) - have)) > 0) {
		have += n;
		if (packets == 0 && (have < 24 || memcmp(buffer, "\xd4\xc3\xb2\xa1", 4)))
			errx(1, "%s: not a little-endian classic capture", argv[1]);
		while (have - at >= 16) {
			uint32_t header[4];

			memcpy(header, buffer + at, sizeof(header));
			if (header[2] > sizeof(buffer) / 2)
				errx(1, "%s: a packet of %u bytes", argv[1], header[2]);
			if (have - at - 16 < header[2])
				break;
			packet(header, buffer + at + 16);
			packets++;
			at += 16 + header[2];
		}
		memmove(buffer, buffer + at, have - at);
		have -= at;
		at = 0;
	}
	if (n < 0)
		err(1, "%s", argv[1]);
	printf("%lu packets, %u flows\n", packets, n_flows);
	return 0;
}
