/* sink_kind.h - the kinds of sinks behind sink.h.
 *
 * sink_open() finds the kind by the destination. A kind's struct begins with a
 * struct sink. */

#ifndef FLOWTAP_SINK_KIND_H
#define FLOWTAP_SINK_KIND_H

#include "sink.h"
#include "sink_format.h"

struct sink_kind {
	/* As in sink.h. */
	int (*write)(struct sink *s, const struct record *r);
	int (*flush)(struct sink *s);
	int (*finish)(struct sink *s);
	void (*close)(struct sink *s);	/* never NULL */
};

struct sink {
	const struct sink_kind *kind;
	char error[1024];
};

/* Records as bytes of a format, in a file (output.h). Errors as sink_open(). */
int byte_sink_open(struct sink **ret, const struct sink_format *format, const struct sink_opts *o,
		char *err, size_t err_size);

#endif
