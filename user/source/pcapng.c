/* pcapng files (draft-ietf-opsawg-pcapng). Beyond what libpcap reads: sections
 * of either byte order in one file, interfaces of several link types and
 * snapshot lengths, and blocks of any size, which are passed over without
 * being held. */

#include <byteswap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,	/* reads the same from both sides */
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2,		/* obsolete */
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_ENHANCED_PACKET = 6,
};

enum { OPTION_END = 0, OPTION_TSRESOL = 9, OPTION_TSOFFSET = 14 };

#define BYTE_ORDER_MAGIC 0x1a2b3c4du

#define BLOCK_OVERHEAD 12	/* type, length; the length again at the end */
#define SECTION_HEADER 24	/* from the block's start to its options */
#define INTERFACE_HEADER 16
#define PACKET_HEADER 28	/* of enhanced and obsolete ones */
#define SIMPLE_PACKET_HEADER 12
#define HEADER_MAX 28

/* Interfaces that a section may have: a file of nothing but their descriptions
 * shall not take all memory. */
#define MAX_INTERFACES (1u << 20)

#define NS_PER_S 1000000000u

struct interface {
	uint32_t link_type;
	uint32_t snaplen;
	/* A timestamp counts ticks of 2^-shift s if binary, else of
	 * 1/ticks_per_s s. */
	bool binary;
	uint8_t shift;
	uint64_t ticks_per_s;
	int64_t offset_s;
	/* The usual ones need no division: a tick is fast_ns, and the product
	 * cannot overflow below fast_limit. */
	uint32_t fast_ns;
	uint64_t fast_limit;
};

struct pcapng_file {
	struct file file;
	bool swapped;		/* this section has the other byte order */
	struct interface *interfaces;	/* of this section */
	uint32_t n_interfaces, interfaces_size;
	bool timed;		/* a packet has had its time */
	uint64_t skip;		/* bytes of a large block still to be passed over */
	uint32_t trailer;	/* length expected behind them; 0: none */
	uint8_t start[BLOCK_OVERHEAD];	/* what opening read */
};

/* A block, or the beginning of a large one. */
struct block {
	const uint8_t *at;
	uint32_t type;
	uint32_t length;	/* all of it, from at */
	bool held;		/* all of it is in the buffer */
};

bool pcapng_file_is(const uint8_t magic[4])
{
	static const uint8_t section[] = { 0x0a, 0x0d, 0x0d, 0x0a };

	return !memcmp(magic, section, sizeof(section));
}

static uint16_t get16(const struct pcapng_file *p, const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return p->swapped ? bswap_16(v) : v;
}

static uint32_t get32(const struct pcapng_file *p, const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return p->swapped ? bswap_32(v) : v;
}

static uint64_t get64(const struct pcapng_file *p, const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return p->swapped ? bswap_64(v) : v;
}

/* False: neither byte order. */
static bool set_byte_order(struct pcapng_file *p, const uint8_t *magic)
{
	p->swapped = false;
	if (get32(p, magic) == BYTE_ORDER_MAGIC)
		return true;
	p->swapped = true;
	return get32(p, magic) == BYTE_ORDER_MAGIC;
}

/* Time of a packet relative to the source's era. The first packet decides it;
 * times before it become its beginning, those 584 years later its end. */
static uint64_t time_ns(struct pcapng_file *p, const struct interface *i, uint64_t ticks)
{
	uint64_t s, ns, *era_ms = &p->file.source.era_ms;
	bool first = !p->timed;
	__int128 t;

	p->timed = true;
	if (ticks < i->fast_limit && !*era_ms)
		return ticks * i->fast_ns;
	if (i->binary) {
		uint64_t rest = ticks & (((uint64_t)1 << i->shift) - 1);

		s = ticks >> i->shift;
		ns = (unsigned __int128)rest * NS_PER_S >> i->shift;
	} else {
		uint64_t rest = ticks % i->ticks_per_s;

		s = ticks / i->ticks_per_s;
		ns = (unsigned __int128)rest * NS_PER_S / i->ticks_per_s;
	}
	t = ((__int128)s + i->offset_s) * NS_PER_S + ns;
	if (first && t > INT64_MAX)
		*era_ms = t / 1000000;
	t -= (__int128)*era_ms * 1000000;
	return t < 0 ? 0 : t > UINT64_MAX ? UINT64_MAX : t;
}

