/* shared.h - what the kernel side and the user side both compile.
 *
 * Only fixed-width types and explicit padding: one side may be BPF. */

#ifndef FLOWTAP_SHARED_H
#define FLOWTAP_SHARED_H

#ifdef __bpf__
#include "vmlinux.h"
typedef __u8 uint8_t;
typedef __u16 uint16_t;
typedef __u32 uint32_t;
typedef __u64 uint64_t;
#else
#include <stdint.h>
#endif

/* Why a packet belongs to no flow: X(symbol, name in the counters). */
#define UNDECODABLE_REASONS(X) \
	X(LINK_TYPE, "link_type")	/* no decoder for the capture's link type */ \
	X(SHORT, "short")		/* ends inside a header */ \
	X(NOT_IP, "not_ip")		/* ARP, STP, control frames, ... */ \
	X(MALFORMED, "malformed")	/* lengths that contradict each other */ \
	X(FRAGMENT, "fragment")		/* not the first one: has no ports */ \
	X(NO_TRANSPORT, "no_transport")	/* IPv6 "no next header" */ \
	X(NESTED, "nested")		/* more headers than we follow */

enum undecodable {
	UNDECODABLE_NONE,
#define X(sym, name) UNDECODABLE_##sym,
	UNDECODABLE_REASONS(X)
#undef X
	UNDECODABLE_N
};

/* Limits of the decoder: a packet nested deeper is UNDECODABLE_NESTED. */
#define MAX_IP_HEADERS 8
#define MAX_IPV6_EXTENSIONS 8

/* Values of tunnel_id. */
enum tunnel { TUNNEL_NONE, TUNNEL_GTP, TUNNEL_CAPWAP, TUNNEL_TZSP };

/* What makes two packets one flow. The two endpoints are kept in an order of
 * their own (`lo` before `hi`, see flow_key_set()), so that both directions
 * have one key. An IPv4 address is the first four bytes, the rest zero. */
struct flow_key {
	uint64_t lo_addr[2];	/* network byte order in memory */
	uint64_t hi_addr[2];
	uint16_t lo_port;	/* host byte order; 0 without ports */
	uint16_t hi_port;
	uint16_t vlan_id;	/* innermost tag, 0 without */
	uint8_t protocol;	/* of the IP header */
	uint8_t tunnel : 4;	/* enum tunnel */
	uint8_t ip_version : 4;	/* 4 or 6 */
};

_Static_assert(sizeof(struct flow_key) == 40, "struct flow_key is compared as five words");

#endif
