#include "format.h"

#include <endian.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define DIGITS(X, ...) \
	X('0', __VA_ARGS__), X('1', __VA_ARGS__), X('2', __VA_ARGS__), X('3', __VA_ARGS__), \
	X('4', __VA_ARGS__), X('5', __VA_ARGS__), X('6', __VA_ARGS__), X('7', __VA_ARGS__), \
	X('8', __VA_ARGS__), X('9', __VA_ARGS__)
#define ONE(u, len) { u, 0, 0, len }
#define TWO(u, t) { t, u, 0, 2 }
#define THREE(u, t, h) { h, t, u, 3 }
#define TEN(t) DIGITS(TWO, t)
#define HUNDRED(h) \
	DIGITS(THREE, '0', h), DIGITS(THREE, '1', h), DIGITS(THREE, '2', h), \
	DIGITS(THREE, '3', h), DIGITS(THREE, '4', h), DIGITS(THREE, '5', h), \
	DIGITS(THREE, '6', h), DIGITS(THREE, '7', h), DIGITS(THREE, '8', h), \
	DIGITS(THREE, '9', h)

const char format_small[1001][4] = {
	{ '-', '1', 0, 2 },
	DIGITS(ONE, 1),
	TEN('1'), TEN('2'), TEN('3'), TEN('4'), TEN('5'), TEN('6'), TEN('7'), TEN('8'), TEN('9'),
	HUNDRED('1'), HUNDRED('2'), HUNDRED('3'), HUNDRED('4'), HUNDRED('5'), HUNDRED('6'),
	HUNDRED('7'), HUNDRED('8'), HUNDRED('9'),
};

static const uint64_t pow10_u64[20] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
	10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
	1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
	10000000000000000000u,
};

/* ---- powers of ten, computed at the first use ---- */

/* Those that doubles need. */
enum { POW_MIN = -292, POW_MAX = 324, LIMBS = 36 };

struct u128 {
	uint64_t hi, lo;
};

/* The leading 128 bits of 10^(POW_MIN + i), plus one in the last. */
static struct u128 powers[POW_MAX - POW_MIN + 1];

static atomic_bool powers_made;

/* Of a number in 32-bit limbs, the least significant first. */
static struct u128 leading_bits(const uint32_t *limb)
{
	unsigned __int128 x = 0;
	uint64_t next;
	unsigned n = LIMBS, shift;

	while (!limb[n - 1])
		n--;
	for (unsigned i = 1; i <= 4; i++)
		x = x << 32 | (i <= n ? limb[n - i] : 0);
	next = n >= 5 ? limb[n - 5] : 0;
	shift = __builtin_clz(limb[n - 1]);
	x = (x << shift | next << shift >> 32) + 1;
	return (struct u128){ x >> 64, x };
}

/* Exact integers instead of 10 KB of constants: a product has no remainder, and
 * since floor(floor(x / a) / b) = floor(x / (a b)), what successive divisions
 * cut off does not add up. */
static void make_powers(void)
{
	/* 10^324 takes 1077 bits; of 2^1151 / 10^292 there are 181. */
	uint32_t limb[LIMBS] = { 1 };

	for (int e = 0; e <= POW_MAX; e++) {
		uint64_t carry = 0;

		powers[e - POW_MIN] = leading_bits(limb);
		for (unsigned i = 0; i < LIMBS; i++) {
			carry += (uint64_t)limb[i] * 10;
			limb[i] = carry;
			carry >>= 32;
		}
	}

	memset(limb, 0, sizeof(limb));
	limb[LIMBS - 1] = 1u << 31;
	for (int e = -1; e >= POW_MIN; e--) {
		uint64_t rest = 0;

		for (unsigned i = LIMBS; i-- > 0;) {
			rest = rest << 32 | limb[i];
			limb[i] = rest / 10;
			rest %= 10;
		}
		powers[e - POW_MIN] = leading_bits(limb);
	}
	atomic_store_explicit(&powers_made, true, memory_order_release);
}

static inline void need_powers(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (__builtin_expect(!atomic_load_explicit(&powers_made, memory_order_acquire), 0))
		pthread_once(&once, make_powers);
}

/* ---- integers ----
 *
 * The lengths of numbers are unpredictable, and a mispredicted branch costs
 * more than digits do: hence a fixed number of digits, the wanted ones first
 * and scribble behind. */

/* Decimal digits of v; 0 has one. */
static inline unsigned count_digits(uint64_t v)
{
	/* 1233 / 4096 is a little more than log10(2). An even v and the odd
	 * number above have as many digits. */
	unsigned n = (64 - __builtin_clzll(v | 1)) * 1233 >> 12;

	return n + ((v | 1) >= pow10_u64[n]);
}

/* Eight digits of v < 10^8: halves, pairs and single digits are divided side
 * by side in the lanes of one word. */