static int set_resolution(struct pcapng_file *p, struct interface *i, uint8_t value)
{
	i->binary = value & 0x80;
	i->shift = value & 0x7f;
	if (i->binary ? i->shift > 63 : i->shift > 19)	/* libpcap's limits: 64 bits a second */
		return file_damaged(&p->file, "time resolution of %d^-%u s", i->binary ? 2 : 10,
				    i->shift);
	i->ticks_per_s = 1;
	for (unsigned n = 0; !i->binary && n < i->shift; n++)
		i->ticks_per_s *= 10;
	return 0;
}

static int read_interface_options(struct pcapng_file *p, struct interface *i, const uint8_t *at,
				  const uint8_t *end)
{
	while (end - at >= 4) {
		const uint16_t code = get16(p, at), length = get16(p, at + 2);
		const ptrdiff_t padded = (length + 3) & ~3;

		at += 4;
		if (code == OPTION_END)
			return 0;
		if (end - at < padded)
			return file_damaged(&p->file, "interface description with an option of %u "
					    "bytes, %zd left", length, end - at);
		if (code == OPTION_TSRESOL && length == 1) {
			int r = set_resolution(p, i, at[0]);

			if (r < 0)
				return r;
		} else if (code == OPTION_TSOFFSET && length == 8) {
			i->offset_s = get64(p, at);
		} else if (code == OPTION_TSRESOL || code == OPTION_TSOFFSET) {
			return file_damaged(&p->file, "interface description with option %u of %u "
					    "bytes", code, length);
		}
		at += padded;
	}
	return 0;
}

static struct interface *new_interface(struct pcapng_file *p)
{
	if (p->n_interfaces == p->interfaces_size) {
		uint32_t size = p->interfaces_size ? 2 * p->interfaces_size : 4;
		struct interface *bigger = realloc(p->interfaces, size * sizeof(*bigger));

		if (!bigger)
			return NULL;
		p->interfaces = bigger;
		p->interfaces_size = size;
	}
	return &p->interfaces[p->n_interfaces++];
}

static int add_interface(struct pcapng_file *p, const struct block *b)
{
	struct interface *i;
	uint32_t snaplen;
	int r;

	if (b->length < INTERFACE_HEADER + 4)
		return file_damaged(&p->file, "interface description of %u bytes", b->length);
	if (!b->held)	/* its options would have to be searched for the time's */
		return file_damaged(&p->file, "interface description of %u bytes, more than the %u "
				    "that are read", b->length, FILE_NEED_MAX);
	if (p->n_interfaces == MAX_INTERFACES)
		return file_damaged(&p->file, "more than %u interfaces", MAX_INTERFACES);
	i = new_interface(p);
	if (!i) {
		snprintf(p->file.source.error, sizeof(p->file.source.error), "%.256s: %s",
			 p->file.source.name, strerror(ENOMEM));
		return p->file.failed = -ENOMEM;
	}
	snaplen = get32(p, b->at + 12);
	*i = (struct interface){
		.link_type = file_link_type(get16(p, b->at + 8)),
		.snaplen = snaplen && snaplen < MAX_CAPLEN ? snaplen : MAX_CAPLEN,
		.ticks_per_s = 1000000,
		.shift = 6,
	};
	r = read_interface_options(p, i, b->at + INTERFACE_HEADER, b->at + b->length - 4);
	if (r < 0)
		return r;
	if (!i->binary && i->shift <= 9 && !i->offset_s) {
		i->fast_ns = NS_PER_S / i->ticks_per_s;
		i->fast_limit = INT64_MAX / i->fast_ns;
	}
	return 0;
}

