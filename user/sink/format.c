#include "format.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

static unsigned digits(uint64_t v)
{
	/* log10(2) is about 1233 / 4096; then one comparison corrects it. */
	static const uint64_t pow10[] = {
		0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
		10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
		1000000000000000, 10000000000000000, 100000000000000000,
		1000000000000000000, 10000000000000000000u,
	};
	unsigned t = (64 - __builtin_clzll(v | 1)) * 1233 >> 12;

	return t - (v < pow10[t]) + 1;
}

size_t format_u64(char *p, uint64_t v)
{
	unsigned n;
	char *q;

	if (v < 10) {
		*p = '0' + v;
		return 1;
	}
	n = digits(v);
	for (q = p + n; v >= 100; v /= 100)
		memcpy(q -= 2, pairs + 2 * (v % 100), 2);
	if (v >= 10)
		memcpy(q - 2, pairs + 2 * v, 2);
	else
		q[-1] = '0' + v;
	return n;
}

size_t format_i64(char *p, int64_t v)
{
	if (v >= 0)
		return format_u64(p, v);
	*p = '-';
	return 1 + format_u64(p + 1, -(uint64_t)v);
}

/* ---- doubles ---- */

#define POW10_MIN -292
#define POW10_MAX 324
#define LIMBS 18	/* 1152 bits: 10^324 and 2^1151 fit */

/* 10^k as 128 leading bits, rounded up: 10^k <= (hi:lo) * 2^(e - 127) where
 * e = floor(log2(10^k)). */
static struct pow10 {
	uint64_t hi, lo;
} pow10_table[POW10_MAX - POW10_MIN + 1];

static pthread_once_t pow10_once = PTHREAD_ONCE_INIT;

static struct pow10 leading_bits(const uint64_t *limb)
{
	unsigned n = LIMBS;
	struct pow10 g;
	unsigned shift;
	uint64_t rest = 0;

	while (!limb[n - 1])
		n--;
	shift = __builtin_clzll(limb[n - 1]);
#define LIMB(i) ((int)(i) >= 0 ? limb[(int)(i)] : 0)
	g.hi = LIMB(n - 1) << shift | (shift ? LIMB(n - 2) >> (64 - shift) : 0);
	g.lo = LIMB(n - 2) << shift | (shift ? LIMB(n - 3) >> (64 - shift) : 0);
	rest = LIMB(n - 3) << shift;
	for (int i = (int)n - 4; i >= 0; i--)
		rest |= limb[i];
#undef LIMB
	if (rest && !++g.lo)
		g.hi++;
	return g;
}

/* Exact arithmetic, once: multiplying by ten upwards; and downwards dividing a
 * power of two by ten, where cutting at each step is cutting once, since
 * floor(floor(x / a) / b) = floor(x / ab). What was cut is never nothing, which
 * the last limb says to leading_bits(). */
static void pow10_init(void)
{
	uint64_t limb[LIMBS] = { 1 };

	for (int k = 0; k <= POW10_MAX; k++) {
		unsigned __int128 carry = 0;

		pow10_table[k - POW10_MIN] = leading_bits(limb);
		for (int i = 0; i < LIMBS; i++) {
			carry += (unsigned __int128)limb[i] * 10;
			limb[i] = (uint64_t)carry;
			carry >>= 64;
		}
	}
	memset(limb, 0, sizeof(limb));
	limb[LIMBS - 1] = 1ull << 63;
	for (int k = -1; k >= POW10_MIN; k--) {
		unsigned __int128 rest = 0;

		for (int i = LIMBS - 1; i >= 0; i--) {
			rest = rest << 64 | limb[i];
			limb[i] = (uint64_t)(rest / 10);
			rest %= 10;
		}
		limb[0] |= 1;
		pow10_table[k - POW10_MIN] = leading_bits(limb);
	}
}

static int floor_log10_pow2(int e)
{
	return (e * 1262611) >> 22;
}

static int floor_log10_three_quarters_pow2(int e)
{
	return (e * 1262611 - 524031) >> 22;
}

static int floor_log2_pow10(int e)
{
	return (e * 1741647) >> 19;
}

