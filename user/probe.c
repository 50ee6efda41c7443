/* probe.c - the public interface: wires sources, meters and sinks together. */

#include <errno.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/counter.h"
#include "base/error.h"
#include "base/messages.h"
#include "flowtap/flowtap.h"
#include "meter/meter.h"
#include "options.h"
#include "pipeline.h"
#include "sink/anonymize.h"
#include "sink/sink.h"

/* The handle of a record that the user sees. */
struct flowtap_flow {
	struct record record;
	const struct flowtap *probe;
};

struct flowtap {
	struct flowtap_opts opts;
	struct meter_config config;
	struct messages messages;
	struct pipeline *pipeline;
	bool done;		/* nothing more to hand out */

	const struct feature **features;	/* enabled ones */
	size_t n_features;
	struct column *columns;	/* of the sinks */
	size_t n_columns;
	struct anonymizer *anonymizer;
	struct sink **sinks;
	size_t n_sinks;
	size_t n_sinks_gone;	/* whose reader has left */

	struct flowtap_flow current;
	char *source_text;	/* the sources, for the counters */
	uint64_t exported, discarded, sink_errors;	/* counters of the caller's thread */
	char error[1024];
};

static int fail(struct flowtap *x, int r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct flowtap *x, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x->error, sizeof(x->error), fmt, ap);
	va_end(ap);
	return r;
}

/* ---- limits of the machine ---- */

/* The reader, and the caller who writes records, want a core as well. */
static unsigned default_meters(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n > 2 ? n - 1 : 1;
}

static uint64_t memory_bytes(void)
{
	struct sysinfo si;
	uint64_t bytes = UINT64_MAX, limit;
	FILE *f = fopen("/sys/fs/cgroup/memory.max", "re");

	if (sysinfo(&si) == 0)
		bytes = (uint64_t)si.totalram * si.mem_unit;
	if (f) {
		if (fscanf(f, "%lu", &limit) == 1 && limit < bytes)
			bytes = limit;
		fclose(f);
	}
	return bytes;
}

/* Half of memory may be flows: of a slot, its links, its hash table entries
 * and, with dissection, nDPI's state (about 1 KiB). */
static uint64_t default_max_flows(const struct meter_config *c)
{
	uint64_t one = c->flow_size + 40 + (c->n_dissections ? 1024 : 0);
	uint64_t n = memory_bytes() / 2 / one;

	return n > 1024 ? n : 1024;
}

static int config_init(struct flowtap *x, unsigned *ret_meters)
{
	const struct flowtap_opts *o = &x->opts;
	struct meter_config *c = &x->config;
	uint64_t meters = o->n_meters ? o->n_meters : default_meters();
	uint64_t max_flows;

	*c = (struct meter_config){
		.idle_ms = o->idle_timeout * 1000,
		.active_ms = o->active_timeout * 1000,
		.accounting_mode = o->accounting_mode,
		.n_dissections = o->n_dissections,
		.splt_length = o->splt_analysis,
		.statistics = o->statistical_analysis,
		.tcp_expiration = o->tcp_expiration,
		.tunnels = o->decode_tunnels,
	};
	if (meter_layout(c) < 0)
		return fail(x, -EINVAL, "splt_analysis: too many packets");
	max_flows = o->max_active_flows ? o->max_active_flows : default_max_flows(c);
	if (meters > max_flows)
		meters = max_flows;	/* each holds one flow at least */
	c->max_flows = max_flows / meters;
	*ret_meters = meters;
	return 0;
}

/* ---- columns and sinks ---- */

static int features_init(struct flowtap *x)
{
	x->features = calloc(n_features, sizeof(*x->features));
	if (!x->features)
		return -ENOMEM;
	for (size_t i = 0; i < n_features; i++)
		if (feature_enabled(&features[i], &x->config))
			x->features[x->n_features++] = &features[i];
	return 0;
}

static const char *group_option(enum flowtap_group group)
{
	switch (group) {
	case FLOWTAP_GROUP_STATISTICS:
		return "statistical_analysis";
	case FLOWTAP_GROUP_L7:
		return "n_dissections";
	case FLOWTAP_GROUP_SPLT:
		return "splt_analysis";
	case FLOWTAP_GROUP_CORE:
		break;
	}
	return "decode_tunnels";
}

static int column_by_name(struct flowtap *x, const char *option, const char *name,
			  const struct feature **ret)
{
	const struct feature *f = feature_by_name(name);

	if (!f)
		return fail(x, -EINVAL, "%s: there is no column '%s' (see --list-features)",
			    option, name);
	if (!feature_enabled(f, &x->config))
		return fail(x, -EINVAL, "%s: column '%s' needs the option %s", option, name,
			    group_option(f->desc.group));
	*ret = f;
	return 0;
}

