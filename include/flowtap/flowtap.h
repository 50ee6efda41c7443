/* flowtap.h - network flow records from captures: the whole public C API.
 *
 * A probe reads packets from its sources, groups them into bidirectional
 * flows, and hands out one record for each flow when it ends:
 *
 *	struct flowtap_opts o = FLOWTAP_OPTS(.n_dissections = 20);
 *	const struct flowtap_flow *flow;
 *	struct flowtap *x;
 *
 *	flowtap_opts_add_source(&o, "capture.pcap");
 *	if (flowtap_open(&x, &o) < 0)
 *		errx(1, "%s", flowtap_error(NULL));
 *	while (flowtap_next(x, &flow) > 0)
 *		...
 *	flowtap_close(x);
 *	flowtap_opts_free(&o);
 *
 * Threads: one thread at a time may use a probe, with two exceptions:
 * flowtap_stop() may be called from anywhere, a signal handler included, and
 * flowtap_counter() from any thread.
 *
 * Errors: functions return 0 (or a count) and a negative errno otherwise;
 * flowtap_error() has one line of text about it. The library never prints and
 * never exits.
 *
 * Link with -lflowtap. */

#ifndef FLOWTAP_H
#define FLOWTAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLOWTAP_API __attribute__((visibility("default")))

#define FLOWTAP_VERSION_MAJOR 0
#define FLOWTAP_VERSION_MINOR 1
#define FLOWTAP_VERSION_PATCH 0
#define FLOWTAP_VERSION "0.1.0"

struct flowtap;
struct flowtap_flow;

/* A list of strings; the strings and the array belong to the struct that
 * holds it. Fill it with flowtap_opts_set() or flowtap_opts_add_source(). */
struct flowtap_strings {
	char **v;
	size_t n;
};

enum flowtap_accounting {
	FLOWTAP_ACCOUNT_LINK = 0,	/* whole frame as on the wire */
	FLOWTAP_ACCOUNT_IP = 1,		/* from the innermost IP header */
	FLOWTAP_ACCOUNT_TRANSPORT = 2,	/* TCP, UDP, ICMP header and payload */
	FLOWTAP_ACCOUNT_PAYLOAD = 3,	/* above TCP, UDP, ICMP */
};

/* What a line of text given to the log callback is. */
enum flowtap_log_level {
	FLOWTAP_LOG_ERROR,	/* something failed; goes with a negative return */
	FLOWTAP_LOG_WARNING,	/* the run goes on, but its result needs a look */
	FLOWTAP_LOG_INFO,
};

/* Options. Start from FLOWTAP_OPTS(), which sets the size and all defaults,
 * and give the struct to flowtap_opts_free() when done. A program built
 * against an older header passes a smaller size: what it does not know has
 * its default. Every field is described by the option table as well
 * (flowtap_option()), under the same name. */
struct flowtap_opts {
	size_t size;		/* sizeof(struct flowtap_opts) */

	/* Where packets come from: capture files, "-" for standard input.
	 * Several are read in order as one capture with one clock. */
	struct flowtap_strings sources;
	/* Where records go beside flowtap_next(): paths, "-" for standard
	 * output. Empty: nowhere. */
	struct flowtap_strings outputs;
	char *format;		/* of outputs whose name does not say: csv, ndjson */
	struct flowtap_strings columns;	/* of outputs; empty: all enabled */
	struct flowtap_strings anonymize; /* columns written as keyed BLAKE2b */
	char *bpf_filter;	/* tcpdump syntax; NULL: all packets */

	bool decode_tunnels;	/* GTP-U, CAPWAP, TZSP */
	bool statistical_analysis;
	bool tcp_expiration;	/* RST, or FIN from both sides, ends a flow */
	uint32_t accounting_mode;	/* enum flowtap_accounting */
	uint32_t n_dissections;	/* packets of a flow shown to nDPI; 0: no L7 */
	uint32_t splt_analysis;	/* packets in the SPLT columns; 0: no SPLT */
	uint32_t n_meters;	/* 0: by the machine's cores */
	uint64_t idle_timeout;	/* s; 0 makes every packet a flow of its own */
	uint64_t active_timeout;	/* s; likewise */
	uint64_t max_nflows;	/* records, then the end; 0: all */
	uint64_t max_active_flows;	/* in all meters together; 0: by memory */
	uint64_t flows_per_file;	/* records in one chunk of an output; 0: all */
	uint64_t rotate_files;	/* chunks kept of an output; 0: all */

