#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* An option and the field that it sets; no field for what is not served yet. */
struct option {
	struct flowtap_option desc;
	size_t offset;
	size_t width;			/* of the field, bytes */
	const char *const *choices;	/* of a TEXT field; NULL: any text */
	const char *choice_later;	/* one that is not served yet */
};

static const char *const formats[] = { "csv", "ndjson", NULL };

#define MAX_MS (UINT64_MAX / 1000)	/* of seconds that are kept as ms */

#define FIELD(field) \
	.offset = offsetof(struct flowtap_opts, field), \
	.width = sizeof(((struct flowtap_opts *)0)->field)
#define DESC(n, c, t, meta, def, lo, hi, d, live, is_served) \
	.desc = { .name = #n, .short_name = c, .type = FLOWTAP_OPTION_##t, .metavar = meta, \
		  .default_text = def, .min = lo, .max = hi, .doc = d, .group = GROUP, \
		  .live_only = live, .served = is_served }
#define BOOL(n, c, def, d) { DESC(n, c, BOOL, "", def, 0, 0, d, false, true), FIELD(n) }
#define UINT(n, c, meta, def, lo, hi, d) \
	{ DESC(n, c, UINT, meta, def, lo, hi, d, false, true), FIELD(n) }
#define TEXT(n, c, meta, def, d, ...) \
	{ DESC(n, c, TEXT, meta, def, 0, 0, d, false, true), FIELD(n), __VA_ARGS__ }
#define LIST(n, field, c, meta, d) \
	{ DESC(n, c, LIST, meta, "", 0, 0, d, false, true), FIELD(field) }
#define COMMA_LIST(n, c, meta, d) \
	{ DESC(n, c, COMMA_LIST, meta, "", 0, 0, d, false, true), FIELD(n) }
/* Of the interface, but not served yet. */
#define LATER(n, c, t, meta, def, lo, hi, d) { DESC(n, c, t, meta, def, lo, hi, d, false, false) }
#define LIVE(n, c, t, meta, def, lo, hi, d) { DESC(n, c, t, meta, def, lo, hi, d, true, false) }

