/* walk.h - inside of the decoder: the general path, header by header.
 *
 * decode() takes a short cut for the commonest packets; decode_walk() decodes
 * any, and the two agree. */

#ifndef FLOWTAP_WALK_H
#define FLOWTAP_WALK_H

#include <string.h>

#include "packet.h"

/* Types of payload, as ethertypes (IEEE 802 numbers). For what has none the
 * value is 0: whether it is IP is seen by its first four bits anyway. */
enum {
	TYPE_NONE = 0,
	TYPE_IPV4 = 0x0800,
	TYPE_VLAN = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_PPP_IPV4 = 0x0021,	/* PPP's own numbers (IANA) */
	TYPE_PPP_IPV6 = 0x0057,
	TYPE_QINQ = 0x88a8,
	TYPE_QINQ_OLD = 0x9100,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_MULTICAST = 0x8848,
	TYPE_PPPOE_SESSION = 0x8864,
};

enum { PROTO_ICMP = 1, PROTO_IPIP = 4, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_IPV6 = 41, PROTO_ICMPV6 = 58 };

/* Where the walk is. */
struct walk {
	const struct decoder *decoder;
	const uint8_t *data;
	uint32_t caplen;
	uint32_t wirelen;
	uint32_t offset;	/* of the next header */
	uint16_t type;		/* what it is */
	uint16_t vlan_id;
	uint32_t src_mac, dst_mac;	/* offsets, NO_MAC */
	uint8_t ip_headers;	/* seen so far */
	uint8_t tunnel;		/* enum tunnel */
};

/* What an IP header and those behind it say. */
struct ip_view {
	uint64_t src[2], dst[2];	/* see struct flow_key */
	uint8_t version;
	uint8_t protocol;
	uint32_t offset;		/* of the IP header */
	uint32_t transport;		/* offset of what is behind IP's headers */
	uint32_t ip_size;		/* bytes by the header's length field */
	uint32_t transport_size;	/* of these, behind the IP headers */
};

enum { PORT_GTP_U = 2152, PORT_CAPWAP_DATA = 5247, PORT_TZSP = 37008 };

static inline bool tunnel_port(uint16_t port)
{
	return port == PORT_GTP_U || port == PORT_CAPWAP_DATA || port == PORT_TZSP;
}

static inline bool has(const struct walk *w, uint32_t offset, uint32_t bytes)
{
	return offset <= w->caplen && bytes <= w->caplen - offset;
}

static inline uint16_t be16(const struct walk *w, uint32_t offset)
{
	return w->data[offset] << 8 | w->data[offset + 1];
}

/* The link layer of that type at w->offset, then tags, labels and PPPoE, up to
 * the network layer. */
enum undecodable walk_link(struct walk *w, uint32_t link_type);

/* An 802.11 frame at w->offset, up to what its LLC header announces. */
enum undecodable walk_80211(struct walk *w);

/* The IP header at w->offset, and IP in IP where `nested` says so. */
enum undecodable walk_ip(struct walk *w, struct ip_view *ip, bool nested);

/* If ip is a tunnel's outer packet: goes on to the inner one. UNDECODABLE_NONE
 * with w and ip moved, or unchanged when it is no tunnel or its inner packet
 * is not IP; otherwise why the inner packet belongs to no flow. */
enum undecodable walk_tunnel(struct walk *w, struct ip_view *ip);

enum undecodable decode_walk(const struct decoder *d, const struct raw_packet *raw,
			     struct packet *ret);

#endif
