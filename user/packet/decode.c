#include "packet.h"

#include <pcap/dlt.h>

#include "walk.h"

/* libpcap's longest packet. */
#define MAX_WIRELEN 262144u

/* Not in older pcap/dlt.h. */
#ifndef DLT_LINUX_SLL2
#define DLT_LINUX_SLL2 276
#endif

/* Bytes on the wire, as the capture says. More than any packet has is damage:
 * then its lower 16 bits count, as in the reference. */
static inline uint32_t wire_size(const struct raw_packet *raw)
{
	return raw->wirelen <= MAX_WIRELEN ? raw->wirelen : raw->wirelen & 0xffff;
}

/* Whatever its link type, a packet of fewer bytes carries no flow: the
 * smallest IPv4 header and UDP's. */
#define MIN_CAPLEN 28

enum { LLC_SNAP = 0xaa, LLC_STP = 0x42 };

bool decode_link_type_known(uint32_t link_type)
{
	switch (link_type) {
	case DLT_NULL:
	case DLT_LOOP:
	case DLT_EN10MB:
	case DLT_PPP:
	case DLT_C_HDLC:
	case DLT_PPP_SERIAL:
	case DLT_PPP_ETHER:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_IEEE802_11:
	case DLT_IEEE802_11_RADIO:
		return true;
	}
	return false;
}

/* ---- link layers ---- */

static enum undecodable walk_ethernet(struct walk *w)
{
	uint32_t at = w->offset;
	uint16_t type;

	if (!has(w, at, 14))
		return UNDECODABLE_SHORT;
	w->dst_mac = at;
	w->src_mac = at + 6;
	w->offset = at + 14;
	type = be16(w, at + 12);
	w->type = type >= 1536 ? type : TYPE_NONE;
	if (type == 0 || type > 1500)
		return UNDECODABLE_NONE;
	/* IEEE 802.3: a length, then LLC. */
	if (!has(w, w->offset, 8))
		return UNDECODABLE_SHORT;
	if (w->data[w->offset] == LLC_SNAP || w->data[w->offset + 1] == LLC_SNAP) {
		w->type = be16(w, w->offset + 6);
		w->offset += 8;
	} else if (w->data[w->offset] == LLC_STP || w->data[w->offset + 1] == LLC_STP) {
		return UNDECODABLE_NOT_IP;
	}
	return UNDECODABLE_NONE;
}

enum undecodable walk_80211(struct walk *w)
{
	uint32_t at = w->offset, len = 24;
	uint8_t fc0, fc1;

	if (!has(w, at, 24))
		return UNDECODABLE_SHORT;
	fc0 = w->data[at];
	fc1 = w->data[at + 1];
	/* IEEE 802.11-2020, 9.2.4.1: type 2 is data; of its subtypes, bit 2
	 * means no data, bit 3 QoS. Protected frames cannot be read. */
	if ((fc0 & 0x0c) != 0x08 || fc0 & 0x40 || fc1 & 0x40)
		return UNDECODABLE_NOT_IP;
	if ((fc1 & 0x03) == 0x03)
		len += 6;	/* from one access point to another: address 4 */
	if (fc0 & 0x80) {
		len += 2;
		if (fc1 & 0x80)
			len += 4;	/* HT control */
	}
	if (!has(w, at, len + 8))
		return UNDECODABLE_SHORT;
	w->src_mac = at + 10;
	w->dst_mac = at + 16;
	w->offset = at + len + 8;
	if (w->data[at + len] != LLC_SNAP)
		return UNDECODABLE_NOT_IP;
	w->type = be16(w, at + len + 6);
	return UNDECODABLE_NONE;
}

/* https://www.radiotap.org/: fields in the order of their bits in the present
 * words, each aligned to its size. Only the first two matter here. */
static enum undecodable walk_radiotap(struct walk *w)
{
	uint32_t at = w->offset, len, field = at + 4, present, word;

	if (!has(w, at, 8))
		return UNDECODABLE_SHORT;
	len = w->data[at + 2] | w->data[at + 3] << 8;
	if (len < 8 || !has(w, at, len))
		return UNDECODABLE_SHORT;
	present = word = w->data[at + 4] | (uint32_t)w->data[at + 7] << 24;
	for (field += 4; word & 0x80000000u && field + 4 <= at + len; field += 4)
		word = (uint32_t)w->data[field + 3] << 24;
	if (present & 1)	/* TSFT */
		field = at + ((field - at + 7) & ~7u) + 8;
	/* Flags: the frame check sequence is there, and wrong. */
	if (present & 2 && field < at + len && (w->data[field] & 0x50) == 0x50)
		return UNDECODABLE_MALFORMED;
	w->offset = at + len;
	return walk_80211(w);
}

