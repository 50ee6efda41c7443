/* golden - does the probe give the records that the reference gave?
 *
 *	golden [-v] [-u] [-c CONFIG]... [-n METERS]... [-m GLOB]...
 *
 * For each capture of $FLOWTAP_SHARED/pcaps (default ../shared beside the
 * project), configuration and number of meters (default: all captures and
 * configurations, 1 and 3 meters) it runs the probe within this process, and
 * compares
 *   - the records with $FLOWTAP_SHARED/golden/CONFIG/NAME.csv.gz or, where
 *     the reference is known to be wrong (golden/EXCEPTIONS), with ours,
 *     tests/golden/expected/NAME.CONFIG.csv;
 *   - the counters with each other and with the records;
 *   - with one meter, what the CSV sink wrote with what flowtap_value() said.
 * In configuration C the columns of layer 7 are left out: they depend on the
 * version of nDPI.
 *
 * -v names the tests that passed, too. -u writes the files in expected/: look
 * at what changed there.
 *
 * Must be called in the top folder of the project. The last line says how many
 * tests passed and failed. Exit status: 0 all passed, 1 not, 2 could not run,
 * 77 nothing to compare with. */

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "flowtap/flowtap.h"
#include "table.h"

#define EXPECTED "tests/golden/expected"
#define MAX_LIST 16

static const struct config {
	const char *name;
	const char *options[8][2];
	bool has_l7;
} configs[] = {
#define AS_A { "n_dissections", "0" }, { "statistical_analysis", "on" }, { "splt_analysis", "10" }
	{ "A", .options = { AS_A } },
	{ "B", .options = { AS_A, { "accounting_mode", "3" }, { "idle_timeout", "15" },
		 { "active_timeout", "60" } } },
	{ "C", .options = { { "n_dissections", "20" } }, .has_l7 = true },
	{ "D", .options = { AS_A, { "decode_tunnels", "off" } } },
	{ "E1", .options = { AS_A, { "accounting_mode", "1" } } },
	{ "E2", .options = { AS_A, { "accounting_mode", "2" } } },
#undef AS_A
};
#define N_CONFIGS (sizeof(configs) / sizeof(configs[0]))

/* What the command line and the environment say. */
static struct {
	const char *shared;
	const char *configs[MAX_LIST], *meters[MAX_LIST], *globs[MAX_LIST];
	size_t n_configs, n_meters, n_globs;
	bool verbose, update;
	char csv[64];		/* where the sink writes */
	char *exceptions;	/* text of that file */
} arg;

static size_t n_passed, n_failed;

/* A run of the probe. */
struct run {
	const char *capture;
	const struct config *config;
	const char *meters;
	bool with_csv;
	struct table got;
	uint64_t packets;	/* sum of bidirectional_packets */
	FILE *report;
};

static void test_done(const struct run *run, const char *what, bool ok, const char *report)
{
	n_passed += ok;
	n_failed += !ok;
	if (ok && !arg.verbose)
		return;
	printf("%s: %s of %s, configuration %s, %s meters\n", ok ? "ok" : "FAILED", what,
	       run->capture, run->config->name, run->meters);
	if (!ok)
		fputs(report, stdout);
	fflush(stdout);
}

/* ---- the counters ---- */

static uint64_t counter(const struct flowtap *x, const char *name, FILE *report)
{
	for (size_t i = 0; i < flowtap_counter_count(x); i++) {
		struct flowtap_counter c;

		if (flowtap_counter(x, i, &c) == 0 && !strcmp(c.name, name) && !c.text)
			return c.value;
	}
	fprintf(report, "    there is no counter %s\n", name);
	return UINT64_MAX;
}

static bool sum_holds(const struct flowtap *x, const char *total, const char *const *parts,
		      FILE *report)
{
	uint64_t want = counter(x, total, report), sum = 0;

	for (const char *const *p = parts; *p; p++)
		sum += counter(x, *p, report);
	if (sum == want)
		return true;
	fprintf(report, "    %s is %" PRIu64 ", its parts", total, want);
	for (const char *const *p = parts; *p; p++)
		fprintf(report, " %s", *p);
	fprintf(report, " are %" PRIu64 "\n", sum);
	return false;
}

#define SUM(x, report, total, ...) \
	sum_holds(x, total, (const char *const []){ __VA_ARGS__, NULL }, report)

