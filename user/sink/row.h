/* row.h - what formats with a row of columns share: getting a value, and lists
 * of integers.
 *
 * All of this runs for every column of every record, hence inline. */

#ifndef FLOWTAP_ROW_H
#define FLOWTAP_ROW_H

#include <string.h>

#include "anonymize.h"
#include "format.h"
#include "sink.h"

/* Room that the value of a number takes in any text format. */
enum { NUMBER_MAX = FORMAT_DOUBLE_MAX };

/* Value of a column. A pseudonym is text, and lives in hex. */
static inline void column_value(const struct column *c, const struct anonymizer *a,
				const struct record *r, struct flowtap_value *v,
				char hex[PSEUDONYM_LEN])
{
	c->feature->get(r, v);
	if (__builtin_expect(c->anonymize, 0)) {
		anonymize(a, v, hex);
		v->type = FLOWTAP_TEXT;
		v->text.ptr = hex;
		v->text.len = PSEUDONYM_LEN;
	}
}

static inline int64_t list_element(const void *list, uint32_t width, uint32_t i)
{
	switch (width) {
	case 1:
		return ((const int8_t *)list)[i];
	case 4:
		return ((const int32_t *)list)[i];
	default:
		return ((const int64_t *)list)[i];
	}
}

/* Room for "[...]" with a separator of up to two bytes. */
static inline size_t list_room(const struct flowtap_value *v)
{
	return (size_t)v->list.n * (FORMAT_INTEGER_MAX + 2) + 2;
}

static inline __attribute__((always_inline)) char *
put_elements(char *p, const struct flowtap_value *v, uint32_t width, const char *separator,
	     size_t separator_len)
{
	for (uint32_t i = 0; i < v->list.n; i++) {
		p += format_i64(p, list_element(v->list.ptr, width, i));
		memcpy(p, separator, separator_len);
		p += separator_len;
	}
	return v->list.n ? p - separator_len : p;
}

/* "[0, 1, -1]"; returns the place behind it. A loop for each width, so that the
 * width is not asked for at every element. */
static inline __attribute__((always_inline)) char *
put_list(char *p, const struct flowtap_value *v, const char *separator, size_t separator_len)
{
	*p++ = '[';
	if (v->list.width == 1)
		p = put_elements(p, v, 1, separator, separator_len);
	else if (v->list.width == 4)
		p = put_elements(p, v, 4, separator, separator_len);
	else
		p = put_elements(p, v, 8, separator, separator_len);
	*p++ = ']';
	return p;
}

/* Words of eight bytes are searched at once: the high bits of the result tell
 * which bytes of w equal c (bits above the first one found may be wrong). */
static inline uint64_t bytes_equal(uint64_t w, uint8_t c)
{
	uint64_t x = w ^ (0x0101010101010101 * c);

	return (x - 0x0101010101010101) & ~x & 0x8080808080808080;
}

#endif