static int columns_init(struct flowtap *x)
{
	const struct flowtap_strings *names = &x->opts.columns, *hide = &x->opts.anonymize;
	size_t n = names->n ? names->n : x->n_features;
	int r;

	x->columns = calloc(n, sizeof(*x->columns));
	if (!x->columns)
		return -ENOMEM;
	x->n_columns = n;
	for (size_t i = 0; i < n; i++) {
		const struct feature *f = names->n ? NULL : x->features[i];

		r = names->n ? column_by_name(x, "columns", names->v[i], &f) : 0;
		if (r < 0)
			return r;
		for (size_t k = 0; k < i; k++)
			if (x->columns[k].feature == f)
				return fail(x, -EINVAL, "columns: '%s' is named twice",
					    f->desc.name);
		x->columns[i].feature = f;
	}
	for (size_t i = 0; i < hide->n; i++) {
		const struct feature *f;
		size_t k;

		r = column_by_name(x, "anonymize", hide->v[i], &f);
		if (r < 0)
			return r;
		for (k = 0; k < n && x->columns[k].feature != f; k++)
			;
		if (k == n)
			return fail(x, -EINVAL, "anonymize: column '%s' is not written",
				    hide->v[i]);
		x->columns[k].anonymize = true;
	}
	return hide->n ? anonymizer_new(&x->anonymizer, NULL) : 0;
}

static int sinks_init(struct flowtap *x)
{
	const struct flowtap_opts *o = &x->opts;

	x->sinks = calloc(o->outputs.n + 1, sizeof(*x->sinks));
	if (!x->sinks)
		return -ENOMEM;
	for (size_t i = 0; i < o->outputs.n; i++) {
		const struct sink_opts so = {
			.dest = o->outputs.v[i],
			.format = o->format,
			.columns = x->columns,
			.n_columns = x->n_columns,
			.anonymizer = x->anonymizer,
			.flows_per_file = o->flows_per_file,
			.rotate_files = o->rotate_files,
		};
		int r = sink_open(&x->sinks[i], &so, x->error, sizeof(x->error));

		if (r < 0)
			return r;
		x->n_sinks++;
	}
	return 0;
}

/* What became of an operation on sink i. A reader that has gone is an end in
 * good order: the sink is left out from now on. */
static int sink_result(struct flowtap *x, size_t i, int r)
{
	if (r >= 0)
		return 0;
	if (r == -EPIPE) {
		sink_close(x->sinks[i]);
		x->sinks[i] = NULL;
		x->n_sinks_gone++;
		return 0;
	}
	counter_add(&x->sink_errors, 1);
	return fail(x, r, "%s", sink_error(x->sinks[i]));
}