/* g * c / 2^128, odd if anything was cut (the paper's rop). */
static uint64_t round_to_odd(struct pow10 g, uint64_t c)
{
	unsigned __int128 x = (unsigned __int128)g.lo * c;
	unsigned __int128 y = (unsigned __int128)g.hi * c + (uint64_t)(x >> 64);

	return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/* The shortest decimal *ret_digits * 10^result in the rounding interval of
 * c * 2^q, the closest to it if there are several. */
static int shortest(uint64_t c, int q, int lower_is_closer, uint64_t *ret_digits)
{
	uint64_t odd = c & 1, vb, lower, upper, s, sp;
	int k = lower_is_closer ? floor_log10_three_quarters_pow2(q) : floor_log10_pow2(q);
	int h = q + floor_log2_pow10(-k) + 1;
	struct pow10 g = pow10_table[-k - POW10_MIN];
	int u, w;

	vb = round_to_odd(g, (4 * c) << h);
	lower = round_to_odd(g, (4 * c - 2 + lower_is_closer) << h) + odd;
	upper = round_to_odd(g, (4 * c + 2) << h) - odd;
	s = vb / 4;
	if (s >= 10) {
		sp = s / 10;
		u = lower <= 40 * sp;
		w = 40 * sp + 40 <= upper;
		if (u != w) {
			*ret_digits = sp + w;
			return k + 1;
		}
	}
	u = lower <= 4 * s;
	w = 4 * s + 4 <= upper;
	if (u != w)
		*ret_digits = s + w;
	else
		*ret_digits = s + (vb > 4 * s + 2 || (vb == 4 * s + 2 && s & 1));
	return k;
}

static size_t exponent(char *p, int e)
{
	char *start = p;

	*p++ = 'e';
	*p++ = e < 0 ? '-' : '+';
	e = e < 0 ? -e : e;
	if (e < 10)
		*p++ = '0';
	return p - start + format_u64(p, e);
}

/* value * 10^k as repr() lays it out. */
static size_t layout(char *p, uint64_t value, int k)
{
	char d[20], *start = p;
	int n, point;

	while (value % 10 == 0) {
		value /= 10;
		k++;
	}
	n = format_u64(d, value);
	point = n + k;		/* digits in front of the decimal point */
	if (point > 16 || point <= -4) {
		*p++ = d[0];
		if (n > 1) {
			*p++ = '.';
			memcpy(p, d + 1, n - 1);
			p += n - 1;
		}
		return p - start + exponent(p, point - 1);
	}
	if (point <= 0) {
		memcpy(p, "0.000", 5);
		memcpy(p + 2 - point, d, n);
		return 2 - point + n;
	}
	if (point < n) {
		memcpy(p, d, point);
		p[point] = '.';
		memcpy(p + point + 1, d + point, n - point);
		return n + 1;
	}
	memcpy(p, d, n);
	memset(p + n, '0', point - n);
	memcpy(p + point, ".0", 2);
	return point + 2;
}

size_t format_double(char *p, double v)
{
	size_t sign = 0;
	uint64_t bits, fraction, value;
	int e, k;

	memcpy(&bits, &v, sizeof(bits));
	if (bits >> 63) {
		*p++ = '-';
		sign = 1;
		v = -v;
	}
	if (v < 1e15 && (double)(value = (uint64_t)v) == v) {
		size_t n = format_u64(p, value);

		memcpy(p + n, ".0", 2);
		return sign + n + 2;
	}
	pthread_once(&pow10_once, pow10_init);
	fraction = bits & ((1ull << 52) - 1);
	e = bits >> 52 & 0x7ff;
	if (e)
		k = shortest(fraction | 1ull << 52, e - 1075, !fraction && e > 1, &value);
	else
		k = shortest(fraction, -1074, 0, &value);
	return sign + layout(p, value, k);
}

/* ---- addresses ---- */

static size_t hex_bytes(char *p, const uint8_t *b, unsigned n)
{
	static const char hex[] = "0123456789abcdef";

	for (unsigned i = 0; i < n; i++, p += 3) {
		p[0] = hex[b[i] >> 4];
		p[1] = hex[b[i] & 15];
		if (i + 1 < n)
			p[2] = ':';
	}
	return 3 * n - 1;
}

size_t format_mac(char *p, const uint8_t mac[6])
{
	return hex_bytes(p, mac, 6);
}

size_t format_oui(char *p, const uint8_t mac[6])
{
	return hex_bytes(p, mac, 3);
}

size_t format_ipv4(char *p, const uint8_t addr[4])
{
	char *start = p;

	for (int i = 0; i < 4; i++) {
		unsigned v = addr[i];

		if (i)
			*p++ = '.';
		if (v >= 100) {
			*p++ = '0' + v / 100;
			memcpy(p, pairs + 2 * (v % 100), 2);
			p += 2;
		} else if (v >= 10) {
			memcpy(p, pairs + 2 * v, 2);
			p += 2;
		} else {
			*p++ = '0' + v;
		}
	}
	return p - start;
}

size_t format_ipv6(char *p, const uint8_t addr[16])
{
	char text[INET6_ADDRSTRLEN];
	size_t n;

	inet_ntop(AF_INET6, addr, text, sizeof(text));
	n = strlen(text);
	memcpy(p, text, n);
	return n;
}