static enum undecodable walk_ppp(struct walk *w, uint32_t link_type)
{
	const uint8_t *p = w->data + w->offset;
	/* Cisco HDLC by its address byte, or HDLC-like framing (RFC 1662). */
	bool four = link_type == DLT_PPP_SERIAL || p[0] == 0x0f || p[0] == 0x8f ||
		    (p[0] == 0xff && p[1] == 0x03);

	w->offset += four ? 4 : 2;
	w->type = be16(w, w->offset - 2);
	return UNDECODABLE_NONE;
}

static enum undecodable walk_link_header(struct walk *w, uint32_t link_type)
{
	switch (link_type) {
	case DLT_EN10MB:
		return walk_ethernet(w);
	case DLT_NULL:
	case DLT_LOOP:
		w->offset += 4;
		return UNDECODABLE_NONE;
	case DLT_PPP:
	case DLT_C_HDLC:
	case DLT_PPP_SERIAL:
		return walk_ppp(w, link_type);
	case DLT_PPP_ETHER:
		w->type = TYPE_PPPOE_SESSION;
		return UNDECODABLE_NONE;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return UNDECODABLE_NONE;
	case DLT_LINUX_SLL:
		w->offset += 16;
		w->type = be16(w, w->offset - 2);
		return UNDECODABLE_NONE;
	case DLT_LINUX_SLL2:
		w->type = be16(w, w->offset);
		w->offset += 20;
		return UNDECODABLE_NONE;
	case DLT_IEEE802_11:
		return walk_80211(w);
	case DLT_IEEE802_11_RADIO:
		return walk_radiotap(w);
	}
	return UNDECODABLE_LINK_TYPE;
}

static enum undecodable walk_mpls(struct walk *w)
{
	bool bottom;

	do {
		if (!has(w, w->offset, 4))
			return UNDECODABLE_SHORT;
		bottom = w->data[w->offset + 2] & 1;
		w->offset += 4;
	} while (!bottom);
	w->type = TYPE_IPV4;
	/* RFC 4385: behind the labels of a pseudo-wire a control word, which
	 * begins with four zero bits, then the Ethernet frame. */
	if (has(w, w->offset, 4 + 14) && w->data[w->offset] >> 4 == 0) {
		w->offset += 4;
		return walk_ethernet(w);
	}
	return UNDECODABLE_NONE;
}

enum undecodable walk_link(struct walk *w, uint32_t link_type)
{
	enum undecodable r = walk_link_header(w, link_type);

	while (!r) {
		switch (w->type) {
		case TYPE_VLAN:
		case TYPE_QINQ:
		case TYPE_QINQ_OLD:
			if (!has(w, w->offset, 5))
				return UNDECODABLE_SHORT;
			w->vlan_id = be16(w, w->offset) & 0xfff;
			w->type = be16(w, w->offset + 2);
			w->offset += 4;
			break;
		case TYPE_MPLS:
		case TYPE_MPLS_MULTICAST:
			r = walk_mpls(w);
			break;
		case TYPE_PPPOE_SESSION:
			/* RFC 2516; what PPP carries is seen by its first bits. */
			w->offset += 8;
			w->type = TYPE_NONE;
			break;
		default:
			return UNDECODABLE_NONE;
		}
	}
	return r;
}

/* ---- network layer ---- */

/* Announced as something else than IP. What looks like IP behind it all the
 * same is metered, as the reference does, but its fields mean little: the
 * fragment offset is not believed. */
static bool foreign(uint16_t type)
{
	switch (type) {
	case TYPE_NONE:
	case TYPE_IPV4:
	case TYPE_IPV6:
	case TYPE_PPP_IPV4:
	case TYPE_PPP_IPV6:
		return false;
	}
	return true;
}

static enum undecodable walk_ipv4(struct walk *w, struct ip_view *ip)
{
	const uint8_t *h = w->data + w->offset;
	uint32_t header, total;

	if (!has(w, w->offset, 20))
		return UNDECODABLE_SHORT;
	header = (h[0] & 15) * 4;
	total = be16(w, w->offset + 2);
	if (be16(w, w->offset + 6) & 0x1fff && !foreign(w->type))
		return UNDECODABLE_FRAGMENT;
	if (!has(w, w->offset, header))
		return UNDECODABLE_SHORT;
	/* Captured before segmentation: the length is not known yet. */
	if (total == 0 && w->wirelen > w->offset)
		total = w->wirelen - w->offset;
	if (total < header)
		return UNDECODABLE_MALFORMED;
	ip->version = 4;
	ip->src[0] = ip->src[1] = ip->dst[0] = ip->dst[1] = 0;
	memcpy(ip->src, h + 12, 4);
	memcpy(ip->dst, h + 16, 4);
	ip->protocol = h[9];
	ip->ip_size = total;
	ip->transport = w->offset + header;
	ip->transport_size = total - header;
	return UNDECODABLE_NONE;
}