static int start_section(struct pcapng_file *p, const struct block *b)
{
	uint16_t major;

	if (b->length < SECTION_HEADER + 4)
		return file_damaged(&p->file, "section header of %u bytes", b->length);
	major = get16(p, b->at + 12);
	if (major != 1)
		return file_damaged(&p->file, "unknown pcapng version %u.%u", major,
				    get16(p, b->at + 14));
	p->n_interfaces = 0;
	return 0;
}

/* Returns 1; 0: needs more bytes, or a negative errno. */
static int read_packet(struct pcapng_file *p, const struct block *b, struct raw_packet *raw)
{
	struct file *f = &p->file;
	const bool simple = b->type == BLOCK_SIMPLE_PACKET;
	const uint32_t header = simple ? SIMPLE_PACKET_HEADER : PACKET_HEADER;
	const struct interface *i;
	uint32_t interface = 0;
	uint64_t ticks = 0;	/* of a simple packet, which has no time */

	if (b->length < header + 4)
		return file_damaged(f, "packet block of %u bytes", b->length);
	if (b->type == BLOCK_ENHANCED_PACKET)
		interface = get32(p, b->at + 8);
	else if (!simple)
		interface = get16(p, b->at + 8);
	if (interface >= p->n_interfaces)
		return file_damaged(f, "packet of interface %u, which is not described", interface);
	i = &p->interfaces[interface];
	if (simple) {
		raw->wirelen = get32(p, b->at + 8);
		raw->caplen = raw->wirelen < i->snaplen ? raw->wirelen : i->snaplen;
	} else {
		ticks = (uint64_t)get32(p, b->at + 12) << 32 | get32(p, b->at + 16);
		raw->caplen = get32(p, b->at + 20);
		raw->wirelen = get32(p, b->at + 24);
	}
	if (raw->caplen > MAX_CAPLEN)
		return file_damaged(f, "a packet of %u bytes, more than the %u that can be",
				    raw->caplen, MAX_CAPLEN);
	if (raw->caplen > b->length - header - 4)
		return file_damaged(f, "a packet of %u bytes in a block of %u", raw->caplen,
				    b->length);
	if (!b->held && f->len - f->pos < header + raw->caplen) {
		f->need = header + raw->caplen;
		return 0;
	}
	raw->data = b->at + header;
	__builtin_prefetch(raw->data);
	__builtin_prefetch(raw->data + 64);
	raw->ts_ns = time_ns(p, i, ticks);
	raw->link_type = i->link_type;
	return 1;
}

/* Passes over what is there of a large block. Returns 1 when it is behind us;
 * 0: needs more bytes, or a negative errno. */
static int skip_block(struct pcapng_file *p)
{
	struct file *f = &p->file;
	size_t left = f->len - f->pos;
	size_t n = p->skip < left ? p->skip : left;

	f->pos += n;
	p->skip -= n;
	left -= n;
	if (p->skip || left < 4) {
		f->need = p->skip ? 1 : 4;
		return 0;
	}
	if (get32(p, f->buf + f->pos) != p->trailer)
		return file_damaged(f, "a block's length is %u at its start and %u at its end",
				    p->trailer, get32(p, f->buf + f->pos));
	f->pos += 4;
	p->trailer = 0;
	return 1;
}

/* Finds the block at the first unread byte. Returns as above. */
static int find_block(struct pcapng_file *p, struct block *ret)
{
	struct file *f = &p->file;
	size_t left = f->len - f->pos;
	uint32_t end;

	if (left < BLOCK_OVERHEAD) {
		f->need = BLOCK_OVERHEAD;
		return 0;
	}
	ret->at = f->buf + f->pos;
	ret->type = get32(p, ret->at);
	if (ret->type == BLOCK_SECTION && !set_byte_order(p, ret->at + 8))
		return file_damaged(f, "section header without byte-order magic");
	ret->length = get32(p, ret->at + 4);
	if (ret->length < BLOCK_OVERHEAD || ret->length % 4)
		return file_damaged(f, "a block of %u bytes", ret->length);
	ret->held = left >= ret->length;
	if (!ret->held) {
		f->need = ret->length <= FILE_NEED_MAX ? ret->length : HEADER_MAX;
		return left >= f->need;
	}
	end = get32(p, ret->at + ret->length - 4);
	/* The file's first block has been told from anything else already, and
	 * libpcap asks no more of it. */
	if (end != ret->length && file_offset(f) > 0)
		return file_damaged(f, "a block's length is %u at its start and %u at its end",
				    ret->length, end);
	return 1;
}

