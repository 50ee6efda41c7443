/* format.h - numbers and addresses as text, fast.
 *
 * Each function writes at p, without a NUL, and returns the length. Behind
 * that it may scribble, up to the bound named here: so much room there must
 * be. Any thread. */

#ifndef FLOWTAP_FORMAT_H
#define FLOWTAP_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	FORMAT_INTEGER_MAX = 24,
	FORMAT_DOUBLE_MAX = 40,
	FORMAT_ADDRESS_MAX = 48,	/* MAC, OUI, IPv4, IPv6 */
};

/* -1 to 999: the text, and its length in the last byte. */
extern const char format_small[1001][4];

/* The general case of the following two. */
size_t format_u64_any(char *p, uint64_t v);
size_t format_i64_any(char *p, int64_t v);

/* Most numbers of a record are small, so that they are one look-up here, and
 * -1 stands for what a list does not have. */
static inline size_t format_u64(char *p, uint64_t v)
{
	if (v >= 1000)
		return format_u64_any(p, v);
	memcpy(p, format_small[v + 1], 4);
	return format_small[v + 1][3];
}

static inline size_t format_i64(char *p, int64_t v)
{
	uint64_t i = (uint64_t)v + 1;

	if (i >= 1001)
		return format_i64_any(p, v);
	memcpy(p, format_small[i], 4);
	return format_small[i][3];
}

/* The shortest decimal that reads back as v, and of those the nearest to v,
 * laid out as Python's repr() does: "44.0", "0.0001", "1e-05", "1e+16". Also
 * "inf", "-inf" and "nan". */
size_t format_double(char *p, double v);

/* "02:00:00:00:0a:01" */
size_t format_mac(char *p, const uint8_t mac[6]);

/* The first three bytes of a MAC: "02:00:00". */
size_t format_oui(char *p, const uint8_t mac[6]);

/* "192.0.2.1" */
size_t format_ipv4(char *p, const uint8_t addr[4]);

/* "2001:db8::1", in every case as glibc's inet_ntop() has it. */
size_t format_ipv6(char *p, const uint8_t addr[16]);

#endif