static inline void put8(char *p, uint32_t v)
{
	uint64_t fours = v / 10000 | (uint64_t)(v % 10000) << 32;
	/* 5243 / 2^19 is 1/100 up to 43698, 103 / 2^10 is 1/10 up to 178. */
	uint64_t hundreds = (fours * 5243 >> 19) & 0x0000007f0000007f;
	uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
	uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000f;
	uint64_t ones = tens | (twos - tens * 10) << 8;

	ones = htole64(ones | 0x3030303030303030);
	memcpy(p, &ones, 8);
}

static inline void put16(char *p, uint64_t v)
{
	put8(p, v / 100000000);
	put8(p + 8, v % 100000000);
}

/* n <= 17 digits of v < 10^n, with leading zeros. */
static inline void put_digits(char *p, uint64_t v, unsigned n)
{
	if (n == 17) {
		*p++ = '0' + v / pow10_u64[16];
		v %= pow10_u64[16];
		n = 16;
	}
	put16(p, v * pow10_u64[16 - n]);
}

size_t format_u64_any(char *p, uint64_t v)
{
	unsigned n = count_digits(v);

	if (n <= 8) {
		put8(p, v * pow10_u64[8 - n]);
	} else if (n <= 16) {
		put8(p, v / pow10_u64[8] * pow10_u64[16 - n]);
		put8(p + n - 8, v % pow10_u64[8]);
	} else {
		put8(p, v / pow10_u64[16] * pow10_u64[24 - n]);
		put16(p + n - 16, v % pow10_u64[16]);
	}
	return n;
}

size_t format_i64_any(char *p, int64_t v)
{
	if (v >= 0)
		return format_u64_any(p, v);
	*p = '-';
	return 1 + format_u64_any(p + 1, -(uint64_t)v);
}

/* ---- doubles ----
 *
 * Raffaele Giulietti, "The Schubfach way to render doubles" (2020). The reals
 * that round to v = c 2^q are an interval about 2^q wide. With 10^k <= 2^q <
 * 10^(k+1) it holds one multiple of 10^(k+1) at most, which then, less the
 * zeros at its end, is the shortest decimal; otherwise it holds multiples of
 * 10^k, of which the nearest to v is wanted. v and the bounds are compared
 * after multiplication by 4 10^-k, as integers whose last bit is sticky; 128
 * bits of 10^-k suffice for that. */

struct decimal {
	uint64_t digits;
	int exponent;	/* of ten */
};

/* floor(log10(2^e)), floor(log10(3/4 2^e)), floor(log2(10^e)) in fixed point;
 * the test of all exponents holds them right. */
static inline int floor_log10_pow2(int e)
{
	return e * 661971961083 >> 41;
}

static inline int floor_log10_three_quarters_pow2(int e)
{
	return (e * 661971961083 - 274743187321) >> 41;
}

static inline int floor_log2_pow10(int e)
{
	return e * 913124641741 >> 38;
}

/* floor(g cp / 2^128), made odd by a fraction. As g may be one too large,
 * 2^-64 is no fraction; no double has so small a one, says the paper. */