/* One block further; *packet: it gave one. Returns as above. */
static int next_block(struct pcapng_file *p, struct raw_packet *raw, bool *packet)
{
	struct file *f = &p->file;
	uint32_t used = BLOCK_OVERHEAD - 4;
	struct block b = { 0 };
	int r;

	*packet = false;
	if (p->trailer)
		return skip_block(p);
	r = find_block(p, &b);
	if (r <= 0)
		return r;
	switch (b.type) {
	case BLOCK_ENHANCED_PACKET:
	case BLOCK_PACKET:
	case BLOCK_SIMPLE_PACKET:
		r = read_packet(p, &b, raw);
		if (r <= 0)
			return r;
		*packet = true;
		used = raw->data + raw->caplen - b.at;
		break;
	case BLOCK_INTERFACE:
		r = add_interface(p, &b);
		break;
	case BLOCK_SECTION:
		r = start_section(p, &b);
		break;
	}
	if (r < 0)
		return r;
	if (b.held) {
		f->pos += b.length;
		return 1;
	}
	f->pos += used;
	p->skip = b.length - 4 - used;
	p->trailer = b.length;
	return 1;
}

static int next(struct source *s, struct raw_packet *raw, unsigned max)
{
	struct pcapng_file *p = (struct pcapng_file *)s;
	unsigned n = 0;

	while (n < max && !p->file.failed) {
		bool packet;

		if (next_block(p, &raw[n], &packet) <= 0)
			return n;
		n += packet;
	}
	p->file.need = 0;	/* not asked yet */
	return n;
}

static int fill(struct source *s, uint8_t *buf)
{
	struct pcapng_file *p = (struct pcapng_file *)s;
	struct file *f = &p->file;
	int r = file_fill(f, buf);
	size_t left = f->len - f->pos;

	if (r || (!left && !p->trailer))
		return r;
	if (p->trailer)
		return file_damaged(f, "truncated block: %u bytes announced, %llu left", p->trailer,
				    (unsigned long long)(p->trailer - 4 - p->skip + left));
	if (left < BLOCK_OVERHEAD)
		return file_damaged(f, "truncated block: at least %u bytes needed, %zu left",
				    BLOCK_OVERHEAD, left);
	return file_damaged(f, "truncated block: %u bytes announced, %zu left",
			    get32(p, f->buf + f->pos + 4), left);
}

static void close_file(struct source *s)
{
	free(((struct pcapng_file *)s)->interfaces);
	file_close(s);
}

static const struct source_ops ops = { fill, next, close_file };

int pcapng_file_open(struct source **ret, struct stream *stream, const char *path,
		     const uint8_t magic[4], char *err, size_t err_size)
{
	uint8_t start[BLOCK_OVERHEAD];
	struct pcapng_file *p;
	int r;

	memcpy(start, magic, 4);
	r = file_read_header(stream, path, start + 4, sizeof(start) - 4, 4, err, err_size);
	if (r < 0)
		return r;
	p = file_new(sizeof(*p), path, stream);
	if (!p) {
		snprintf(err, err_size, "%s: %s", path, strerror(ENOMEM));
		return -ENOMEM;
	}
	if (!set_byte_order(p, start + 8)) {
		free(p);
		snprintf(err, err_size, "%s: not a capture file", path);
		return -EBADMSG;
	}
	memcpy(p->start, start, sizeof(start));
	p->file.source.ops = &ops;
	p->file.buf = p->start;
	p->file.len = p->file.end = sizeof(start);
	*ret = &p->file.source;
	return 0;
}
