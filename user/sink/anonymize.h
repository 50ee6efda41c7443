/* anonymize.h - pseudonyms for values: keyed BLAKE2b.
 *
 * The same value has the same pseudonym within a run, whatever the column,
 * and none that could be found again in another run. Any thread. */

#ifndef FLOWTAP_ANONYMIZE_H
#define FLOWTAP_ANONYMIZE_H

#include <stddef.h>
#include <stdint.h>

struct anonymizer;

#define ANONYMIZE_KEY_BYTES 64
#define ANONYMIZE_TEXT_BYTES 128	/* hex digits of a 64-byte digest (RFC 7693) */

/* key: ANONYMIZE_KEY_BYTES, or NULL for a random one. Returns 0 and the
 * caller's *ret, -ENOMEM, or -EIO (no randomness). */
int anonymizer_new(struct anonymizer **ret, const uint8_t *key);
/* Wipes the key. NULL is fine. */
void anonymizer_free(struct anonymizer *a);

/* Writes the pseudonym of a text to p: ANONYMIZE_TEXT_BYTES, no NUL. */
void anonymize(const struct anonymizer *a, const char *text, size_t len, char *p);

#endif