static inline uint64_t round_to_odd(struct u128 g, uint64_t cp)
{
	uint64_t low = (unsigned __int128)g.lo * cp >> 64;
	unsigned __int128 y = (unsigned __int128)g.hi * cp + low;

	return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

static struct decimal strip_zeros(struct decimal d)
{
	static const uint32_t powers[] = { 100000000, 10000, 100, 10 };

	for (unsigned i = 0, n = 8; i < 4; i++, n /= 2) {
		if (d.digits % powers[i] == 0) {
			d.digits /= powers[i];
			d.exponent += n;
		}
	}
	return d;
}

/* Of the double with these fields, which is neither zero nor infinite. */
static inline struct decimal shortest(uint64_t fraction, unsigned biased)
{
	uint64_t c = biased ? fraction | 1ull << 52 : fraction;
	int q = (biased ? (int)biased : 1) - 1075;
	/* Below a power of two doubles lie twice as close. */
	bool uneven = !fraction && biased > 1;
	int k = uneven ? floor_log10_three_quarters_pow2(q) : floor_log10_pow2(q);
	int h = q + floor_log2_pow10(-k) + 1;
	struct u128 g = powers[-k - POW_MIN];
	uint64_t lower = round_to_odd(g, (4 * c - 2 + uneven) << h);
	uint64_t middle = round_to_odd(g, 4 * c << h);
	uint64_t upper = round_to_odd(g, (4 * c + 2) << h);
	uint64_t s = middle / 4, s10 = s / 10;
	bool below10, above10, below, above;
	struct decimal d;

	/* The bounds themselves round to the even neighbour. */
	lower += c & 1;
	upper -= c & 1;

	/* Which of these it is cannot be predicted, so all are computed. Of the
	 * two that are close to v, both or neither in reach, the nearer counts,
	 * or the even one. */
	below10 = lower <= 40 * s10;
	above10 = 40 * s10 + 40 <= upper;
	below = lower <= 4 * s;
	above = 4 * s + 4 <= upper;
	s += below != above ? above : middle + (s & 1) > 4 * s + 2;
	d.digits = below10 || above10 ? s10 + above10 : s;
	d.exponent = k + (below10 || above10);
	return d.digits % 10 ? d : strip_zeros(d);
}

static size_t put_exponent(char *p, int e)
{
	char *start = p;

	*p++ = 'e';
	*p++ = e < 0 ? '-' : '+';
	e = e < 0 ? -e : e;
	if (e >= 100)
		*p++ = '0' + e / 100;
	*p++ = '0' + e / 10 % 10;
	*p++ = '0' + e % 10;
	return p - start;
}

/* d is 0.DIGITS 10^point. Python takes to exponents outside of -3..16. */
static size_t put_decimal(char *p, struct decimal d)
{
	unsigned n = count_digits(d.digits);
	int point = (int)n + d.exponent;
	char *start = p;

	if (point > 16 || point < -3) {
		put_digits(p + 1, d.digits, n);
		p[0] = p[1];
		p[1] = '.';
		p += n > 1 ? n + 1 : 1;
		return p + put_exponent(p, point - 1) - start;
	}
	if (point <= 0) {
		memcpy(p, "0.000", 5);
		p += 2 - point;
		put_digits(p, d.digits, n);
		return p + n - start;
	}
	/* What has a fraction was dealt with by format_double(). */
	put_digits(p, d.digits * pow10_u64[d.exponent], point);
	memcpy(p + point, ".0", 2);
	return point + 2;
}

size_t format_double(char *p, double v)
{
	char *start = p;
	uint64_t bits, fraction;
	struct decimal d;
	unsigned biased;

	memcpy(&bits, &v, sizeof(bits));
	biased = bits >> 52 & 0x7ff;
	fraction = bits & ((1ull << 52) - 1);
	if (biased == 0x7ff && fraction) {
		memcpy(p, "nan", 3);
		return 3;
	}
	if (bits >> 63) {
		*p++ = '-';
		v = -v;
	}
	if (biased == 0x7ff) {
		memcpy(p, "inf", 3);
		return p + 3 - start;
	}
	need_powers();
	if (v >= 1 && v < 0x1p53) {
		/* Doubles next to each other may not share a decimal, so that of
		 * v is on the same side of every whole number as v is. */
		uint64_t whole = v;

		p += format_u64(p, whole);
		if (v == (double)(int64_t)whole) {
			memcpy(p, ".0", 2);
			return p + 2 - start;
		}
		d = shortest(fraction, biased);
		*p++ = '.';
		put_digits(p, d.digits - whole * pow10_u64[-d.exponent], -d.exponent);
		return p - d.exponent - start;
	}
	if (v == 0) {
		memcpy(p, "0.0", 3);
		return p + 3 - start;
	}
	return p + put_decimal(p, shortest(fraction, biased)) - start;
}

/* ---- addresses ---- */

static const char hex[] = "0123456789abcdef";

static inline size_t put_hex(char *p, const uint8_t *bytes, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		p[3 * i] = hex[bytes[i] >> 4];
		p[3 * i + 1] = hex[bytes[i] & 15];
		p[3 * i + 2] = ':';
	}
	return 3 * n - 1;
}

size_t format_mac(char *p, const uint8_t mac[6])
{
	return put_hex(p, mac, 6);
}

size_t format_oui(char *p, const uint8_t mac[6])
{
	return put_hex(p, mac, 3);
}

size_t format_ipv4(char *p, const uint8_t addr[4])
{
	char *start = p;

	for (unsigned i = 0; i < 4; i++) {
		p += format_u64(p, addr[i]);
		*p++ = '.';
	}
	return p - start - 1;
}

/* Sixteen bits without leading zeros. */
static inline size_t put_group(char *p, unsigned group)
{
	unsigned n = (32 - __builtin_clz(group | 1) + 3) / 4;

	/* The digits are shifted to the front of the four that are written. */
	group <<= 16 - 4 * n;
	for (unsigned i = 0; i < 4; i++)
		p[i] = hex[group >> (12 - 4 * i) & 15];
	return n;
}

size_t format_ipv6(char *p, const uint8_t addr[16])
{
	unsigned group[8], best = 8, best_len = 1, len = 0, groups = 8;
	char *start = p;

	/* The longest run of two or more zeros, the first of equals. */
	for (unsigned i = 0; i < 8; i++) {
		group[i] = addr[2 * i] << 8 | addr[2 * i + 1];
		len = group[i] ? 0 : len + 1;
		if (len > best_len) {
			best_len = len;
			best = i + 1 - len;
		}
	}
	/* IPv4-compatible and IPv4-mapped addresses end in an IPv4 one. */
	if (best == 0 && (best_len == 6 || (best_len == 5 && group[5] == 0xffff)))
		groups = 6;

	for (unsigned i = 0; i < groups; i++) {
		if (i == best) {
			/* A group in front has left its colon. */
			if (i == 0)
				*p++ = ':';
			*p++ = ':';
			i += best_len - 1;
			continue;
		}
		p += put_group(p, group[i]);
		*p++ = ':';
	}
	if (groups == 6)
		return p + format_ipv4(p, addr + 12) - start;
	/* The last colon separates nothing, unless it belongs to a "::". */
	if (best + best_len != 8)
		p--;
	return p - start;
}
