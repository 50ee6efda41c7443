#include "anonymize.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "row.h"

struct anonymizer {
	uint8_t key[ANONYMIZER_KEY_BYTES];
};

_Static_assert(ANONYMIZER_KEY_BYTES <= crypto_generichash_KEYBYTES_MAX, "BLAKE2b's largest key");
_Static_assert(PSEUDONYM_LEN == 2 * crypto_generichash_BYTES_MAX, "BLAKE2b's largest digest");

int anonymizer_new(struct anonymizer **ret, const uint8_t *key)
{
	struct anonymizer *a;

	/* Only chooses the fastest code; what is there without it is correct. */
	(void)!sodium_init();
	a = malloc(sizeof(*a));
	if (!a)
		return -ENOMEM;
	if (key)
		memcpy(a->key, key, sizeof(a->key));
	else
		randombytes_buf(a->key, sizeof(a->key));
	*ret = a;
	return 0;
}

void anonymizer_free(struct anonymizer *a)
{
	if (!a)
		return;
	sodium_memzero(a->key, sizeof(a->key));
	free(a);
}

static void hash_text(const struct anonymizer *a, const char *text, size_t len, uint8_t *digest)
{
	crypto_generichash(digest, PSEUDONYM_LEN / 2, (const uint8_t *)text, len, a->key,
			   sizeof(a->key));
}

/* A list may be of any length, so its text is hashed in pieces. */
static void hash_list(const struct anonymizer *a, const struct flowtap_value *v, uint8_t *digest)
{
	crypto_generichash_state state;
	char text[512], *p = text;

	crypto_generichash_init(&state, a->key, sizeof(a->key), PSEUDONYM_LEN / 2);
	*p++ = '[';
	for (uint32_t i = 0; i < v->list.n; i++) {
		if (text + sizeof(text) - p < 2 + FORMAT_INTEGER_MAX) {
			crypto_generichash_update(&state, (uint8_t *)text, p - text);
			p = text;
		}
		if (i) {
			memcpy(p, ", ", 2);
			p += 2;
		}
		p += format_i64(p, list_element(v->list.ptr, v->list.width, i));
	}
	*p++ = ']';
	crypto_generichash_update(&state, (uint8_t *)text, p - text);
	crypto_generichash_final(&state, digest, PSEUDONYM_LEN / 2);
}

void anonymize(const struct anonymizer *a, const struct flowtap_value *v, char ret[PSEUDONYM_LEN])
{
	uint8_t digest[PSEUDONYM_LEN / 2];
	char text[FORMAT_DOUBLE_MAX];

	switch (v->type) {
	case FLOWTAP_U64:
		hash_text(a, text, format_u64(text, v->u64), digest);
		break;
	case FLOWTAP_I64:
		hash_text(a, text, format_i64(text, v->i64), digest);
		break;
	case FLOWTAP_F64:
		hash_text(a, text, format_double(text, v->f64), digest);
		break;
	case FLOWTAP_TEXT:
		hash_text(a, v->text.ptr, v->text.len, digest);
		break;
	case FLOWTAP_LIST:
		hash_list(a, v, digest);
		break;
	}
	for (size_t i = 0; i < sizeof(digest); i++) {
		ret[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
}
