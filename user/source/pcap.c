/* Classic pcap files. The path from read(2) to the meter is measured in tens
 * of nanoseconds a packet, hence our own reader: libpcap copies each packet
 * twice more, through stdio. What files hold is pcap-savefile(5), and for the
 * odd ones what libpcap's sf-pcap.c makes of them. */

#include <byteswap.h>
#include <errno.h>
#include <pcap/dlt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du
#define MAGIC_MODIFIED 0xa1b2cd34u	/* Kuznetsov's patch of the 1990s */

#define NS_PER_S 1000000000u
#define NS_PER_MS 1000000u

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t thiszone, sigfigs;	/* never used */
	uint32_t snaplen;
	uint32_t link_type;	/* low 26 bits; above them the FCS's length */
};

struct record {
	uint32_t seconds, fraction, caplen, len;
};

_Static_assert(sizeof(struct file_header) == 24, "as in files");
_Static_assert(sizeof(struct record) == 16, "as in files");

/* Before version 2.3 caplen and len were the other way round. Writers of 2.3
 * did either. */
enum lengths { LENGTHS_PLAIN, LENGTHS_SWAPPED, LENGTHS_BY_SIZE };

struct pcap_file {
	struct file file;
	uint32_t link_type;
	uint32_t snaplen;	/* longer packets are cut; <= MAX_CAPLEN */
	uint32_t header_size;	/* of a record */
	uint32_t ns_per_fraction;	/* 1000 or 1 */
	bool swapped;		/* the file has the other byte order */
	enum lengths lengths;
};

static uint32_t get32(const void *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? bswap_32(v) : v;
}

static bool magic_known(uint32_t magic)
{
	return magic == MAGIC_US || magic == MAGIC_NS || magic == MAGIC_MODIFIED;
}

bool pcap_file_is(const uint8_t magic[4])
{
	return magic_known(get32(magic, false)) || magic_known(get32(magic, true));
}

/* A fraction that is negative as a signed number takes from the seconds. Whole
 * ms are what libpcap's readers make of it: both parts cut, then added. */
static uint64_t time_of_negative_fraction(uint32_t seconds, int32_t fraction,
					  uint32_t ns_per_fraction)
{
	int64_t ms = (int64_t)seconds * 1000 + fraction / (int32_t)(NS_PER_MS / ns_per_fraction);

	return ms > 0 ? (uint64_t)ms * NS_PER_MS : 0;
}

/* The hot loop. Called with constants, so that a usual file has a loop without
 * the unusual in it. */
static inline __attribute__((always_inline)) unsigned
walk(struct pcap_file *p, struct raw_packet *raw, unsigned max, bool swapped, bool usual)
{
	struct file *f = &p->file;
	const uint8_t *at = f->buf + f->pos, *end = f->buf + f->len;
	const uint32_t snaplen = p->snaplen, link_type = p->link_type;
	const uint32_t ns_per_fraction = p->ns_per_fraction;
	const size_t header = usual ? sizeof(struct record) : p->header_size;
	size_t need = 0;
	unsigned n;

	for (n = 0; n < max; n++) {
		const uint8_t *data;
		struct record r;
		uint32_t kept;

		if (unlikely((size_t)(end - at) < header)) {
			need = header;
			break;
		}
		memcpy(&r, at, sizeof(r));
		data = at + header;
		if (swapped) {
			r.seconds = bswap_32(r.seconds);
			r.fraction = bswap_32(r.fraction);
			r.caplen = bswap_32(r.caplen);
			r.len = bswap_32(r.len);
		}
		if (!usual && (p->lengths == LENGTHS_SWAPPED ||
			       (p->lengths == LENGTHS_BY_SIZE && r.caplen > r.len))) {
			uint32_t caplen = r.len;

			r.len = r.caplen;
			r.caplen = caplen;
		}
		kept = r.caplen;
		if (unlikely(r.caplen > snaplen)) {
			if (r.caplen > MAX_CAPLEN) {
				f->pos = at - f->buf;
				file_damaged(f, "a record of %u bytes, more than the %u that can be",
					     r.caplen, MAX_CAPLEN);
				return n;
			}
			kept = snaplen;
		}
		if (unlikely((size_t)(end - data) < r.caplen)) {
			need = header + r.caplen;
			break;
		}
		__builtin_prefetch(data);
		__builtin_prefetch(data + 64);
		raw[n].data = data;
		raw[n].caplen = kept;
		raw[n].wirelen = r.len;
		if (likely((int32_t)r.fraction >= 0))
			raw[n].ts_ns = (uint64_t)r.seconds * NS_PER_S +
				       (uint64_t)r.fraction * ns_per_fraction;
		else
			raw[n].ts_ns = time_of_negative_fraction(r.seconds, r.fraction,
								 ns_per_fraction);
		raw[n].link_type = link_type;
		at = data + r.caplen;
	}
	f->pos = at - f->buf;
	f->need = need;
	return n;
}