static const struct option options[] = {
#define GROUP "Input"
	TEXT(bpf_filter, 'F', "EXPR", "",
	     "Meter only packets that match EXPR, in tcpdump syntax."),
	BOOL(decode_tunnels, 0, "on",
	     "Meter the inner flow of GTP-U, CAPWAP and TZSP, and add the column tunnel_id."),
	LATER(packet_sampling, 0, TEXT, "KIND:N", "", 0, 0,
	      "Meter one packet in N. KIND is systematic, random or hash."),
#undef GROUP
#define GROUP "Output"
	LIST(output, outputs, 'o', "DEST",
	     "Write records to DEST: a path (.csv, .ndjson and .json say the format), or - for "
	     "standard output. May be given more than once."),
	TEXT(format, 'f', "FMT", "csv",
	     "Format of outputs whose name does not say it: csv or ndjson.", .choices = formats,
	     .choice_later = "ipfix"),
	COMMA_LIST(columns, 0, "A,B,...",
	     "Write these columns, in this order. Without it, all columns of the enabled "
	     "groups."),
	COMMA_LIST(anonymize, 0, "A,B,...",
	     "Write BLAKE2b pseudonyms in these columns, by a random key for each run."),
	UINT(flows_per_file, 0, "N", "0", 0, UINT64_MAX,
	     "Begin a new file after N records. Files are numbered before the extension. 0: one "
	     "file."),
	UINT(rotate_files, 0, "N", "0", 0, UINT64_MAX,
	     "Number files modulo N, so that the newest N are kept. 0: keep all. Needs "
	     "flows_per_file."),
	UINT(max_nflows, 0, "N", "0", 0, UINT64_MAX,
	     "End after N records; flows that have not ended by then are discarded. 0: no "
	     "limit."),
	LATER(flow_sampling, 0, TEXT, "KIND:N", "", 0, 0,
	      "Export one flow in N. KIND is systematic, random or hash."),
	LATER(flow_filter, 0, TEXT, "EXPR", "", 0, 0,
	      "Export only records that match EXPR, over column names."),
#undef GROUP
#define GROUP "Flows"
	UINT(idle_timeout, 0, "S", "120", 0, MAX_MS,
	     "A flow ends after S seconds without a packet. 0: every packet is a flow of its "
	     "own."),
	UINT(active_timeout, 0, "S", "1800", 0, MAX_MS,
	     "A flow ends, and a new one begins, S seconds after its first packet. 0: every "
	     "packet is a flow of its own."),
	BOOL(tcp_expiration, 0, "off",
	     "A TCP flow ends when its connection does: at once on RST; on FIN from both sides "
	     "and the last ACK, or 2 s later."),
	UINT(max_active_flows, 0, "N", "0", 0, UINT32_MAX - 1,
	     "Hold N flows at most, in all meters together; then the least recently used ones "
	     "leave early. 0: as many as fit into half of the memory."),
	UINT(n_meters, 0, "N", "0", 0, 1024,
	     "Meter with N threads. 0: by the machine's cores."),
#undef GROUP
#define GROUP "Columns"
	UINT(accounting_mode, 0, "M", "0", 0, 3,
	     "What counts as the size of a packet: 0 all of it, 1 from the IP header on, 2 from "
	     "the transport header on, 3 the payload."),
	BOOL(statistical_analysis, 0, "off",
	     "Add the statistics: packet sizes, times between packets, TCP flags."),
	UINT(splt_analysis, 0, "N", "0", 0, 65535,
	     "Add direction, size and time of the first N packets. 0: none."),
	UINT(n_dissections, 0, "N", "20", 0, 255,
	     "Look into the first N packets of a flow to tell its application. 0: no "
	     "application columns."),
	LATER(plugin, 0, LIST, "PATH[:KEY=VALUE,...]", "", 0, 0, "Load a plugin."),
#undef GROUP
#define GROUP "Live capture"
	LIVE(capture_mode, 0, TEXT, "MODE", "auto", 0, 0, "auto, tap, host or pcap."),
	LIVE(snapshot_length, 's', UINT, "N", "1536", 1, 262144, "Bytes kept of each packet."),
	LIVE(socket_buffer_size, 0, UINT, "N", "0", 0, INT32_MAX,
	     "Size of the AF_PACKET buffer in bytes. 0: the default."),
	LIVE(promiscuous_mode, 0, BOOL, "", "on", 0, 0,
	     "Capture what is addressed to others as well."),
	LIVE(performance_report, 0, UINT, "S", "0", 0, UINT32_MAX,
	     "Print the counters as a line of JSON every S seconds. 0: never."),
	LIVE(system_visibility_mode, 0, UINT, "M", "0", 0, 2,
	     "Name the processes behind flows: 1 name and pid, 2 more about them."),
	LIVE(system_visibility_poll_ms, 0, UINT, "N", "100", 1, UINT32_MAX,
	     "Time between polls where only polling is available."),
	LIVE(user, 0, TEXT, "NAME", "", 0, 0, "Run as NAME once everything is open."),
	LIVE(busy_poll, 0, BOOL, "", "off", 0, 0, "Spin instead of sleeping."),
#undef GROUP
#define GROUP "Reports"
	LATER(metrics, 0, TEXT, "ADDR:PORT", "", 0, 0, "Serve the counters as OpenMetrics over HTTP."),
#undef GROUP
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

static bool is_choice(const struct option *o, const char *value)
{
	const char *const *c = o->choices;

	while (c && *c && strcasecmp(*c, value))
		c++;
	return !c || *c;
}

/* "csv, ndjson" */
static const char *choices_text(const struct option *o, char *buf, size_t size)
{
	size_t n = 0;

	for (const char *const *c = o->choices; *c && n < size; c++)
		n += snprintf(buf + n, size - n, "%s%s", n ? ", " : "", *c);
	return buf;
}

static int set_text(const struct option *o, char **field, const char *value)
{
	char *copy, choices[128];

	if (o->choice_later && !strcasecmp(o->choice_later, value))
		return error_set(-ENOTSUP, "%s: %s is not available in this version", o->desc.name,
				 value);
	if (!is_choice(o, value))
		return error_set(-EINVAL, "%s: '%s' is none of %s", o->desc.name, value,
				 choices_text(o, choices, sizeof(choices)));
	copy = strdup(value);
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
		return error_set(-ENOTSUP, "%s: not available in this version%s", o->desc.name,
				 o->desc.live_only ? ", which reads capture files only" : "");
	if (opts->size < o->offset + o->width)
		return error_set(-ENOTSUP, "%s: not known to flowtap.h when this program was built",
				 o->desc.name);
	field = (char *)opts + o->offset;
	switch (o->desc.type) {
	case FLOWTAP_OPTION_BOOL:
		return set_bool(o, (bool *)field, value);
	case FLOWTAP_OPTION_UINT:
		return set_uint(o, opts, value);
	case FLOWTAP_OPTION_TEXT:
		return set_text(o, (char **)field, value);
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

static void text_free(char **text)
{
	free(*text);
	*text = NULL;
}

void flowtap_opts_free(struct flowtap_opts *opts)
{
	if (!opts)
		return;
	if (opts->size >= offsetof(struct flowtap_opts, outputs))
		strings_free(&opts->sources);
	for (const struct option *o = options; o < options + N_OPTIONS; o++) {
		void *field = (char *)opts + o->offset;

		if (!o->desc.served || opts->size < o->offset + o->width)
			continue;
		if (o->desc.type == FLOWTAP_OPTION_TEXT)
			text_free(field);
		else if (o->desc.type == FLOWTAP_OPTION_LIST ||
			 o->desc.type == FLOWTAP_OPTION_COMMA_LIST)
			strings_free(field);
	}
}

/* ---- all of them ---- */

static int field_copy(const struct option *o, struct flowtap_opts *ret,
		      const struct flowtap_opts *opts)
{
	const void *from = (const char *)opts + o->offset;
	void *to = (char *)ret + o->offset;
	char *const *text = from;

	switch (o->desc.type) {
	case FLOWTAP_OPTION_BOOL:
	case FLOWTAP_OPTION_UINT:
		memcpy(to, from, o->width);
		return 0;
	case FLOWTAP_OPTION_TEXT:
		*(char **)to = *text ? strdup(*text) : NULL;
		return *text && !*(char **)to ? -ENOMEM : 0;
	case FLOWTAP_OPTION_LIST:
	case FLOWTAP_OPTION_COMMA_LIST:
		return strings_copy(to, from);
	}
	return -EINVAL;
}

int options_copy(struct flowtap_opts *ret, const struct flowtap_opts *opts, char *err,
		 size_t err_size)
{
	size_t log_end = offsetof(struct flowtap_opts, log_arg) + sizeof(opts->log_arg);
	int r;

	*ret = FLOWTAP_OPTS();
	if (opts->size < offsetof(struct flowtap_opts, outputs)) {
		snprintf(err, err_size, "options without a size: begin with FLOWTAP_OPTS()");
		return -EINVAL;
	}
	for (size_t i = sizeof(*opts); i < opts->size; i++)
		if (((const char *)opts)[i]) {
			snprintf(err, err_size, "options of a newer version than this library, "
				 FLOWTAP_VERSION);
			return -E2BIG;
		}
	if (opts->size >= log_end) {
		ret->log = opts->log;
		ret->log_arg = opts->log_arg;
	}
	r = strings_copy(&ret->sources, &opts->sources);
	for (const struct option *o = options; !r && o < options + N_OPTIONS; o++)
		if (o->desc.served && opts->size >= o->offset + o->width)
			r = field_copy(o, ret, opts);
	return r;
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

/* What a path or "-" stands for. */
static bool stat_file(const char *path, int fd_of_dash, struct stat *ret)
{
	return (strcmp(path, "-") ? stat(path, ret) : fstat(fd_of_dash, ret)) == 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The folder that `last`, the last part of path, is in. */
static bool stat_folder(const char *path, const char *last, struct stat *ret)
{
	char *folder = strndup(path, last - path);
	bool ok = folder && stat(*folder ? folder : ".", ret) == 0;

	free(folder);
	return ok;
}

/* Whether a file would be written and read, or written twice. Devices and
 * sockets may well be. Of two paths to a file that is not there yet, the folders
 * and the last part of the names are compared. */
static bool same_file(const char *a, int fd_a, const char *b, int fd_b)
{
	const char *name_a = last_part(a), *name_b = last_part(b);
	struct stat sa, sb;

	if (stat_file(a, fd_a, &sa))
		return (S_ISREG(sa.st_mode) || S_ISFIFO(sa.st_mode)) && stat_file(b, fd_b, &sb) &&
		       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
	return !stat_file(b, fd_b, &sb) && !strcmp(name_a, name_b) &&
	       stat_folder(a, name_a, &sa) && stat_folder(b, name_b, &sb) &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static int check_sources(const struct flowtap_opts *o, char *err, size_t err_size)
{
	size_t n_stdin = 0;

	if (!o->sources.n)
		return invalid(err, err_size, "no source is given");
	for (size_t i = 0; i < o->sources.n; i++) {
		if (!*o->sources.v[i])
			return invalid(err, err_size, "a source without a name");
		n_stdin += !strcmp(o->sources.v[i], "-");
	}
	if (n_stdin > 1)
		return invalid(err, err_size, "-: standard input can be read only once");
	return 0;
}

static int check_output(const struct flowtap_opts *o, size_t i, char *err, size_t err_size)
{
	const char *out = o->outputs.v[i];
	bool is_stdout = !strcmp(out, "-");
	const char *shown = is_stdout ? "standard output" : out;

	if (!*out)
		return invalid(err, err_size, "output: an empty name");
	if (is_stdout && o->flows_per_file)
		return invalid(err, err_size,
			       "flows_per_file: standard output cannot be cut into files");
	for (size_t k = 0; k < i; k++) {
		const char *other = o->outputs.v[k];

		if ((is_stdout && !strcmp(other, "-")) ||
		    same_file(out, STDOUT_FILENO, other, STDOUT_FILENO))
			return invalid(err, err_size, "output: %s is given twice", shown);
	}
	for (size_t k = 0; k < o->sources.n; k++)
		if (same_file(out, STDOUT_FILENO, o->sources.v[k], STDIN_FILENO))
			return invalid(err, err_size, "output: %s is a source as well", shown);
	return 0;
}

static int check_value(const struct option *o, const struct flowtap_opts *opts, char *err,
		       size_t err_size)
{
	const struct flowtap_option *d = &o->desc;
	char choices[128];

	if (d->type == FLOWTAP_OPTION_UINT) {
		uint64_t v = get_uint(o, opts);

		if (v < d->min || v > d->max)
			return invalid(err, err_size,
				       "%s: %" PRIu64 " is not a number from %" PRIu64
				       " to %" PRIu64, d->name, v, d->min, d->max);
	} else if (d->type == FLOWTAP_OPTION_TEXT) {
		const char *v = *(char *const *)((const char *)opts + o->offset);

		if (v && !is_choice(o, v))
			return invalid(err, err_size, "%s: '%s' is none of %s", d->name, v,
				       choices_text(o, choices, sizeof(choices)));
	}
	return 0;
}

int options_check(const struct flowtap_opts *opts, char *err, size_t err_size)
{
	int r = 0;

	for (const struct option *o = options; !r && o < options + N_OPTIONS; o++)
		if (o->desc.served)
			r = check_value(o, opts, err, err_size);
	if (!r)
		r = check_sources(opts, err, err_size);
	if (!r && opts->rotate_files && !opts->flows_per_file)
		r = invalid(err, err_size, "rotate_files: needs flows_per_file");
	if (!r && opts->flows_per_file && !opts->outputs.n)
		r = invalid(err, err_size, "flows_per_file: needs an output");
	for (size_t i = 0; !r && i < opts->outputs.n; i++)
		r = check_output(opts, i, err, err_size);
	return r;
}
