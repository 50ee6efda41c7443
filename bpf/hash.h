/* hash.h - the symmetric flow key and its hash.
 *
 * One definition for both sides: the kernel steers by the hash that the flow
 * table uses, so that both directions of a flow, and the inner flow of a
 * tunnel, reach one meter. Plain C that clang compiles for BPF as well: no
 * 128-bit products, no loops without bound. */

#ifndef FLOWTAP_HASH_H
#define FLOWTAP_HASH_H

#include "shared.h"

/* Odd multipliers; random for each run (flow_hash_seed()), for otherwise
 * anybody could make all of his flows collide. */
struct flow_hash_key {
	uint64_t k[6];
};

/* Spreads one random number over a key (splitmix64, Steele et al. 2014). */
static inline void flow_hash_seed(struct flow_hash_key *hk, uint64_t seed)
{
	for (int i = 0; i < 6; i++) {
		uint64_t z = (seed += 0x9e3779b97f4a7c15ull);

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
		hk->k[i] = (z ^ (z >> 31)) | 1;
	}
}

/* Puts two endpoints into a key, the one that is less first. Returns whether
 * the source is the `hi` one. Equal endpoints: not swapped. */
static inline int flow_key_set(struct flow_key *key, const uint64_t src[2], const uint64_t dst[2],
			       uint16_t src_port, uint16_t dst_port)
{
	int swap = src[0] != dst[0] ? src[0] > dst[0] :
		   src[1] != dst[1] ? src[1] > dst[1] : src_port > dst_port;

	key->lo_addr[0] = swap ? dst[0] : src[0];
	key->lo_addr[1] = swap ? dst[1] : src[1];
	key->hi_addr[0] = swap ? src[0] : dst[0];
	key->hi_addr[1] = swap ? src[1] : dst[1];
	key->lo_port = swap ? dst_port : src_port;
	key->hi_port = swap ? src_port : dst_port;
	return swap;
}

/* Multilinear: a sum of products with random odd factors, whose upper half is
 * well mixed (Lemire and Kaser 2014), then folded so that the low bits that
 * the table uses depend on all of it. The five products run in parallel. */
static inline uint32_t flow_hash(const struct flow_hash_key *hk, const struct flow_key *key)
{
	uint64_t rest = ((uint64_t)key->lo_port << 48) | ((uint64_t)key->hi_port << 32) |
			((uint64_t)key->vlan_id << 16) | ((uint64_t)key->protocol << 8) |
			((uint64_t)key->tunnel << 4) | key->ip_version;
	uint64_t h;

	h = (key->lo_addr[0] ^ (key->lo_addr[0] >> 32)) * hk->k[0];
	h += (key->lo_addr[1] ^ (key->lo_addr[1] >> 32)) * hk->k[1];
	h += (key->hi_addr[0] ^ (key->hi_addr[0] >> 32)) * hk->k[2];
	h += (key->hi_addr[1] ^ (key->hi_addr[1] >> 32)) * hk->k[3];
	h += (rest ^ (rest >> 32)) * hk->k[4];
	h ^= h >> 32;
	h *= hk->k[5];
	return h >> 32;
}

#endif
