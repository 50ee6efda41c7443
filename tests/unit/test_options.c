/* The option table, and what is done by it. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/error.h"
#include "options.h"

static char err[512];

static const struct flowtap_option *by_name(const char *name)
{
	for (size_t i = 0; i < flowtap_option_count(); i++)
		if (!strcmp(flowtap_option(i)->name, name))
			return flowtap_option(i);
	fail_msg("no option %s", name);
	return NULL;
}

/* FLOWTAP_OPTS() and the table say the defaults twice; here they are held
 * equal. */
static void defaults_of_the_table_are_those_of_the_macro(void **state)
{
	static struct flowtap_opts from_macro, from_table;	/* padding is zero */

	(void)state;
	from_macro = FLOWTAP_OPTS();
	from_table = (struct flowtap_opts){
		.size = sizeof(from_table), .decode_tunnels = false, .statistical_analysis = true,
		.tcp_expiration = true, .accounting_mode = 99, .n_dissections = 99,
		.splt_analysis = 99, .n_meters = 99, .idle_timeout = 99, .active_timeout = 99,
		.max_nflows = 99, .max_active_flows = 99, .flows_per_file = 99, .rotate_files = 99,
	};
	for (size_t i = 0; i < flowtap_option_count(); i++) {
		const struct flowtap_option *o = flowtap_option(i);

		if (o->served &&
		    (o->type == FLOWTAP_OPTION_BOOL || o->type == FLOWTAP_OPTION_UINT))
			assert_int_equal(flowtap_opts_set(&from_table, o->name, o->default_text),
					 0);
	}
	assert_memory_equal(&from_table, &from_macro, sizeof(from_macro));
}

static void names_and_letters_are_used_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < flowtap_option_count(); i++) {
		const struct flowtap_option *a = flowtap_option(i);

		assert_true(*a->doc && *a->group && a->doc[strlen(a->doc) - 1] == '.');
		assert_int_equal(a->type == FLOWTAP_OPTION_BOOL, !*a->metavar);
		for (size_t k = 0; k < i; k++) {
			const struct flowtap_option *b = flowtap_option(k);

			assert_string_not_equal(a->name, b->name);
			assert_true(!a->short_name || a->short_name != b->short_name);
		}
	}
	assert_null(flowtap_option(flowtap_option_count()));
}

/* The interface is fixed: names, letters, defaults. */
static void the_interface_is_as_it_was_agreed(void **state)
{
	static const struct { const char *name; char letter; const char *value; } agreed[] = {
		{ "output", 'o', "" }, { "format", 'f', "csv" }, { "columns", 0, "" },
		{ "bpf_filter", 'F', "" }, { "snapshot_length", 's', "1536" },
		{ "socket_buffer_size", 0, "0" }, { "promiscuous_mode", 0, "on" },
		{ "decode_tunnels", 0, "on" }, { "idle_timeout", 0, "120" },
		{ "active_timeout", 0, "1800" }, { "accounting_mode", 0, "0" },
		{ "n_dissections", 0, "20" }, { "statistical_analysis", 0, "off" },
		{ "splt_analysis", 0, "0" }, { "max_nflows", 0, "0" }, { "n_meters", 0, "0" },
		{ "performance_report", 0, "0" }, { "system_visibility_mode", 0, "0" },
		{ "system_visibility_poll_ms", 0, "100" }, { "anonymize", 0, "" },
		{ "flows_per_file", 0, "0" }, { "rotate_files", 0, "0" }, { "plugin", 0, "" },
		{ "capture_mode", 0, "auto" }, { "tcp_expiration", 0, "off" },
		{ "max_active_flows", 0, "0" }, { "packet_sampling", 0, "" },
		{ "flow_sampling", 0, "" }, { "flow_filter", 0, "" }, { "metrics", 0, "" },
		{ "user", 0, "" }, { "busy_poll", 0, "off" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(agreed) / sizeof(agreed[0]); i++) {
		const struct flowtap_option *o = by_name(agreed[i].name);

		assert_int_equal(o->short_name, agreed[i].letter);
		assert_string_equal(o->default_text, agreed[i].value);
	}
	assert_int_equal(flowtap_option_count(), sizeof(agreed) / sizeof(agreed[0]));
}

static void every_number_is_held_to_its_range(void **state)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "a",
					   "18446744073709551616", "99999999999999999999999" };
	struct flowtap_opts o = FLOWTAP_OPTS();
	char text[32];

	(void)state;
	for (size_t i = 0; i < flowtap_option_count(); i++) {
		const struct flowtap_option *d = flowtap_option(i);

		if (!d->served || d->type != FLOWTAP_OPTION_UINT)
			continue;
		snprintf(text, sizeof(text), "%llu", (unsigned long long)d->max);
		assert_int_equal(flowtap_opts_set(&o, d->name, text), 0);
		for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
			assert_int_equal(flowtap_opts_set(&o, d->name, bad[k]), -EINVAL);
			assert_int_equal(strncmp(error_text(), d->name, strlen(d->name)), 0);
			assert_non_null(strstr(error_text(), text));	/* the range */
		}
		if (d->max < UINT64_MAX) {
			snprintf(text, sizeof(text), "%llu", (unsigned long long)d->max + 1);
			assert_int_equal(flowtap_opts_set(&o, d->name, text), -EINVAL);
		}
	}
	assert_int_equal(o.n_dissections, 255);
	assert_int_equal(o.max_nflows, UINT64_MAX);
	flowtap_opts_free(&o);
}