	/* Called with each line of text, without a newline at its end; may be
	 * NULL. Called from the thread that uses the probe, never from a
	 * thread of the library. */
	void (*log)(void *log_arg, enum flowtap_log_level level, const char *text);
	void *log_arg;
};

/* Options with their defaults, then the given designated initialisers, which
 * override them (gcc's -Woverride-init, part of -Wextra, remarks on that). */
#define FLOWTAP_OPTS(...) \
	((struct flowtap_opts){ \
		.size = sizeof(struct flowtap_opts), .decode_tunnels = true, \
		.n_dissections = 20, .idle_timeout = 120, \
		.active_timeout = 1800, __VA_ARGS__ })

/* Sets option `name` (as in the option table; '-' and '_' are one) from text,
 * checking type and range. A list option takes one more entry or, for
 * comma-separated ones (columns, anonymize), several. Returns 0, -ENOENT (no
 * such option), -EINVAL (not a valid value), -ENOTSUP (an option of the
 * interface that this build cannot serve yet) or -ENOMEM; the text is in
 * flowtap_error(NULL). */
FLOWTAP_API int flowtap_opts_set(struct flowtap_opts *o, const char *name, const char *value);

/* Adds a source. Returns 0 or -ENOMEM. */
FLOWTAP_API int flowtap_opts_add_source(struct flowtap_opts *o, const char *source);

/* Frees what the struct owns (not the struct). NULL is fine. Strings that the
 * caller put into it by hand must have come from malloc(). */
FLOWTAP_API void flowtap_opts_free(struct flowtap_opts *o);

enum flowtap_option_type {
	FLOWTAP_OPTION_BOOL,
	FLOWTAP_OPTION_UINT,	/* see min and max */
	FLOWTAP_OPTION_TEXT,
	FLOWTAP_OPTION_LIST,	/* repeatable */
	FLOWTAP_OPTION_COMMA_LIST,
};

/* One option of the interface. */
struct flowtap_option {
	const char *name;	/* with underscores */
	char short_name;	/* the command's, or 0 */
	enum flowtap_option_type type;
	const char *metavar;	/* what stands for its value in help; "" for BOOL */
	const char *default_text;	/* "on", "off", a number, "" */
	uint64_t min, max;	/* of UINT */
	const char *doc;	/* a sentence or more */
	const char *group;	/* heading that it stands under in help */
	bool live_only;		/* has no meaning for capture files */
	bool served;		/* false: flowtap_opts_set() gives -ENOTSUP */
};

FLOWTAP_API size_t flowtap_option_count(void);
/* i < flowtap_option_count(), else NULL. Static. */
FLOWTAP_API const struct flowtap_option *flowtap_option(size_t i);

/* Opens sources and outputs and starts metering. The options are copied. On
 * success *ret is the caller's, to be given to flowtap_close(); on failure it
 * is untouched. Returns 0; -EINVAL for options that contradict each other or
 * are out of range, a filter that does not compile, an unknown column;
 * -ENOTSUP for what this build cannot do; otherwise the errno of the file
 * that could not be opened, or -ENOMEM. */
FLOWTAP_API int flowtap_open(struct flowtap **ret, const struct flowtap_opts *o);

/* The next record, which has then been written to the outputs already. It is
 * valid until the next call for this probe. Returns 1 with a record; 0 at the
 * end, when outputs are complete; or a negative errno:
 *   -EBADMSG    a source was damaged or had packets of an unknown link type.
 *               Returned once, in the place of 0: all the records of what
 *               could be read have been handed out, and outputs are complete.
 *   any other   an output or memory failed; the probe can only be closed. */
FLOWTAP_API int flowtap_next(struct flowtap *x, const struct flowtap_flow **ret);

/* Calls fn for each record until the end. fn may be NULL when outputs are all
 * that is wanted; a non-zero return of fn ends the run as flowtap_stop() does.
 * Returns 0, or what flowtap_next() fails with. */
