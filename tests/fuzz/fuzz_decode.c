/* The decoder on any bytes: no read outside of the packet (its copy on the heap
 * is of exact size), offsets inside of it, and the short cut agrees with the
 * general walk. The first byte chooses the link type, the second the options. */

#include <stdlib.h>
#include <string.h>

#include "packet/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t types[] = { 1, 0, 9, 12, 50, 51, 104, 105, 108, 113, 127, 228, 229, 276, 147 };
	struct decoder d = { 0 };
	struct raw_packet raw = { 0 };
	struct packet a, b;
	enum undecodable r;
	uint8_t *copy;

	if (size < 2)
		return 0;
	flow_hash_seed(&d.hash_key, 1);
	d.tunnels = data[1] & 1;
	raw.link_type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	raw.caplen = size - 2;
	raw.wirelen = raw.caplen + (data[1] & 2 ? 1000 : 0);
	copy = malloc(raw.caplen ? raw.caplen : 1);
	memcpy(copy, data + 2, raw.caplen);
	raw.data = copy;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	r = decode(&d, &raw, &a);
	if (r != decode_walk(&d, &raw, &b))
		abort();
	if (!r) {
		if (memcmp(&a.key, &b.key, sizeof(a.key)) || a.hash != b.hash ||
		    a.raw_size != b.raw_size || a.ip_size != b.ip_size ||
		    a.transport_size != b.transport_size || a.payload_size != b.payload_size ||
		    a.ip_offset != b.ip_offset || a.transport_offset != b.transport_offset ||
		    a.src_mac_offset != b.src_mac_offset || a.dst_mac_offset != b.dst_mac_offset ||
		    a.tcp_flags != b.tcp_flags || a.swapped != b.swapped)
			abort();
		if (a.transport_offset > a.caplen || a.ip_offset >= a.caplen ||
		    (a.src_mac_offset != NO_MAC && a.src_mac_offset + 6 > a.caplen) ||
		    (a.dst_mac_offset != NO_MAC && a.dst_mac_offset + 6 > a.caplen))
			abort();
	}
	free(copy);
	return 0;
}