static void dashes_and_underscores_are_one(void **state)
{
	struct flowtap_opts o = FLOWTAP_OPTS();

	(void)state;
	assert_int_equal(flowtap_opts_set(&o, "idle-timeout", "5"), 0);
	assert_int_equal(o.idle_timeout, 5);
	assert_int_equal(flowtap_opts_set(&o, "idle_timeout", "6"), 0);
	assert_int_equal(o.idle_timeout, 6);
	assert_int_equal(flowtap_opts_set(&o, "idle_timeouts", "6"), -ENOENT);
	assert_int_equal(flowtap_opts_set(&o, "idle", "6"), -ENOENT);
	assert_int_equal(flowtap_opts_set(&o, "", "6"), -ENOENT);
}

static void switches_take_words(void **state)
{
	struct flowtap_opts o = FLOWTAP_OPTS();

	(void)state;
	assert_int_equal(flowtap_opts_set(&o, "decode_tunnels", "off"), 0);
	assert_false(o.decode_tunnels);
	assert_int_equal(flowtap_opts_set(&o, "decode_tunnels", "true"), 0);
	assert_true(o.decode_tunnels);
	assert_int_equal(flowtap_opts_set(&o, "decode_tunnels", "2"), -EINVAL);
	assert_int_equal(flowtap_opts_set(&o, "decode_tunnels", ""), -EINVAL);
	assert_true(o.decode_tunnels);
}

static void lists_grow_and_texts_are_replaced(void **state)
{
	struct flowtap_opts o = FLOWTAP_OPTS();

	(void)state;
	assert_int_equal(flowtap_opts_set(&o, "output", "a,b.csv"), 0);
	assert_int_equal(flowtap_opts_set(&o, "output", "-"), 0);
	assert_int_equal(flowtap_opts_set(&o, "output", ""), -EINVAL);
	assert_int_equal(o.outputs.n, 2);
	assert_string_equal(o.outputs.v[0], "a,b.csv");
	assert_int_equal(flowtap_opts_set(&o, "columns", "id,src_ip"), 0);
	assert_int_equal(flowtap_opts_set(&o, "columns", "dst_ip"), 0);
	assert_int_equal(o.columns.n, 3);
	assert_string_equal(o.columns.v[1], "src_ip");
	assert_string_equal(o.columns.v[2], "dst_ip");
	assert_int_equal(flowtap_opts_set(&o, "columns", "id,,src_ip"), -EINVAL);
	assert_int_equal(flowtap_opts_set(&o, "columns", "id,"), -EINVAL);
	assert_int_equal(flowtap_opts_set(&o, "bpf_filter", "tcp"), 0);
	assert_int_equal(flowtap_opts_set(&o, "bpf_filter", "udp"), 0);
	assert_string_equal(o.bpf_filter, "udp");
	assert_int_equal(flowtap_opts_set(&o, "format", "NDJSON"), 0);
	assert_int_equal(flowtap_opts_set(&o, "format", "xml"), -EINVAL);
	assert_string_equal(o.format, "NDJSON");
	flowtap_opts_free(&o);
	flowtap_opts_free(&o);	/* what is freed is gone from the struct */
	assert_null(o.bpf_filter);
	flowtap_opts_free(NULL);
}

/* A format of the interface that has no writer yet is refused as such. */
static void what_is_not_served_is_refused_by_name(void **state)
{
	struct flowtap_opts o = FLOWTAP_OPTS(), before = o;

	(void)state;
	for (size_t i = 0; i < flowtap_option_count(); i++) {
		const struct flowtap_option *d = flowtap_option(i);

		if (d->served)
			continue;
		assert_int_equal(flowtap_opts_set(&o, d->name, d->default_text), -ENOTSUP);
		assert_int_equal(strncmp(error_text(), d->name, strlen(d->name)), 0);
	}
	assert_int_equal(flowtap_opts_set(&o, "format", "ipfix"), -ENOTSUP);
	assert_memory_equal(&o, &before, sizeof(o));
}

