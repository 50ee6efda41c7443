/* sink_format.h - how records become bytes.
 *
 * A format appends to a buffer and knows nothing of where the bytes go. Each
 * function returns 0 or -ENOMEM, with the buffer as it was before. */

#ifndef FLOWTAP_SINK_FORMAT_H
#define FLOWTAP_SINK_FORMAT_H

#include "base/buf.h"
#include "sink.h"

struct sink_format {
	const char *name;		/* of the option "format" */
	const char *extensions[4];	/* of paths that mean it; NULL: no more */

	/* What is known before the first record. o and what it points to
	 * outlive *ret, which is the caller's, to be given to free(). */
	int (*new)(void **ret, const struct sink_opts *o);
	void (*free)(void *format);	/* NULL is fine */

	/* What stands in front of the records of one file, and behind them.
	 * NULL: nothing. */
	int (*begin)(void *format, struct buf *b);
	int (*end)(void *format, struct buf *b);

	int (*record)(void *format, const struct record *r, struct buf *b);
};

extern const struct sink_format csv_format, ndjson_format;

#endif