typedef int flowtap_flow_fn(void *arg, const struct flowtap_flow *flow);
FLOWTAP_API int flowtap_run(struct flowtap *x, flowtap_flow_fn *fn, void *arg);

/* Ends the reading of packets. Flows in the table are still handed out.
 * Async-signal-safe. */
FLOWTAP_API void flowtap_stop(struct flowtap *x);

/* Stops and frees everything. Outputs that were not brought to their end by
 * flowtap_next() are left as they are: records so far, and an unfinished
 * chunk under its temporary name. NULL is fine. */
FLOWTAP_API void flowtap_close(struct flowtap *x);

/* The text of the last failure of x or, with NULL, of the last failure in this
 * thread of a function without a probe. Never NULL. Valid until the next call
 * for x (in this thread). */
FLOWTAP_API const char *flowtap_error(const struct flowtap *x);

/* What a value is. */
enum flowtap_type {
	FLOWTAP_U64,	/* value.u64 */
	FLOWTAP_I64,	/* value.i64 */
	FLOWTAP_F64,	/* value.f64, always finite */
	FLOWTAP_TEXT,	/* value.text: valid UTF-8, without NUL bytes */
	FLOWTAP_LIST,	/* value.list: signed integers */
};

enum flowtap_group {
	FLOWTAP_GROUP_CORE,
	FLOWTAP_GROUP_STATISTICS,	/* statistical_analysis */
	FLOWTAP_GROUP_L7,		/* n_dissections */
	FLOWTAP_GROUP_SPLT,		/* splt_analysis */
};

struct flowtap_feature {
	const char *name;	/* column name */
	enum flowtap_type type;
	enum flowtap_group group;
	const char *unit;	/* "ms", "bytes", "packets", or "" */
	const char *doc;	/* one sentence or more */
};

struct flowtap_value {
	enum flowtap_type type;
	union {
		uint64_t u64;
		int64_t i64;
		double f64;
		struct {
			const char *ptr;	/* not terminated; may be in scratch */
			size_t len;		/* bytes */
		} text;
		struct {
			const void *ptr;	/* int8_t, int32_t or int64_t each */
			uint32_t n;
			uint32_t width;		/* bytes of an element: 1, 4 or 8 */
		} list;
	};
	char scratch[64];	/* the library's; where text without a home lives */
};

/* The features of a probe's records, in column order: those of the groups that
 * its options enable. With NULL, every feature that there is. */
FLOWTAP_API size_t flowtap_feature_count(const struct flowtap *x);
/* i < flowtap_feature_count(x), else NULL. Lives as long as x. */
FLOWTAP_API const struct flowtap_feature *flowtap_feature(const struct flowtap *x, size_t i);

/* Value of feature i of x in a record. ret->text and ret->list point into the
 * record or into *ret: they are valid as long as both. Returns 0 or -EINVAL (i
 * out of range). */
FLOWTAP_API int flowtap_value(const struct flowtap_flow *flow, size_t i, struct flowtap_value *ret);

/* Counters of the run so far, for --stats and for metrics. A number, or text
 * when text is not NULL (how the probe ran: source, capture_mode, ...). They
 * hold: packets_seen = packets_filtered + packets_sampled_out +
 * packets_dropped + packets_undecodable + packets_metered (exactly so once the
 * end was reached). */
struct flowtap_counter {
	const char *name;
	uint64_t value;
	const char *text;
};

FLOWTAP_API size_t flowtap_counter_count(const struct flowtap *x);
/* Counter i as of now. Any thread. Returns 0 or -EINVAL (i out of range). */
FLOWTAP_API int flowtap_counter(const struct flowtap *x, size_t i, struct flowtap_counter *ret);

/* How far reading is, in bytes of the source files (compressed bytes where
 * they are compressed); total is 0 when it cannot be known. Any thread. */
FLOWTAP_API void flowtap_progress(const struct flowtap *x, uint64_t *ret_bytes, uint64_t *ret_total);

/* "0.1.0 (libpcap ..., nDPI ...)". Valid until the next call in this thread. */
FLOWTAP_API const char *flowtap_version(void);

#ifdef __cplusplus
}
#endif

#endif