static bool ipv6_extension(uint8_t next)
{
	switch (next) {
	case 0:		/* hop-by-hop options */
	case 43:	/* routing */
	case 44:	/* fragment */
	case 60:	/* destination options */
	case 135:	/* mobility */
		return true;
	}
	return false;
}

static enum undecodable walk_ipv6(struct walk *w, struct ip_view *ip)
{
	const uint8_t *h = w->data + w->offset;
	uint32_t payload, end;
	unsigned n = 0;

	if (!has(w, w->offset, 40))
		return UNDECODABLE_SHORT;
	payload = be16(w, w->offset + 4);
	/* Cut by the snaplen, the length is to be believed if the packet on
	 * the wire had room for it. */
	end = w->offset + 40 + payload;
	if (end > w->caplen && (w->caplen >= w->wirelen || end > w->wirelen))
		return UNDECODABLE_MALFORMED;
	ip->version = 6;
	memcpy(ip->src, h + 8, 16);
	memcpy(ip->dst, h + 24, 16);
	ip->protocol = h[6];
	ip->ip_size = payload + 40;
	ip->transport = w->offset + 40;
	ip->transport_size = payload;
	while (ipv6_extension(ip->protocol)) {
		const uint8_t *x = w->data + ip->transport;
		uint32_t len = 8;

		if (++n > MAX_IPV6_EXTENSIONS)
			return UNDECODABLE_NESTED;
		if (!has(w, ip->transport, 8))
			return UNDECODABLE_SHORT;
		if (ip->protocol != 44)
			len += x[1] * 8;
		else if ((x[2] << 8 | x[3]) & 0xfff8)
			return UNDECODABLE_FRAGMENT;
		if (len > ip->transport_size)
			return UNDECODABLE_MALFORMED;
		ip->protocol = x[0];
		ip->transport += len;
		ip->transport_size -= len;
		if (!has(w, ip->transport, 0))
			return UNDECODABLE_SHORT;
	}
	return ip->protocol == 59 ? UNDECODABLE_NO_TRANSPORT : UNDECODABLE_NONE;
}

enum undecodable walk_ip(struct walk *w, struct ip_view *ip, bool nested)
{
	enum undecodable r;

	for (;;) {
		if (!has(w, w->offset, 1))
			return UNDECODABLE_SHORT;
		if (++w->ip_headers > MAX_IP_HEADERS)
			return UNDECODABLE_NESTED;
		switch (w->data[w->offset] >> 4) {
		case 4:
			r = walk_ipv4(w, ip);
			break;
		case 6:
			r = walk_ipv6(w, ip);
			break;
		default:
			return UNDECODABLE_NOT_IP;
		}
		if (r)
			return r;
		ip->offset = w->offset;
		if (!nested || (ip->protocol != PROTO_IPIP && ip->protocol != PROTO_IPV6) ||
		    ip->transport == w->offset)
			return UNDECODABLE_NONE;
		w->offset = ip->transport;
	}
}

/* ---- transport layer ---- */

static enum undecodable walk_transport(const struct walk *w, const struct ip_view *ip,
				       struct packet *p)
{
	const uint8_t *h = w->data + ip->transport;
	uint32_t size = ip->transport_size, header = 0;
	uint16_t src_port = 0, dst_port = 0;

	p->transport_size = 0;
	p->tcp_flags = 0;
	switch (ip->protocol) {
	case PROTO_TCP:
		if (size < 20)
			break;
		if (!has(w, ip->transport, 20))
			return UNDECODABLE_SHORT;
		header = (h[12] >> 4) * 4;
		p->tcp_flags = h[13];
		p->transport_size = size;
		break;
	case PROTO_UDP:
		if (size < 8)
			break;
		if (!has(w, ip->transport, 8))
			return UNDECODABLE_SHORT;
		header = 8;
		p->transport_size = size;
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		header = 8;
		p->transport_size = size;
		break;
	}
	p->payload_size = p->transport_size > header ? p->transport_size - header : 0;
	if (p->transport_size && ip->protocol != PROTO_ICMP && ip->protocol != PROTO_ICMPV6) {
		src_port = h[0] << 8 | h[1];
		dst_port = h[2] << 8 | h[3];
	}
	p->key.vlan_id = w->vlan_id;
	p->key.protocol = ip->protocol;
	p->key.tunnel = w->tunnel;
	p->key.ip_version = ip->version;
	p->swapped = flow_key_set(&p->key, ip->src, ip->dst, src_port, dst_port);
	return UNDECODABLE_NONE;
}

