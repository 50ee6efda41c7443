/* format.h - numbers and addresses as text, fast.
 *
 * Each function writes at p, without a NUL, and returns how many bytes it
 * wrote; the caller has made room for that many at most. Any thread. */

#ifndef FLOWTAP_FORMAT_H
#define FLOWTAP_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FORMAT_INTEGER_MAX 20
#define FORMAT_DOUBLE_MAX 24
#define FORMAT_MAC_MAX 17
#define FORMAT_IP_MAX 45

size_t format_u64(char *p, uint64_t v);
size_t format_i64(char *p, int64_t v);

/* The shortest decimal that reads back as the same double, laid out like
 * Python's repr(): 44.0, 0.0001, 1e-05, 1e+16. Finite values only.
 * R. Giulietti, The Schubfach way to render doubles, 2020. */
size_t format_double(char *p, double v);

size_t format_mac(char *p, const uint8_t mac[6]);	/* 02:00:00:00:0a:01 */
size_t format_oui(char *p, const uint8_t mac[6]);	/* 02:00:00 */
size_t format_ipv4(char *p, const uint8_t addr[4]);
size_t format_ipv6(char *p, const uint8_t addr[16]);	/* as glibc's inet_ntop() */

#endif