static bool counters_hold(const struct flowtap *x, const struct run *run)
{
	FILE *f = run->report;
	bool ok = true;

	ok &= SUM(x, f, "packets_seen", "packets_filtered", "packets_sampled_out",
		  "packets_dropped", "packets_undecodable", "packets_metered");
	ok &= SUM(x, f, "packets_dropped", "dropped_ring_full", "dropped_fill_empty",
		  "dropped_kernel", "dropped_queue");
	ok &= SUM(x, f, "flows_created", "flows_exported", "flows_discarded",
		  "flows_sampled_out", "flows_filtered");
	ok &= SUM(x, f, "flows_created", "flows_expired_idle", "flows_expired_active",
		  "flows_expired_natural", "flows_expired_emergency", "flows_expired_custom",
		  "flows_expired_flush");
	if (counter(x, "packets_metered", f) != run->packets) {
		fprintf(f, "    packets_metered is %" PRIu64 ", the records have %" PRIu64 "\n",
			counter(x, "packets_metered", f), run->packets);
		ok = false;
	}
	if (counter(x, "flows_exported", f) != run->got.n_rows) {
		fprintf(f, "    flows_exported is %" PRIu64 " of %zu records\n",
			counter(x, "flows_exported", f), run->got.n_rows);
		ok = false;
	}
	return ok;
}

/* ---- running ---- */

static int opts_fill(struct flowtap_opts *o, const struct run *run)
{
	char path[PATH_MAX];
	int r;

	for (size_t i = 0; run->config->options[i][0]; i++) {
		r = flowtap_opts_set(o, run->config->options[i][0], run->config->options[i][1]);
		if (r < 0)
			return r;
	}
	r = flowtap_opts_set(o, "n_meters", run->meters);
	if (r == 0 && run->with_csv)
		r = flowtap_opts_set(o, "output", arg.csv);
	snprintf(path, sizeof(path), "%s/pcaps/%s", arg.shared, run->capture);
	return r < 0 ? r : flowtap_opts_add_source(o, path);
}

static int collect(struct flowtap *x, struct run *run)
{
	const struct flowtap_flow *flow;
	long id, packets;
	int r;

	r = table_columns_from(&run->got, x);
	if (r < 0)
		return r;
	id = table_column(&run->got, "id");
	packets = table_column(&run->got, "bidirectional_packets");
	while ((r = flowtap_next(x, &flow)) > 0) {
		size_t row = run->got.n_rows;

		r = table_add_flow(&run->got, flow);
		if (r < 0)
			return r;
		run->packets += strtoull(table_cell(&run->got, row, packets), NULL, 10);
		if (strtoull(table_cell(&run->got, row, id), NULL, 10) != row) {
			fprintf(run->report, "    record %zu has id %s\n", row,
				table_cell(&run->got, row, id));
			return -EPROTO;
		}
	}
	return r;
}

/* Returns false when it could not be done as it should. */
static bool run_probe(struct run *run)
{
	struct flowtap_opts o = FLOWTAP_OPTS();
	struct flowtap *x = NULL;
	bool ok = false;
	int r;

	r = opts_fill(&o, run);
	if (r == 0)
		r = flowtap_open(&x, &o);
	if (r == 0)
		r = collect(x, run);
	/* Of a damaged capture, the records of what could be read have to be right. */
	if (r == 0 || (x && r == -EBADMSG))
		ok = counters_hold(x, run);
	else
		fprintf(run->report, "    %s: %s\n", strerror(-r), flowtap_error(x));
	flowtap_close(x);
	flowtap_opts_free(&o);
	return ok;
}

/* ---- comparing ---- */

static bool is_exception(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = arg.exceptions; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!strncmp(p, name, n) && (p[n] == '\t' || p[n] == '\n' || !p[n]))
			return true;
	}
	return false;
}

static bool update_expected(const struct run *run, const char *path)
{
	FILE *f = fopen(path, "w");
	bool ok = f;

	if (f) {
		table_write_csv(&run->got, f, false);
		ok = !ferror(f);
		ok &= fclose(f) == 0;
	}
	if (!ok)
		fprintf(run->report, "    %s: %s\n", path, strerror(errno));
	return ok;
}

static bool records_right(const struct run *run)
{
	const struct compare_opts opts = {
		.tolerance = 1e-6, .ignore_l7 = run->config->has_l7, .ignore_id = true,
	};
	bool exception = is_exception(run->capture);
	struct table want;
	char path[PATH_MAX];
	int r;

	if (exception)
		snprintf(path, sizeof(path), EXPECTED "/%s.%s.csv", run->capture, run->config->name);
	else
		snprintf(path, sizeof(path), "%s/golden/%s/%s.csv.gz", arg.shared,
			 run->config->name, run->capture);
	if (exception && arg.update)
		return update_expected(run, path);
	r = table_read_csv(&want, path);
	if (r < 0)
		fprintf(run->report, "    %s: %s\n", path, strerror(-r));
	else
		r = compare_tables(&want, &run->got, &opts, run->report);
	table_free(&want);
	return r > 0;
}

