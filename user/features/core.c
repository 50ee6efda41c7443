/* core.c - getters of the core group: who, when, how much. */

#include "getters.h"
#include "sink/format.h"

static void text(struct flowtap_value *v, size_t len)
{
	v->type = FLOWTAP_TEXT;
	v->text.ptr = v->scratch;
	v->text.len = len;
}

static void address(struct flowtap_value *v, const struct flow *f, const uint64_t *addr)
{
	const uint8_t *a = (const uint8_t *)addr;

	text(v, f->key.ip_version == 4 ? format_ipv4(v->scratch, a) : format_ipv6(v->scratch, a));
}

void get_src_ip(const struct record *r, struct flowtap_value *v)
{
	address(v, r->flow, flow_src_addr(r->flow));
}

void get_dst_ip(const struct record *r, struct flowtap_value *v)
{
	address(v, r->flow, flow_dst_addr(r->flow));
}

void get_src_mac(const struct record *r, struct flowtap_value *v)
{
	text(v, format_mac(v->scratch, r->flow->src_mac));
}

void get_dst_mac(const struct record *r, struct flowtap_value *v)
{
	text(v, format_mac(v->scratch, r->flow->dst_mac));
}

void get_src_oui(const struct record *r, struct flowtap_value *v)
{
	text(v, format_oui(v->scratch, r->flow->src_mac));
}

void get_dst_oui(const struct record *r, struct flowtap_value *v)
{
	text(v, format_oui(v->scratch, r->flow->dst_mac));
}

GET_U64(id, r->id)
GET_I64(expiration_id, f->expiration_id)
GET_U64(src_port, f->src_is_hi ? f->key.hi_port : f->key.lo_port)
GET_U64(dst_port, f->src_is_hi ? f->key.lo_port : f->key.hi_port)
GET_U64(protocol, f->key.protocol)
GET_U64(ip_version, f->key.ip_version)
GET_U64(vlan_id, f->key.vlan_id)
GET_U64(tunnel_id, f->key.tunnel)

/* The first packet of a flow is the source's. */
GET_U64(bidirectional_first_seen_ms, c->era_ms + f->dir[SRC2DST].first_ns / MS_NS)
GET_U64(bidirectional_last_seen_ms, c->era_ms + flow_last_ns(f) / MS_NS)
GET_U64(bidirectional_duration_ms,
	flow_last_ns(f) / MS_NS - f->dir[SRC2DST].first_ns / MS_NS)
GET_U64(bidirectional_packets, flow_packets(f))
GET_U64(bidirectional_bytes, f->dir[SRC2DST].bytes + f->dir[DST2SRC].bytes)

/* 0 without packets. */
static uint64_t seen_ms(const struct flow *f, const struct meter_config *c, unsigned d,
			uint64_t ns)
{
	return f->dir[d].packets ? c->era_ms + ns / MS_NS : 0;
}

#define DIRECTION(name, d) \
	GET_U64(name##_first_seen_ms, seen_ms(f, c, d, f->dir[d].first_ns)) \
	GET_U64(name##_last_seen_ms, seen_ms(f, c, d, f->dir[d].last_ns)) \
	GET_U64(name##_duration_ms, f->dir[d].last_ns / MS_NS - f->dir[d].first_ns / MS_NS) \
	GET_U64(name##_packets, f->dir[d].packets) \
	GET_U64(name##_bytes, f->dir[d].bytes)

DIRECTION(src2dst, SRC2DST)
DIRECTION(dst2src, DST2SRC)