static void fill(struct flowtap_opts *o)
{
	assert_int_equal(flowtap_opts_add_source(o, "a.pcap"), 0);
	assert_int_equal(flowtap_opts_set(o, "output", "x.csv"), 0);
	assert_int_equal(flowtap_opts_set(o, "format", "csv"), 0);
	assert_int_equal(flowtap_opts_set(o, "columns", "id,src_ip"), 0);
	assert_int_equal(flowtap_opts_set(o, "anonymize", "src_ip"), 0);
	assert_int_equal(flowtap_opts_set(o, "bpf_filter", "tcp"), 0);
	assert_int_equal(flowtap_opts_set(o, "max_nflows", "7"), 0);
	assert_int_equal(flowtap_opts_set(o, "rotate_files", "8"), 0);
}

static void a_copy_shares_nothing_with_the_original(void **state)
{
	struct flowtap_opts o = FLOWTAP_OPTS(.log_arg = &o), c;

	(void)state;
	fill(&o);
	assert_int_equal(options_copy(&c, &o, err, sizeof(err)), 0);
	flowtap_opts_free(&o);
	assert_string_equal(c.sources.v[0], "a.pcap");
	assert_string_equal(c.outputs.v[0], "x.csv");
	assert_string_equal(c.columns.v[1], "src_ip");
	assert_string_equal(c.anonymize.v[0], "src_ip");
	assert_string_equal(c.bpf_filter, "tcp");
	assert_string_equal(c.format, "csv");
	assert_int_equal(c.max_nflows, 7);
	assert_int_equal(c.rotate_files, 8);
	assert_int_equal(c.n_dissections, 20);
	assert_ptr_equal(c.log_arg, &o);
	flowtap_opts_free(&c);
}

/* A program of the day when a field was not there yet: what stands behind its
 * struct in memory is neither read, nor written, nor freed. */
static void a_smaller_struct_keeps_its_bounds(void **state)
{
	size_t size = offsetof(struct flowtap_opts, bpf_filter);
	struct flowtap_opts o = FLOWTAP_OPTS(), c;
	char *small;

	(void)state;
	o.size = size;
	small = malloc(size);	/* the sanitizer watches its end */
	assert_non_null(small);
	memcpy(small, &o, size);
	assert_int_equal(flowtap_opts_set((void *)small, "columns", "id"), 0);
	assert_int_equal(flowtap_opts_set((void *)small, "bpf_filter", "tcp"), -ENOTSUP);
	assert_int_equal(flowtap_opts_set((void *)small, "rotate_files", "3"), -ENOTSUP);
	assert_int_equal(options_copy(&c, (void *)small, err, sizeof(err)), 0);
	assert_int_equal(c.size, sizeof(c));
	assert_string_equal(c.columns.v[0], "id");
	assert_null(c.bpf_filter);
	assert_int_equal(c.idle_timeout, 120);
	assert_true(c.decode_tunnels);
	flowtap_opts_free(&c);
	flowtap_opts_free((void *)small);
	free(small);
}

static void a_larger_struct_may_only_add_zeros(void **state)
{
	struct {
		struct flowtap_opts o;
		uint64_t later;
	} big = { .o = FLOWTAP_OPTS() };
	struct flowtap_opts c;

	(void)state;
	big.o.size = sizeof(big);
	assert_int_equal(options_copy(&c, &big.o, err, sizeof(err)), 0);
	big.later = 1;
	assert_int_equal(options_copy(&c, &big.o, err, sizeof(err)), -E2BIG);
	big.o.size = 0;		/* not begun by FLOWTAP_OPTS() */
	assert_int_equal(options_copy(&c, &big.o, err, sizeof(err)), -EINVAL);
	flowtap_opts_free(&c);	/* as the caller does after a failure */
}

