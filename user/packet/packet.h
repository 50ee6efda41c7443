/* packet.h - from the bytes of a packet to what the meter needs of it.
 *
 * decode() is a function of its arguments: no state, no allocation, any
 * thread. It reads captured bytes only. */

#ifndef FLOWTAP_PACKET_H
#define FLOWTAP_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "../../bpf/hash.h"
#include "../../bpf/shared.h"

/* A packet as a source hands it over. */
struct raw_packet {
	const uint8_t *data;	/* the source's; valid until its next fill */
	uint32_t caplen;	/* captured bytes at data */
	uint32_t wirelen;	/* bytes on the wire */
	uint64_t ts_ns;		/* since 1970, or the source's era_ms */
	uint32_t link_type;	/* DLT_..., as libpcap numbers them */
};

enum {
	TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08,
	TCP_ACK = 0x10, TCP_URG = 0x20, TCP_ECE = 0x40, TCP_CWR = 0x80,
};

/* A decoded packet. data points into the raw packet. */
struct packet {
	struct flow_key key;
	uint64_t ts_ns;		/* decode() copies it; the caller may force it */
	const uint8_t *data;
	uint32_t caplen;
	uint32_t hash;		/* of key */
	uint32_t raw_size;	/* bytes on the wire, accounting mode 0 */
	uint32_t ip_size;	/* mode 1 */
	uint32_t transport_size;	/* mode 2 */
	uint32_t payload_size;	/* mode 3 */
	uint32_t ip_offset;	/* of the innermost IP header in data */
	uint32_t transport_offset;	/* of the TCP header etc.; <= caplen */
	uint32_t src_mac_offset;	/* in data; NO_MAC: the link has none */
	uint32_t dst_mac_offset;
	bool swapped;		/* the source is key.hi */
	uint8_t tcp_flags;	/* byte 13 of a TCP header of 20 bytes or more, else 0 */
};

#define NO_MAC UINT32_MAX

struct decoder {
	bool tunnels;		/* GTP-U, CAPWAP, TZSP */
	struct flow_hash_key hash_key;
};

/* Returns UNDECODABLE_NONE, with *ret filled, or the reason; *ret is then in
 * an unspecified state. */
enum undecodable decode(const struct decoder *d, const struct raw_packet *raw, struct packet *ret);

/* Whether decode() knows a link type. */
bool decode_link_type_known(uint32_t link_type);

#endif
