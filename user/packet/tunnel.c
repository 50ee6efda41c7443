/* tunnel.c - tunnels over UDP: GTP-U, CAPWAP data, TZSP. One level. */

#include <pcap/dlt.h>

#include "walk.h"

/* 3GPP TS 29.281, section 5: to the user's packet of a G-PDU. */
static bool gtp_u(struct walk *w)
{
	uint32_t at = w->offset;
	uint8_t flags, next;

	if (!has(w, at, 9) || w->data[at] >> 5 != 1 || w->data[at + 1] != 255)
		return false;
	flags = w->data[at];
	at += 8;
	if (flags & 0x07) {	/* E, S or PN: sequence, N-PDU number, next type */
		if (!has(w, at, 4))
			return false;
		next = w->data[at + 3];
		at += 4;
		while (flags & 0x04 && next) {
			uint32_t len;

			if (!has(w, at, 1))
				return false;
			len = w->data[at] * 4;
			if (!len || !has(w, at, len + 1))
				return false;
			next = w->data[at + len - 1];
			at += len;
		}
	}
	w->offset = at;
	w->tunnel = TUNNEL_GTP;
	return true;
}

/* RFC 5415, section 4.3, and RFC 5416: to the packet in an 802.11 frame. */
static bool capwap(struct walk *w)
{
	uint32_t at = w->offset, header;

	if (!has(w, at, 2) || w->data[at] & 0x0f)
		return false;	/* not version 0, or DTLS */
	header = (w->data[at + 1] & 0xf8) >> 1;
	at += header;
	if (!has(w, at, 24 + 8 + 1))
		return false;
	w->src_mac = at + 10;
	w->dst_mac = at + 16;
	w->type = be16(w, at + 24 + 6);
	w->offset = at + 24 + 8;
	w->tunnel = TUNNEL_CAPWAP;
	return true;
}

/* TaZmen Sniffer Protocol: tagged fields up to END, then the sniffed frame. The
 * length of a field counts its data; some senders count the type and the
 * length itself as well (`overhead` is 0 then, otherwise 2). */
static bool tzsp(struct walk *w, uint32_t overhead)
{
	enum { VERSION = 1, RECEIVED = 0, ETHERNET = 1, TAG_PADDING = 0, TAG_END = 1 };
	uint32_t at = w->offset;
	uint8_t tag;

	if (!has(w, at, 4) || w->data[at] != VERSION || w->data[at + 1] != RECEIVED ||
	    be16(w, at + 2) != ETHERNET)
		return false;
	at += 4;
	do {
		if (!has(w, at, 1))
			return false;
		tag = w->data[at++];
		if (tag != TAG_PADDING && tag != TAG_END) {
			if (!has(w, at, 1) || w->data[at] + overhead < 2)
				return false;
			at += w->data[at] + overhead - 1;
		}
	} while (tag != TAG_END);
	w->offset = at;
	return true;
}

static enum undecodable walk_tzsp(struct walk *w, struct ip_view *ip, bool *ret_found)
{
	const struct walk start = *w;
	enum undecodable r = UNDECODABLE_NOT_IP;

	*ret_found = false;
	for (uint32_t overhead = 2; r == UNDECODABLE_NOT_IP; overhead -= 2) {
		*w = start;
		if (tzsp(w, overhead)) {
			*ret_found = true;
			w->tunnel = TUNNEL_TZSP;
			r = walk_link(w, DLT_EN10MB);
			if (!r)
				r = walk_ip(w, ip, true);
		}
		if (!overhead)
			break;
	}
	return r;
}

enum undecodable walk_tunnel(struct walk *w, struct ip_view *ip)
{
	struct walk inner = *w;
	struct ip_view view;
	uint16_t src, dst;
	enum undecodable r = UNDECODABLE_NONE;
	bool found = false;

	if (!has(w, ip->transport, 8))
		return ip->version == 4 ? UNDECODABLE_SHORT : UNDECODABLE_NONE;
	src = be16(w, ip->transport);
	dst = be16(w, ip->transport + 2);
	inner.offset = ip->transport + 8;
	if (src == PORT_GTP_U || dst == PORT_GTP_U) {
		found = gtp_u(&inner);
		if (found)
			r = walk_ip(&inner, &view, false);
	} else if (src == PORT_CAPWAP_DATA || dst == PORT_CAPWAP_DATA) {
		found = capwap(&inner);
		if (found)
			r = walk_ip(&inner, &view, true);
		/* Of what is not announced as IP (management frames) the
		 * reference wants as much as of a UDP packet. */
		if (found && !r && view.version == 4 && inner.type != TYPE_IPV4 &&
		    !has(&inner, view.transport, 8))
			r = UNDECODABLE_SHORT;
	} else if (src == PORT_TZSP || dst == PORT_TZSP) {
		r = walk_tzsp(&inner, &view, &found);
		if (!found)
			w->tunnel = TUNNEL_TZSP;
	}
	/* What carries something else than IP is traffic of the tunnel's ends;
	 * but of CAPWAP the reference meters no such packet. */
	if (!found || (r == UNDECODABLE_NOT_IP && inner.tunnel != TUNNEL_CAPWAP))
		return UNDECODABLE_NONE;
	if (r)
		return r;
	*w = inner;
	*ip = view;
	return UNDECODABLE_NONE;
}
