#include "anonymize.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(ANONYMIZE_KEY_BYTES == crypto_generichash_blake2b_KEYBYTES_MAX, "longest key");

struct anonymizer {
	crypto_generichash_blake2b_state keyed;	/* the key is in it already */
};

int anonymizer_new(struct anonymizer **ret, const uint8_t *key)
{
	uint8_t random[ANONYMIZE_KEY_BYTES];
	struct anonymizer *a;

	if (sodium_init() < 0)
		return -EIO;
	/* The state wants an alignment of 64 bytes. */
	a = aligned_alloc(64, (sizeof(*a) + 63) / 64 * 64);
	if (!a)
		return -ENOMEM;
	if (!key)
		randombytes_buf(random, sizeof(random));
	crypto_generichash_blake2b_init(&a->keyed, key ? key : random, ANONYMIZE_KEY_BYTES,
					ANONYMIZE_TEXT_BYTES / 2);
	sodium_memzero(random, sizeof(random));
	*ret = a;
	return 0;
}

void anonymizer_free(struct anonymizer *a)
{
	if (!a)
		return;
	sodium_memzero(a, sizeof(*a));
	free(a);
}

void anonymize(const struct anonymizer *a, const char *text, size_t len, char *p)
{
	crypto_generichash_blake2b_state state = a->keyed;
	char hex[ANONYMIZE_TEXT_BYTES + 1];
	uint8_t digest[ANONYMIZE_TEXT_BYTES / 2];

	crypto_generichash_blake2b_update(&state, (const uint8_t *)text, len);
	crypto_generichash_blake2b_final(&state, digest, sizeof(digest));
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	memcpy(p, hex, ANONYMIZE_TEXT_BYTES);
}