static int sinks_write(struct flowtap *x)
{
	for (size_t i = 0; i < x->n_sinks; i++) {
		int r = x->sinks[i] ? sink_write(x->sinks[i], &x->current.record) : 0;

		r = sink_result(x, i, r);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Finishes all sinks, also when one of them fails. */
static int sinks_finish(struct flowtap *x)
{
	int result = 0;

	for (size_t i = 0; i < x->n_sinks; i++) {
		int r = x->sinks[i] ? sink_result(x, i, sink_finish(x->sinks[i])) : 0;

		if (!result)
			result = r;
	}
	return result;
}

/* ---- life of a probe ---- */

static char *join(const struct flowtap_strings *s)
{
	size_t len = 1;
	char *text, *p;

	for (size_t i = 0; i < s->n; i++)
		len += strlen(s->v[i]) + 1;
	p = text = malloc(len);
	if (!text)
		return NULL;
	*p = 0;
	for (size_t i = 0; i < s->n; i++)
		p += sprintf(p, i ? ",%s" : "%s", s->v[i]);
	return text;
}

/* Reading starts before the outputs are opened, so that a capture that is none
 * leaves the files of an earlier run alone. */
static int probe_init(struct flowtap *x)
{
	struct reader_opts ro = {
		.sources = &x->opts.sources,
		.bpf_filter = x->opts.bpf_filter,
		.tunnels = x->opts.decode_tunnels,
		.messages = &x->messages,
	};
	struct reader *reader;
	unsigned meters = 1;
	uint8_t *buf;
	int r;

	r = config_init(x, &meters);
	if (r < 0)
		return r;
	r = features_init(x);
	if (r < 0)
		return r;
	r = columns_init(x);
	if (r < 0)
		return r;
	x->source_text = join(&x->opts.sources);
	buf = malloc(SOURCE_BUFFER);
	if (!x->source_text || !buf) {
		free(buf);
		return -ENOMEM;
	}
	r = reader_open(&reader, &ro, buf, x->error, sizeof(x->error));
	if (r < 0) {
		free(buf);
		return r;
	}
	x->config.era_ms = reader_era_ms(reader);
	r = sinks_init(x);
	if (r < 0) {
		reader_close(reader);
		free(buf);
		return r;
	}
	r = pipeline_new(&x->pipeline, reader, buf, &x->config, meters);
	if (r == -EIO)
		return fail(x, r, "nDPI %s could not be started", dissect_library_version());
	return r;
}

int flowtap_open(struct flowtap **ret, const struct flowtap_opts *o)
{
	struct flowtap *x = calloc(1, sizeof(*x));
	int r;

	if (!x)
		return error_set(-ENOMEM, "out of memory");
	messages_init(&x->messages);
	x->current.probe = x;
	x->current.record.config = &x->config;
	r = options_copy(&x->opts, o, x->error, sizeof(x->error));
	if (r >= 0)
		r = options_check(&x->opts, x->error, sizeof(x->error));
	if (r >= 0)
		r = probe_init(x);
	if (r < 0) {
		error_set(r, "%s", x->error[0] ? x->error : strerror(-r));
		flowtap_close(x);
		return r;
	}
	*ret = x;
	return 0;
}

static void deliver_messages(struct flowtap *x)
{
	messages_deliver(&x->messages, x->opts.log, x->opts.log_arg);
}

/* No more flows are wanted. */
static void discard_rest(struct flowtap *x)
{
	counter_add(&x->discarded, pipeline_abort(x->pipeline));
	x->done = true;
}

static int finish(struct flowtap *x)
{
	bool damaged = reader_damaged(pipeline_reader(x->pipeline));
	int r;

	x->done = true;
	r = sinks_finish(x);
	deliver_messages(x);
	if (r < 0)
		return r;
	return damaged ? fail(x, -EBADMSG, "not everything could be read") : 0;
}

int flowtap_next(struct flowtap *x, const struct flowtap_flow **ret)
{
	struct record *rec = &x->current.record;
	int r;

	if (x->done)
		return 0;
	if ((x->opts.max_nflows && x->exported >= x->opts.max_nflows) ||
	    (x->n_sinks && x->n_sinks_gone == x->n_sinks)) {
		discard_rest(x);
		return finish(x);
	}
	r = pipeline_next(x->pipeline, &rec->flow);
	if (r < 0) {
		discard_rest(x);
		return fail(x, r, "%s", strerror(-r));
	}
	if (r == 0)
		return finish(x);
	deliver_messages(x);
	rec->id = x->exported;
	r = sinks_write(x);
	if (r < 0) {
		discard_rest(x);
		return r;
	}
	counter_add(&x->exported, 1);
	*ret = &x->current;
	return 1;
}

int flowtap_run(struct flowtap *x, flowtap_flow_fn *fn, void *arg)
{
	const struct flowtap_flow *flow;
	bool wanted = fn != NULL;
	int r;

	while ((r = flowtap_next(x, &flow)) > 0)
		if (wanted && fn(arg, flow)) {
			flowtap_stop(x);
			wanted = false;
		}
	return r;
}

void flowtap_stop(struct flowtap *x)
{
	pipeline_stop(x->pipeline);
}

void flowtap_close(struct flowtap *x)
{
	if (!x)
		return;
	pipeline_free(x->pipeline);
	for (size_t i = 0; i < x->n_sinks; i++)
		sink_close(x->sinks[i]);
	anonymizer_free(x->anonymizer);
	messages_destroy(&x->messages);
	free(x->sinks);
	free(x->columns);
	free(x->features);
	free(x->source_text);
	flowtap_opts_free(&x->opts);
	free(x);
}

const char *flowtap_error(const struct flowtap *x)
{
	return x ? x->error : error_text();
}

/* ---- features ---- */

size_t flowtap_feature_count(const struct flowtap *x)
{
	return x ? x->n_features : n_features;
}

const struct flowtap_feature *flowtap_feature(const struct flowtap *x, size_t i)
{
	if (i >= flowtap_feature_count(x))
		return NULL;
	return x ? &x->features[i]->desc : &features[i].desc;
}

int flowtap_value(const struct flowtap_flow *flow, size_t i, struct flowtap_value *ret)
{
	if (i >= flow->probe->n_features)
		return -EINVAL;
	flow->probe->features[i]->get(&flow->record, ret);
	return 0;
}

/* ---- counters ---- */

struct snapshot {
	const struct flowtap *x;
	const struct reader_counters *reader;
	struct meter_counters meters;
};

static uint64_t undecodable(const struct snapshot *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < UNDECODABLE_N; i++)
		sum += counter_get(&s->reader->undecodable[i]);
	return sum;
}

#define READER(field) counter_get(&s->reader->field)

/* X(name, value), in the order of output. */
#define COUNTERS(X) \
	X(packets_seen, READER(seen)) \
	X(packets_filtered, READER(filtered)) \
	X(packets_sampled_out, 0) \
	X(packets_dropped, 0) \
	X(packets_undecodable, undecodable(s)) \
	X(packets_metered, READER(metered)) \
	X(dropped_ring_full, 0) \
	X(dropped_fill_empty, 0) \
	X(dropped_kernel, 0) \
	X(dropped_queue, 0) \
	X(packets_truncated, READER(truncated)) \
	X(packets_reordered, READER(reordered)) \
	X(packets_desegmented, 0) \
	X(flows_created, s->meters.flows_created) \
	X(flows_exported, counter_get(&s->x->exported)) \
	X(flows_sampled_out, 0) \
	X(flows_filtered, 0) \
	X(flows_discarded, counter_get(&s->x->discarded)) \
	X(flows_expired_idle, s->meters.expired_idle) \
	X(flows_expired_active, s->meters.expired_active) \
	X(flows_expired_natural, s->meters.expired_natural) \
	X(flows_expired_emergency, s->meters.expired_emergency) \
	X(flows_expired_custom, 0) \
	X(flows_expired_flush, s->meters.expired_flush) \
	X(sink_errors, counter_get(&s->x->sink_errors)) \
	X(processes_unmatched, 0) \
	X(process_events_lost, 0)

#define NAME(name, value) #name,
static const char *const counter_names[] = {
	COUNTERS(NAME)
};
#undef NAME

#define N_COUNTERS (sizeof(counter_names) / sizeof(counter_names[0]))

static uint64_t counter_value(const struct snapshot *s, size_t i)
{
	size_t k = 0;

#define VALUE(name, value) \
	if (i == k++) \
		return (value);
	COUNTERS(VALUE)
#undef VALUE
	return 0;
}

static const char *const undecodable_names[UNDECODABLE_N] = {
#define X(sym, name) [UNDECODABLE_##sym] = "undecodable_" name,
	UNDECODABLE_REASONS(X)
#undef X
};

/* How the probe runs; the file is the only way so far. */
static const char *const text_names[] = {
	"source", "capture_mode", "attach_mode", "timestamp_source",
};

#define N_TEXTS (sizeof(text_names) / sizeof(text_names[0]))

size_t flowtap_counter_count(const struct flowtap *x)
{
	(void)x;
	return N_TEXTS + N_COUNTERS + UNDECODABLE_N - 1;
}

int flowtap_counter(const struct flowtap *x, size_t i, struct flowtap_counter *ret)
{
	const char *const texts[N_TEXTS] = { x->source_text, "file", "none", "file" };
	const struct reader *reader = pipeline_reader(x->pipeline);
	struct snapshot s = { x, reader_counters(reader), pipeline_counters(x->pipeline) };

	if (i < N_TEXTS)
		*ret = (struct flowtap_counter){ .name = text_names[i], .text = texts[i] };
	else if ((i -= N_TEXTS) < N_COUNTERS)
		*ret = (struct flowtap_counter){ .name = counter_names[i],
						 .value = counter_value(&s, i) };
	else if ((i -= N_COUNTERS) < UNDECODABLE_N - 1)
		*ret = (struct flowtap_counter){
			.name = undecodable_names[i + 1],
			.value = counter_get(&s.reader->undecodable[i + 1]),
		};
	else
		return -EINVAL;
	return 0;
}

void flowtap_progress(const struct flowtap *x, uint64_t *ret_bytes, uint64_t *ret_total)
{
	const struct reader_counters *c = reader_counters(pipeline_reader(x->pipeline));

	*ret_bytes = counter_get(&c->bytes_read);
	*ret_total = counter_get(&c->bytes_total);
}

const char *flowtap_version(void)
{
	static _Thread_local char text[128];

	snprintf(text, sizeof(text), FLOWTAP_VERSION " (%s, nDPI %s)", pcap_lib_version(),
		 dissect_library_version());
	return text;
}
