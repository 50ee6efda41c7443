/* anonymize.h - values as pseudonyms.
 *
 * The pseudonym of a value is the BLAKE2b of its text, keyed with a key that
 * lives as long as the anonymizer: equal texts have equal pseudonyms, whatever
 * their column and sink, and without the key there is no way back, not even by
 * trying all addresses. Any thread may use one. */

#ifndef FLOWTAP_ANONYMIZE_H
#define FLOWTAP_ANONYMIZE_H

#include <stdint.h>

#include "flowtap/flowtap.h"

struct anonymizer;

enum {
	ANONYMIZER_KEY_BYTES = 64,
	PSEUDONYM_LEN = 128,	/* lower-case hexadecimal digits */
};

/* With key NULL a random one is drawn. Returns 0 or -ENOMEM. */
int anonymizer_new(struct anonymizer **ret, const uint8_t *key);

/* Wipes the key. NULL is fine. */
void anonymizer_free(struct anonymizer *a);

/* The text is that of CSV before quoting: integers in decimal, doubles as
 * format_double() has them, lists as "[0, 1, -1]". */
void anonymize(const struct anonymizer *a, const struct flowtap_value *v, char ret[PSEUDONYM_LEN]);

#endif
