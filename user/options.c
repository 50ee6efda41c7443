#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

/* An option and the field that it sets; no field for what is not served yet. */
struct option {
	struct flowtap_option desc;
	size_t offset;
	size_t width;	/* of a UINT field, bytes */
};

#define FIELD(name) \
	.offset = offsetof(struct flowtap_opts, name), \
	.width = sizeof(((struct flowtap_opts *)0)->name)
#define MAX_MS (UINT64_MAX / 1000)	/* of seconds that are kept as ms */

#define BOOL(n, c, def, d) \
	{ { #n, c, FLOWTAP_OPTION_BOOL, "", def, 0, 1, d, false, true }, FIELD(n) }
#define UINT(n, c, meta, def, lo, hi, d) \
	{ { #n, c, FLOWTAP_OPTION_UINT, meta, def, lo, hi, d, false, true }, FIELD(n) }
#define TEXT(n, c, meta, def, d) \
	{ { #n, c, FLOWTAP_OPTION_TEXT, meta, def, 0, 0, d, false, true }, FIELD(n) }
#define COMMAS(n, c, meta, def, d) \
	{ { #n, c, FLOWTAP_OPTION_COMMA_LIST, meta, def, 0, 0, d, false, true }, FIELD(n) }
#define LATER(n, c, type, meta, def, live, d) \
	{ { #n, c, FLOWTAP_OPTION_##type, meta, def, 0, UINT64_MAX, d, live, false }, 0, 0 }

static const struct option options[] = {
	{ { "output", 'o', FLOWTAP_OPTION_LIST, "DEST", "-", 0, 0,
	    "Write records to DEST, a path (format by extension: .csv, .ndjson, .json) or - for "
	    "standard output. May be given several times.", false, true },
	  .offset = offsetof(struct flowtap_opts, outputs) },
	TEXT(format, 'f', "FMT", "csv",
	     "Format of outputs whose name does not say: csv or ndjson."),
	COMMAS(columns, 0, "A,B,...", "all", "Write these columns, in this order."),
	COMMAS(anonymize, 0, "A,B,...", "none",
	       "Write these columns as BLAKE2b pseudonyms, with a random key for each run."),
	UINT(flows_per_file, 0, "N", "0", 0, UINT64_MAX,
	     "Start a new file after N records; files are numbered before the extension."),
	UINT(rotate_files, 0, "N", "0", 0, UINT64_MAX,
	     "Keep N files at most, overwriting the oldest (with --flows-per-file)."),
	UINT(max_nflows, 0, "N", "0", 0, UINT64_MAX,
	     "End after N records; flows still in the table are discarded. 0: no limit."),

	TEXT(bpf_filter, 'F', "EXPR", "none", "Meter only packets that match, in tcpdump syntax."),
	BOOL(decode_tunnels, 0, "on", "Decode GTP-U, CAPWAP and TZSP to the inner flow."),

	UINT(idle_timeout, 0, "S", "120", 0, MAX_MS,
	     "End a flow after S seconds without a packet. 0: every packet is a flow."),
	UINT(active_timeout, 0, "S", "1800", 0, MAX_MS,
	     "End a flow that goes on after S seconds. 0: every packet is a flow."),
	BOOL(tcp_expiration, 0, "off",
	     "End a TCP flow when the connection closes: on RST, on FIN and the last ACK."),
	UINT(max_active_flows, 0, "N", "0", 0, UINT32_MAX - 1,
	     "Keep N flows at most; beyond, the least recently used one leaves. 0: by memory."),
	UINT(accounting_mode, 0, "M", "0", 0, 3,
	     "Count bytes of 0 the link layer, 1 IP, 2 transport, 3 payload."),
	UINT(n_dissections, 0, "N", "20", 0, 255,
	     "Show the first N packets of a flow to nDPI. 0: no application columns."),
	BOOL(statistical_analysis, 0, "off",
	     "Add the statistics columns: packet sizes, inter-arrival times, TCP flags."),
	UINT(splt_analysis, 0, "N", "0", 0, 65535,
	     "Add direction, size and time of the first N packets of a flow."),
	UINT(n_meters, 0, "N", "0", 0, 1024, "Meter with N threads. 0: by the machine's cores."),

	LATER(snapshot_length, 's', UINT, "N", "1536", true, "Bytes kept of each packet."),
	LATER(socket_buffer_size, 0, UINT, "N", "0", true, "AF_PACKET buffer in bytes."),
	LATER(promiscuous_mode, 0, BOOL, "", "on", true, "Put the interface in promiscuous mode."),
	LATER(capture_mode, 0, TEXT, "MODE", "auto", true, "auto, tap, host or pcap."),
	LATER(performance_report, 0, UINT, "S", "0", true, "Print counters each S seconds."),
	LATER(system_visibility_mode, 0, UINT, "M", "0", true, "Name the processes of flows."),
	LATER(system_visibility_poll_ms, 0, UINT, "N", "100", true, "Interval of polling."),
	LATER(packet_sampling, 0, TEXT, "KIND:N", "none", false, "Meter one packet in N."),
	LATER(flow_sampling, 0, TEXT, "KIND:N", "none", false, "Export one flow in N."),
	LATER(flow_filter, 0, TEXT, "EXPR", "none", false, "Export only flows that match."),
	LATER(plugin, 0, LIST, "PATH", "none", false, "Load a plugin."),
	LATER(metrics, 0, TEXT, "ADDR:PORT", "off", false, "Serve OpenMetrics over HTTP."),
	LATER(check, 0, BOOL, "", "off", true, "Print what live capture may do here."),
	LATER(user, 0, TEXT, "NAME", "none", true, "Drop rights to NAME after attaching."),
	LATER(busy_poll, 0, BOOL, "", "off", true, "Spin instead of sleeping."),
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

size_t flowtap_option_count(void)
{
	return N_OPTIONS;
}

const struct flowtap_option *flowtap_option(size_t i)
{
	return i < N_OPTIONS ? &options[i].desc : NULL;
}

/* Names are one with '-' and '_'. */
static bool name_equal(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b))
			return false;
	return *a == *b;
}

static const struct option *option_by_name(const char *name)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (name_equal(options[i].desc.name, name))
			return &options[i];
	return NULL;
}

/* ---- values ---- */

static int strings_add(struct flowtap_strings *s, const char *text, size_t len)
{
	char **more = realloc(s->v, (s->n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	s->v = more;
	s->v[s->n] = strndup(text, len);
	if (!s->v[s->n])
		return -ENOMEM;
	s->n++;
	return 0;
}

static void strings_free(struct flowtap_strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct flowtap_strings){ 0 };
}

static int strings_copy(struct flowtap_strings *ret, const struct flowtap_strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (strings_add(ret, s->v[i], strlen(s->v[i])) < 0)
			return -ENOMEM;
	return 0;
}

static int set_bool(const struct option *o, bool *field, const char *value)
{
	static const char *const yes[] = { "1", "on", "true", "yes" };
	static const char *const no[] = { "0", "off", "false", "no" };

	for (int i = 0; i < 4; i++) {
		if (!strcmp(value, yes[i]) || !strcmp(value, no[i])) {
			*field = !strcmp(value, yes[i]);
			return 0;
		}
	}
	return error_set(-EINVAL, "%s: '%s' is neither on nor off", o->desc.name, value);
}

/* Decimal digits only: strtoull() takes signs and spaces as well. */
static bool parse_uint(const char *text, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*text)
		return false;
	for (; *text; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, *text - '0', &v))
			return false;
	*ret = v;
	return true;
}

static uint64_t get_uint(const struct option *o, const struct flowtap_opts *opts)
{
	const char *field = (const char *)opts + o->offset;

	return o->width == 4 ? *(const uint32_t *)field : *(const uint64_t *)field;
}

static int set_uint(const struct option *o, struct flowtap_opts *opts, const char *value)
{
	char *field = (char *)opts + o->offset;
	uint64_t v;

	if (!parse_uint(value, &v) || v < o->desc.min || v > o->desc.max)
		return error_set(-EINVAL,
				 "%s: '%s' is not a number from %" PRIu64 " to %" PRIu64,
				 o->desc.name, value, o->desc.min, o->desc.max);
	if (o->width == 4)
		*(uint32_t *)field = v;
	else
		*(uint64_t *)field = v;
	return 0;
}

static int set_commas(const struct option *o, struct flowtap_strings *s, const char *value)
{
	const char *end;

	for (;; value = end + 1) {
		end = strchrnul(value, ',');
		if (end == value)
			return error_set(-EINVAL, "%s: an empty name in the list", o->desc.name);
		if (strings_add(s, value, end - value) < 0)
			return error_set(-ENOMEM, "out of memory");
		if (!*end)
			return 0;
	}
}

static int set_text(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return error_set(-ENOMEM, "out of memory");
	free(*field);
	*field = copy;
	return 0;
}

int flowtap_opts_set(struct flowtap_opts *opts, const char *name, const char *value)
{
	const struct option *o = option_by_name(name);
	char *field;

	if (!o)
		return error_set(-ENOENT, "there is no option '%s'", name);
	if (!o->desc.served)
		return error_set(-ENOTSUP, "%s: not served by this version%s", o->desc.name,
				 o->desc.live_only ? ", which reads capture files only" : "");
	field = (char *)opts + o->offset;
	switch (o->desc.type) {
	case FLOWTAP_OPTION_BOOL:
		return set_bool(o, (bool *)field, value);
	case FLOWTAP_OPTION_UINT:
		return set_uint(o, opts, value);
	case FLOWTAP_OPTION_TEXT:
		return set_text((char **)field, value);
	case FLOWTAP_OPTION_COMMA_LIST:
		return set_commas(o, (struct flowtap_strings *)field, value);
	case FLOWTAP_OPTION_LIST:
		break;
	}
	if (!*value)
		return error_set(-EINVAL, "%s: an empty name", o->desc.name);
	if (strings_add((struct flowtap_strings *)field, value, strlen(value)) < 0)
		return error_set(-ENOMEM, "out of memory");
	return 0;
}

int flowtap_opts_add_source(struct flowtap_opts *o, const char *source)
{
	if (strings_add(&o->sources, source, strlen(source)) < 0)
		return error_set(-ENOMEM, "out of memory");
	return 0;
}

void flowtap_opts_free(struct flowtap_opts *o)
{
	if (!o)
		return;
	strings_free(&o->sources);
	strings_free(&o->outputs);
	strings_free(&o->columns);
	strings_free(&o->anonymize);
	free(o->format);
	free(o->bpf_filter);
	o->format = o->bpf_filter = NULL;
}

/* ---- all of them ---- */

int options_copy(struct flowtap_opts *ret, const struct flowtap_opts *o, char *err,
		 size_t err_size)
{
	struct flowtap_opts known = FLOWTAP_OPTS(), c;
	size_t n = o->size < sizeof(known) ? o->size : sizeof(known);

	*ret = (struct flowtap_opts){ 0 };
	if (o->size < offsetof(struct flowtap_opts, format)) {
		snprintf(err, err_size, "options without a size: begin with FLOWTAP_OPTS()");
		return -EINVAL;
	}
	for (size_t i = sizeof(known); i < o->size; i++)
		if (((const char *)o)[i]) {
			snprintf(err, err_size,
				 "options of a newer version than this library, " FLOWTAP_VERSION);
			return -E2BIG;
		}
	memcpy(&known, o, n);
	c = known;
	c.size = sizeof(c);
	c.sources = c.outputs = c.columns = c.anonymize = (struct flowtap_strings){ 0 };
	c.format = known.format ? strdup(known.format) : NULL;
	c.bpf_filter = known.bpf_filter ? strdup(known.bpf_filter) : NULL;
	*ret = c;
	if ((known.format && !c.format) || (known.bpf_filter && !c.bpf_filter) ||
	    strings_copy(&ret->sources, &known.sources) < 0 ||
	    strings_copy(&ret->outputs, &known.outputs) < 0 ||
	    strings_copy(&ret->columns, &known.columns) < 0 ||
	    strings_copy(&ret->anonymize, &known.anonymize) < 0)
		return -ENOMEM;
	return 0;
}

static int invalid(char *err, size_t err_size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int invalid(char *err, size_t err_size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, err_size, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* Whether two paths are one file. */
static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (!strcmp(a, b))
		return true;
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino && S_ISREG(sa.st_mode);
}

static int check_files(const struct flowtap_opts *o, char *err, size_t err_size)
{
	for (size_t i = 0; i < o->sources.n; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(o->sources.v[i], "-") && !strcmp(o->sources.v[k], "-"))
				return invalid(err, err_size, "standard input can be read once only");
	for (size_t i = 0; i < o->outputs.n; i++) {
		const char *out = o->outputs.v[i];

		for (size_t k = 0; k < i; k++)
			if (same_file(out, o->outputs.v[k]) && strcmp(out, "/dev/null"))
				return invalid(err, err_size, "output: %s is given twice", out);
		for (size_t k = 0; k < o->sources.n; k++)
			if (strcmp(out, "-") && same_file(out, o->sources.v[k]))
				return invalid(err, err_size, "output: %s is a source as well", out);
	}
	return 0;
}

int options_check(const struct flowtap_opts *o, char *err, size_t err_size)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option *opt = &options[i];

		if (opt->desc.served && opt->desc.type == FLOWTAP_OPTION_UINT &&
		    (get_uint(opt, o) < opt->desc.min || get_uint(opt, o) > opt->desc.max))
			return invalid(err, err_size,
				       "%s: %" PRIu64 " is not from %" PRIu64 " to %" PRIu64,
				       opt->desc.name, get_uint(opt, o), opt->desc.min,
				       opt->desc.max);
	}
	if (!o->sources.n)
		return invalid(err, err_size, "no source is given");
	if (o->rotate_files && !o->flows_per_file)
		return invalid(err, err_size, "rotate_files needs flows_per_file");
	if (o->flows_per_file && !o->outputs.n)
		return invalid(err, err_size, "flows_per_file needs an output");
	return check_files(o, err, err_size);
}