enum undecodable decode_walk(const struct decoder *d, const struct raw_packet *raw,
			     struct packet *p)
{
	struct walk w = {
		.decoder = d,
		.data = raw->data,
		.caplen = raw->caplen,
		.wirelen = raw->wirelen,
		.src_mac = NO_MAC,
		.dst_mac = NO_MAC,
	};
	struct ip_view ip;
	enum undecodable r;

	if (!decode_link_type_known(raw->link_type))
		return UNDECODABLE_LINK_TYPE;
	if (w.caplen < MIN_CAPLEN)
		return UNDECODABLE_SHORT;
	r = walk_link(&w, raw->link_type);
	if (!r)
		r = walk_ip(&w, &ip, true);
	if (!r && d->tunnels && ip.protocol == PROTO_UDP)
		r = walk_tunnel(&w, &ip);
	if (!r)
		r = walk_transport(&w, &ip, p);
	if (r)
		return r;
	p->ts_ns = raw->ts_ns;
	p->data = raw->data;
	p->caplen = raw->caplen;
	p->hash = flow_hash(&d->hash_key, &p->key);
	p->raw_size = wire_size(raw);
	p->ip_size = ip.ip_size;
	p->ip_offset = ip.offset;
	p->transport_offset = ip.transport;
	p->src_mac_offset = w.src_mac;
	p->dst_mac_offset = w.dst_mac;
	return UNDECODABLE_NONE;
}

/* ---- the short cut ---- */

static inline uint16_t load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return __builtin_bswap16(v);
}

/* Ethernet, at most one VLAN tag, IPv4 without options, TCP or UDP: nearly all
 * packets. False: decode_walk() must look at it. */
static inline bool decode_short_cut(const struct decoder *d, const struct raw_packet *raw,
				    struct packet *p)
{
	const uint8_t *data = raw->data, *ip, *t;
	uint32_t offset = 14, total, header, need;
	uint16_t type, vlan_id = 0, src_port, dst_port;
	uint64_t src[2] = { 0 }, dst[2] = { 0 };
	uint8_t protocol;

	if (raw->link_type != DLT_EN10MB || raw->caplen < 14 + 4 + 20 + 8)
		return false;
	type = load16(data + 12);
	if (type == TYPE_VLAN) {
		vlan_id = load16(data + 14) & 0xfff;
		type = load16(data + 16);
		offset = 18;
	}
	ip = data + offset;
	total = load16(ip + 2);
	protocol = ip[9];
	if (type != TYPE_IPV4 || ip[0] != 0x45 || load16(ip + 6) & 0x1fff)
		return false;
	t = ip + 20;
	src_port = load16(t);
	dst_port = load16(t + 2);
	if (protocol == PROTO_TCP) {
		need = 20;
		if (raw->caplen < offset + 40)
			return false;
		header = (t[12] >> 4) * 4;
		p->tcp_flags = t[13];
	} else if (protocol == PROTO_UDP) {
		need = header = 8;
		p->tcp_flags = 0;
		if (d->tunnels && (tunnel_port(src_port) || tunnel_port(dst_port)))
			return false;
	} else {
		return false;
	}
	if (total < 20 + need)
		return false;
	memcpy(src, ip + 12, 4);
	memcpy(dst, ip + 16, 4);
	p->key.vlan_id = vlan_id;
	p->key.protocol = protocol;
	p->key.tunnel = TUNNEL_NONE;
	p->key.ip_version = 4;
	p->swapped = flow_key_set(&p->key, src, dst, src_port, dst_port);
	p->hash = flow_hash(&d->hash_key, &p->key);
	p->ts_ns = raw->ts_ns;
	p->data = data;
	p->caplen = raw->caplen;
	p->raw_size = wire_size(raw);
	p->ip_size = total;
	p->transport_size = total - 20;
	p->payload_size = total - 20 > header ? total - 20 - header : 0;
	p->ip_offset = offset;
	p->transport_offset = offset + 20;
	p->src_mac_offset = 6;
	p->dst_mac_offset = 0;
	return true;
}

enum undecodable decode(const struct decoder *d, const struct raw_packet *raw, struct packet *ret)
{
	if (__builtin_expect(decode_short_cut(d, raw, ret), 1))
		return UNDECODABLE_NONE;
	return decode_walk(d, raw, ret);
}
