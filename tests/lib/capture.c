#include "capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static void die(const char *what)
{
	perror(what);
	abort();
}

/* Room for n more bytes, which are then part of the capture. */
static uint8_t *extend(struct capture *c, size_t n)
{
	if (c->size + n > c->room) {
		c->room = 2 * (c->size + n);
		c->data = realloc(c->data, c->room);
		if (!c->data)
			die("realloc");
	}
	c->size += n;
	return c->data + c->size - n;
}

void capture_free(struct capture *c)
{
	free(c->data);
	*c = (struct capture){ .big = c->big };
}

void capture_bytes(struct capture *c, const void *data, size_t n)
{
	if (n)
		memcpy(extend(c, n), data, n);
}

static void put(struct capture *c, uint64_t v, unsigned n)
{
	uint8_t *p = extend(c, n);

	for (unsigned i = 0; i < n; i++)
		p[c->big ? n - 1 - i : i] = v >> 8 * i;
}

void capture_u16(struct capture *c, uint16_t v)
{
	put(c, v, 2);
}

void capture_u32(struct capture *c, uint32_t v)
{
	put(c, v, 4);
}

void capture_u64(struct capture *c, uint64_t v)
{
	put(c, v, 8);
}

static uint8_t payload_byte(uint32_t seed, size_t i)
{
	return (seed + 1) * 2654435761u * (uint32_t)(i + 1) >> 24;
}

void capture_payload(struct capture *c, uint32_t seed, size_t n)
{
	uint8_t *p = extend(c, n);

	for (size_t i = 0; i < n; i++)
		p[i] = payload_byte(seed, i);
}

bool capture_is_payload(const uint8_t *data, uint32_t seed, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] != payload_byte(seed, i))
			return false;
	return true;
}

void capture_pcap(struct capture *c, uint32_t magic, uint16_t major, uint16_t minor,
		  uint32_t snaplen, uint32_t link_type)
{
	capture_u32(c, magic);
	capture_u16(c, major);
	capture_u16(c, minor);
	capture_u64(c, 0);
	capture_u32(c, snaplen);
	capture_u32(c, link_type);
}

void capture_record(struct capture *c, uint32_t magic, uint32_t seconds, uint32_t fraction,
		    uint32_t caplen, uint32_t len)
{
	capture_u32(c, seconds);
	capture_u32(c, fraction);
	capture_u32(c, caplen);
	capture_u32(c, len);
	if (magic == PCAP_MODIFIED)
		capture_u64(c, 0);
}

void capture_block(struct capture *c, uint32_t type, const void *body, size_t n)
{
	static const uint8_t padding[4];
	const size_t padded = (n + 3) & ~(size_t)3;

	capture_u32(c, type);
	capture_u32(c, padded + 12);
	capture_bytes(c, body, n);
	capture_bytes(c, padding, padded - n);
	capture_u32(c, padded + 12);
}

static void add_block(struct capture *c, uint32_t type, struct capture *body)
{
	capture_block(c, type, body->data, body->size);
	capture_free(body);
}

void capture_section(struct capture *c)
{
	struct capture b = { .big = c->big };

	capture_u32(&b, 0x1a2b3c4d);
	capture_u16(&b, 1);
	capture_u16(&b, 0);
	capture_u64(&b, UINT64_MAX);
	add_block(c, 0x0a0d0d0a, &b);
}

void capture_option(struct capture *c, uint16_t code, const void *value, uint16_t n)
{
	static const uint8_t padding[4];

	capture_u16(c, code);
	capture_u16(c, n);
	capture_bytes(c, value, n);
	capture_bytes(c, padding, -n & 3);
}

void capture_interface(struct capture *c, uint16_t link_type, uint32_t snaplen,
		       const struct capture *options)
{
	struct capture b = { .big = c->big };

	capture_u16(&b, link_type);
	capture_u16(&b, 0);
	capture_u32(&b, snaplen);
	if (options)
		capture_bytes(&b, options->data, options->size);
	add_block(c, 1, &b);
}

static void add_packet(struct capture *c, uint32_t type, struct capture *b, uint64_t ticks,
		       uint32_t seed, uint32_t caplen, uint32_t len, const struct capture *options)
{
	static const uint8_t padding[4];

	capture_u32(b, ticks >> 32);
	capture_u32(b, ticks);
	capture_u32(b, caplen);
	capture_u32(b, len);
	capture_payload(b, seed, caplen);
	capture_bytes(b, padding, -caplen & 3);
	if (options)
		capture_bytes(b, options->data, options->size);
	add_block(c, type, b);
}

void capture_enhanced(struct capture *c, uint32_t interface, uint64_t ticks, uint32_t seed,
		      uint32_t caplen, uint32_t len, const struct capture *options)
{
	struct capture b = { .big = c->big };

	capture_u32(&b, interface);
	add_packet(c, 6, &b, ticks, seed, caplen, len, options);
}

void capture_obsolete(struct capture *c, uint16_t interface, uint64_t ticks, uint32_t seed,
		      uint32_t caplen, uint32_t len)
{
	struct capture b = { .big = c->big };

	capture_u16(&b, interface);
	capture_u16(&b, 0xffff);	/* drops: not known */
	add_packet(c, 2, &b, ticks, seed, caplen, len, NULL);
}

void capture_simple(struct capture *c, uint32_t seed, uint32_t caplen, uint32_t len)
{
	struct capture b = { .big = c->big };

	capture_u32(&b, len);
	capture_payload(&b, seed, caplen);
	add_block(c, 3, &b);
}

void capture_gzip(struct capture *c, const struct capture *from)
{
	z_stream z = { .next_in = from->data, .avail_in = from->size };
	size_t bound = from->size + from->size / 100 + 1024;

	if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		die("deflateInit2");
	z.next_out = extend(c, bound);
	z.avail_out = bound;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("deflate");
	c->size -= z.avail_out;
	deflateEnd(&z);
}

void capture_zstd(struct capture *c, const struct capture *from)
{
	size_t bound = ZSTD_compressBound(from->size);
	uint8_t *to = extend(c, bound);
	size_t n = ZSTD_compress(to, bound, from->data, from->size, 3);

	if (ZSTD_isError(n))
		die("ZSTD_compress");
	c->size -= bound - n;
}

void capture_save(const struct capture *c, const char *path, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (n > c->size)
		n = c->size;
	if (!f || (n && fwrite(c->data, 1, n, f) != n) || fclose(f))
		die(path);
}