static int next_usual(struct source *s, struct raw_packet *raw, unsigned max)
{
	return walk((struct pcap_file *)s, raw, max, false, true);
}

static int next_swapped(struct source *s, struct raw_packet *raw, unsigned max)
{
	return walk((struct pcap_file *)s, raw, max, true, true);
}

static int next_unusual(struct source *s, struct raw_packet *raw, unsigned max)
{
	struct pcap_file *p = (struct pcap_file *)s;

	return walk(p, raw, max, p->swapped, false);
}

static int fill(struct source *s, uint8_t *buf)
{
	struct pcap_file *p = (struct pcap_file *)s;
	struct file *f = &p->file;
	int r = file_fill(f, buf);
	size_t left = f->len - f->pos;

	if (r || !left)
		return r;
	if (left < p->header_size)
		return file_damaged(f, "truncated record header: %u bytes needed, %zu left",
				    p->header_size, left);
	return file_damaged(f, "truncated record: %zu bytes announced, %zu left",
			    f->need - p->header_size, left - p->header_size);
}

static const struct source_ops usual_ops = { fill, next_usual, file_close };
static const struct source_ops swapped_ops = { fill, next_swapped, file_close };
static const struct source_ops unusual_ops = { fill, next_unusual, file_close };

/* False: a version that libpcap does not read either. 543.0 is DG/UX's. */
static bool lengths_of_version(uint16_t major, uint16_t minor, enum lengths *ret)
{
	if (major == 2 && minor <= 4)
		*ret = minor < 3 ? LENGTHS_SWAPPED : minor == 3 ? LENGTHS_BY_SIZE : LENGTHS_PLAIN;
	else if (major == 543 && minor == 0)
		*ret = LENGTHS_SWAPPED;
	else
		return false;
	return true;
}

static uint32_t snaplen_of(const struct pcap_file *p, uint32_t announced, bool modified)
{
	if (announced == 0 || announced > INT32_MAX)
		return MAX_CAPLEN;
	/* The patched capture code put a made-up Ethernet header in front of
	 * cooked packets after cutting them. */
	if (modified && p->link_type == DLT_EN10MB)
		announced += 14;
	return announced < MAX_CAPLEN ? announced : MAX_CAPLEN;
}

int pcap_file_open(struct source **ret, struct stream *stream, const char *path,
		   const uint8_t magic[4], char *err, size_t err_size)
{
	struct file_header h;
	const struct source_ops *ops = &unusual_ops;
	struct pcap_file *p;
	enum lengths lengths;
	bool swapped;
	int r = file_read_header(stream, path, (uint8_t *)&h + 4, sizeof(h) - 4, 4, err, err_size);

	if (r < 0)
		return r;
	h.magic = get32(magic, false);
	swapped = !magic_known(h.magic);
	if (swapped) {
		h.magic = bswap_32(h.magic);
		h.major = bswap_16(h.major);
		h.minor = bswap_16(h.minor);
		h.snaplen = bswap_32(h.snaplen);
		h.link_type = bswap_32(h.link_type);
	}
	if (!lengths_of_version(h.major, h.minor, &lengths))
		return file_bad_header(path, err, err_size, "unknown pcap version %u.%u", h.major,
				       h.minor);
	p = file_new(sizeof(*p), path, stream);
	if (!p) {
		snprintf(err, err_size, "%s: %s", path, strerror(ENOMEM));
		return -ENOMEM;
	}
	p->link_type = file_link_type(h.link_type & 0x03ffffff);
	p->snaplen = snaplen_of(p, h.snaplen, h.magic == MAGIC_MODIFIED);
	p->ns_per_fraction = h.magic == MAGIC_NS ? 1 : 1000;
	p->header_size = h.magic == MAGIC_MODIFIED ? 24 : sizeof(struct record);
	p->swapped = swapped;
	p->lengths = lengths;

	if (lengths == LENGTHS_PLAIN && h.magic != MAGIC_MODIFIED)
		ops = swapped ? &swapped_ops : &usual_ops;
	p->file.source.ops = ops;
	p->file.end = sizeof(h);
	p->file.need = p->header_size;
	*ret = &p->file.source;
	return 0;
}