static bool csv_right(const struct run *run)
{
	const struct compare_opts exactly = { 0 };
	struct table written;
	int r = table_read_csv(&written, arg.csv);

	if (r < 0)
		fprintf(run->report, "    what was written: %s\n", strerror(-r));
	else if (!written.n_columns)
		fprintf(run->report, "    the file has no header\n");
	else
		r = compare_tables(&written, &run->got, &exactly, run->report);
	table_free(&written);
	unlink(arg.csv);
	return r > 0;
}

static void test_run(const char *capture, const struct config *config, const char *meters)
{
	struct run run = {
		.capture = capture, .config = config, .meters = meters,
		.with_csv = !strcmp(meters, "1") && (!strcmp(config->name, "A") || config->has_l7),
	};
	char *report = NULL;
	size_t length;
	bool ran, right;

	run.report = open_memstream(&report, &length);
	if (!run.report)
		err(2, NULL);
	ran = run_probe(&run);
	right = records_right(&run);
	fflush(run.report);
	test_done(&run, "records", ran && right, report);
	if (run.with_csv) {
		rewind(run.report);
		right = csv_right(&run);
		fputc('\0', run.report);
		fflush(run.report);
		test_done(&run, "CSV", right, report);
	}
	fclose(run.report);
	free(report);
	table_free(&run.got);
}

/* ---- all of them ---- */

static bool is_wanted(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fnmatch(list[i], name, 0) == 0)
			return true;
	return n == 0;
}

static int is_golden(const struct dirent *e)
{
	return fnmatch("*.csv.gz", e->d_name, 0) == 0;
}

static void test_config(const struct config *config)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int n;

	snprintf(path, sizeof(path), "%s/golden/%s", arg.shared, config->name);
	n = scandir(path, &entries, is_golden, alphasort);
	if (n < 0)
		err(2, "%s", path);
	for (int i = 0; i < n; i++) {
		char *name = entries[i]->d_name;

		name[strlen(name) - strlen(".csv.gz")] = '\0';
		if (is_wanted(name, arg.globs, arg.n_globs))
			for (size_t m = 0; m < arg.n_meters; m++)
				test_run(name, config, arg.meters[m]);
		free(entries[i]);
	}
	free(entries);
}

static void add(const char **list, size_t *n, const char *what)
{
	if (*n == MAX_LIST)
		errx(2, "too many options");
	list[(*n)++] = what;
}

static void read_arguments(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "vuc:n:m:")) != -1) {
		switch (c) {
		case 'v':
			arg.verbose = true;
			break;
		case 'u':
			arg.update = true;
			break;
		case 'c':
			add(arg.configs, &arg.n_configs, optarg);
			break;
		case 'n':
			add(arg.meters, &arg.n_meters, optarg);
			break;
		case 'm':
			add(arg.globs, &arg.n_globs, optarg);
			break;
		default:
			exit(2);
		}
	}
	if (optind < argc)
		errx(2, "usage: golden [-v] [-u] [-c CONFIG]... [-n METERS]... [-m GLOB]...");
	if (!arg.n_meters) {
		add(arg.meters, &arg.n_meters, "1");
		add(arg.meters, &arg.n_meters, "3");
	}
}

static char *file_text(const char *path)
{
	char *text = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		err(2, "%s", path);
	if (getdelim(&text, &room, '\0', f) < 0)
		errx(2, "%s: empty", path);
	fclose(f);
	return text;
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	char path[PATH_MAX];

	arg.shared = getenv("FLOWTAP_SHARED");
	if (!arg.shared)
		arg.shared = "../shared";
	read_arguments(argc, argv);
	snprintf(path, sizeof(path), "%s/golden", arg.shared);
	if (access(path, R_OK) < 0) {
		printf("SKIPPED: %s: %s (FLOWTAP_SHARED names the folder)\n", path, strerror(errno));
		return 77;
	}
	strcat(path, "/EXCEPTIONS");
	arg.exceptions = file_text(path);
	snprintf(arg.csv, sizeof(arg.csv), "%.32s/golden-%d.csv", tmp ? tmp : "/tmp", getpid());

	for (size_t i = 0; i < N_CONFIGS; i++)
		if (is_wanted(configs[i].name, arg.configs, arg.n_configs))
			test_config(&configs[i]);
	free(arg.exceptions);
	printf("%zu passed, %zu failed\n", n_passed, n_failed);
	return n_failed || !n_passed;
}