/* Whether options with these values are refused, and why. */
static void check(int expected, const char *text, const char *source,
		  const char *const (*settings)[2], size_t n)
{
	struct flowtap_opts o = FLOWTAP_OPTS();

	assert_int_equal(flowtap_opts_add_source(&o, source), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(flowtap_opts_set(&o, settings[i][0], settings[i][1]), 0);
	*err = 0;
	assert_int_equal(options_check(&o, err, sizeof(err)), expected);
	if (!strstr(err, text))
		fail_msg("'%s' lacks '%s'", err, text);
	flowtap_opts_free(&o);
}

#define CHECK(expected, text, source, ...) do { \
	const char *const settings[][2] = { { "n_meters", "1" }, ##__VA_ARGS__ }; \
	check(expected, text, source, settings, sizeof(settings) / sizeof(settings[0])); \
} while (0)

static void contradictions_are_refused(void **state)
{
	(void)state;
	CHECK(0, "", "in.pcap");
	CHECK(0, "", "in.pcap", { "output", "-" }, { "output", "out.csv" });
	CHECK(-EINVAL, "rotate_files: needs flows_per_file", "in.pcap", { "rotate_files", "3" },
	      { "output", "out.csv" });
	CHECK(0, "", "in.pcap", { "rotate_files", "3" }, { "flows_per_file", "3" },
	      { "output", "out.csv" });
	CHECK(-EINVAL, "flows_per_file: needs an output", "in.pcap", { "flows_per_file", "3" });
	CHECK(-EINVAL, "standard output cannot", "in.pcap", { "flows_per_file", "3" },
	      { "output", "out.csv" }, { "output", "-" });
	CHECK(-EINVAL, "standard output is given twice", "in.pcap", { "output", "-" },
	      { "output", "-" });
	CHECK(-EINVAL, "source without a name", "");
}

static void numbers_put_in_by_hand_are_checked_as_well(void **state)
{
	struct flowtap_opts o = FLOWTAP_OPTS(.accounting_mode = 4);

	(void)state;
	assert_int_equal(flowtap_opts_add_source(&o, "in.pcap"), 0);
	assert_int_equal(options_check(&o, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "accounting_mode"));
	o.accounting_mode = 3;
	o.idle_timeout = UINT64_MAX;	/* more than fits into ms */
	assert_int_equal(options_check(&o, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "idle_timeout"));
	o.idle_timeout = 1;
	o.format = strdup("xml");
	assert_int_equal(options_check(&o, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "format"));
	flowtap_opts_free(&o);
}

static void something_must_be_read_and_standard_input_but_once(void **state)
{
	struct flowtap_opts o = FLOWTAP_OPTS();

	(void)state;
	assert_int_equal(options_check(&o, err, sizeof(err)), -EINVAL);
	assert_int_equal(flowtap_opts_add_source(&o, "-"), 0);
	assert_int_equal(options_check(&o, err, sizeof(err)), 0);
	assert_int_equal(flowtap_opts_add_source(&o, "-"), 0);
	assert_int_equal(options_check(&o, err, sizeof(err)), -EINVAL);
	flowtap_opts_free(&o);
}

/* The same file by another name: a source would be overwritten by its own
 * records. */
static void files_are_known_under_any_name(void **state)
{
	char dir[] = P_tmpdir "/flowtap-options-XXXXXX", before[4096];
	int fd;

	(void)state;
	assert_non_null(getcwd(before, sizeof(before)));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	fd = open("in.pcap", O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(symlink("in.pcap", "link.csv"), 0);
	assert_int_equal(link("in.pcap", "hard.csv"), 0);

	CHECK(-EINVAL, "is a source", "in.pcap", { "output", "in.pcap" });
	CHECK(-EINVAL, "is a source", "in.pcap", { "output", "./in.pcap" });
	CHECK(-EINVAL, "is a source", "in.pcap", { "output", "link.csv" });
	CHECK(-EINVAL, "is a source", "in.pcap", { "output", "hard.csv" });
	CHECK(-EINVAL, "given twice", "in.pcap", { "output", "new.csv" },
	      { "output", "./new.csv" });
	CHECK(0, "", "in.pcap", { "output", "new.csv" }, { "output", "new.ndjson" });
	CHECK(0, "", "in.pcap", { "output", "/dev/null" }, { "output", "/dev/null" });

	unlink("in.pcap");
	unlink("link.csv");
	unlink("hard.csv");
	assert_int_equal(chdir(before), 0);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_of_the_table_are_those_of_the_macro),
		cmocka_unit_test(names_and_letters_are_used_once),
		cmocka_unit_test(the_interface_is_as_it_was_agreed),
		cmocka_unit_test(every_number_is_held_to_its_range),
		cmocka_unit_test(dashes_and_underscores_are_one),
		cmocka_unit_test(switches_take_words),
		cmocka_unit_test(lists_grow_and_texts_are_replaced),
		cmocka_unit_test(what_is_not_served_is_refused_by_name),
		cmocka_unit_test(a_copy_shares_nothing_with_the_original),
		cmocka_unit_test(a_smaller_struct_keeps_its_bounds),
		cmocka_unit_test(a_larger_struct_may_only_add_zeros),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(numbers_put_in_by_hand_are_checked_as_well),
		cmocka_unit_test(something_must_be_read_and_standard_input_but_once),
		cmocka_unit_test(files_are_known_under_any_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
