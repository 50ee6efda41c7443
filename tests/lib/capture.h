/* capture.h - capture files made in memory, for tests.
 *
 * Everything goes to the end of the capture, in its byte order. Without memory
 * the program ends. */

#ifndef TESTS_CAPTURE_H
#define TESTS_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture {
	uint8_t *data;
	size_t size, room;
	bool big;	/* big-endian */
};

void capture_free(struct capture *c);

void capture_bytes(struct capture *c, const void *data, size_t n);
void capture_u16(struct capture *c, uint16_t v);
void capture_u32(struct capture *c, uint32_t v);
void capture_u64(struct capture *c, uint64_t v);

/* n bytes of a packet that can be told from others by its seed. */
void capture_payload(struct capture *c, uint32_t seed, size_t n);
bool capture_is_payload(const uint8_t *data, uint32_t seed, size_t n);

/* Classic pcap. */
#define PCAP_US 0xa1b2c3d4u
#define PCAP_NS 0xa1b23c4du
#define PCAP_MODIFIED 0xa1b2cd34u	/* its record headers have 8 bytes more */

void capture_pcap(struct capture *c, uint32_t magic, uint16_t major, uint16_t minor,
		  uint32_t snaplen, uint32_t link_type);
void capture_record(struct capture *c, uint32_t magic, uint32_t seconds, uint32_t fraction,
		    uint32_t caplen, uint32_t len);	/* the header only */

/* pcapng. Options are given as they are in the file: capture_option() makes
 * one in a capture of its own. */
void capture_block(struct capture *c, uint32_t type, const void *body, size_t n);
void capture_section(struct capture *c);
void capture_option(struct capture *c, uint16_t code, const void *value, uint16_t n);
void capture_interface(struct capture *c, uint16_t link_type, uint32_t snaplen,
		       const struct capture *options);
void capture_enhanced(struct capture *c, uint32_t interface, uint64_t ticks, uint32_t seed,
		      uint32_t caplen, uint32_t len, const struct capture *options);
void capture_obsolete(struct capture *c, uint16_t interface, uint64_t ticks, uint32_t seed,
		      uint32_t caplen, uint32_t len);
void capture_simple(struct capture *c, uint32_t seed, uint32_t caplen, uint32_t len);

/* Appends all of from as a gzip member or a zstd frame. */
void capture_gzip(struct capture *c, const struct capture *from);
void capture_zstd(struct capture *c, const struct capture *from);

/* Writes the first n bytes, or all (SIZE_MAX), to path. */
void capture_save(const struct capture *c, const char *path, size_t n);

#endif
