/* Sinks: what a record looks like as CSV and NDJSON, and what becomes of files,
 * chunks, pipes and full disks. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink/anonymize.h"
#include "sink/sink.h"

/* ---- records of our own ---- */

struct flow {
	const char *text;
	double f64;
	const int64_t *list;
	uint32_t n;
};

static void get_id(const struct record *r, struct flowtap_value *v)
{
	v->type = FLOWTAP_U64;
	v->u64 = r->id;
}

static void get_expiration_id(const struct record *r, struct flowtap_value *v)
{
	(void)r;
	v->type = FLOWTAP_I64;
	v->i64 = -1;
}

static void get_text(const struct record *r, struct flowtap_value *v)
{
	v->type = FLOWTAP_TEXT;
	v->text.ptr = r->flow->text;
	v->text.len = strlen(r->flow->text);
}

static void get_mean(const struct record *r, struct flowtap_value *v)
{
	v->type = FLOWTAP_F64;
	v->f64 = r->flow->f64;
}

static void get_list(const struct record *r, struct flowtap_value *v)
{
	v->type = FLOWTAP_LIST;
	v->list.ptr = r->flow->list;
	v->list.n = r->flow->n;
	v->list.width = 8;
}

static void get_bytes_list(const struct record *r, struct flowtap_value *v)
{
	static const int8_t list[] = { 0, 1, -1 };

	(void)r;
	v->type = FLOWTAP_LIST;
	v->list.ptr = list;
	v->list.n = 3;
	v->list.width = 1;
}

static const struct feature id = { { "id", FLOWTAP_U64, 0, "", "" }, get_id };
static const struct feature expiration_id = { { "expiration_id", FLOWTAP_I64, 0, "", "" },
					      get_expiration_id };
static const struct feature text = { { "text", FLOWTAP_TEXT, 0, "", "" }, get_text };
static const struct feature mean = { { "mean", FLOWTAP_F64, 0, "", "" }, get_mean };
static const struct feature list = { { "list", FLOWTAP_LIST, 0, "", "" }, get_list };
static const struct feature splt = { { "splt", FLOWTAP_LIST, 0, "", "" }, get_bytes_list };
static const struct feature odd = {
	{ "a \"quoted\", very long name of a column that a plugin may give", FLOWTAP_U64, 0, "", "" },
	get_id
};

static const struct column all[] = {
	{ &id, false }, { &expiration_id, false }, { &text, false },
	{ &mean, false }, { &list, false }, { &splt, false },
};
static const struct column only_id[] = { { &id, false } };
static const struct column only_text[] = { { &text, false } };

#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])

static const int64_t numbers[] = { 0, 1500, -1, INT64_MIN, INT64_MAX };

static struct record record_of(const struct flow *f, uint64_t n)
{
	return (struct record){ .flow = f, .id = n };
}

/* ---- a directory for each test ---- */

static char dir[256];
static char err[512];

static int enter_directory(void **state)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/flowtap-test-XXXXXX", tmp ? tmp : P_tmpdir);
	(void)state;
	err[0] = 0;
	return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static void empty_directory(const char *path)
{
	char name[512];
	struct dirent *e;
	DIR *d = opendir(path);

	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (unlink(name) < 0) {
			empty_directory(name);
			rmdir(name);
		}
	}
	if (d)
		closedir(d);
}

static int leave_directory(void **state)
{
	(void)state;
	empty_directory(dir);
	return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static int count_files(void)
{
	struct dirent *e;
	DIR *d = opendir(".");
	int n = 0;

	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static char *read_all(const char *path)
{
	static char content[1 << 20];
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		fail_msg("there is no %s", path);
	n = fread(content, 1, sizeof(content) - 1, f);
	fclose(f);
	content[n] = 0;
	return content;
}

static void assert_content(const char *path, const char *want)
{
	assert_string_equal(read_all(path), want);
}

static struct sink *open_sink(struct sink_opts o)
{
	struct sink *s;
	int r = sink_open(&s, &o, err, sizeof(err));

	if (r < 0)
		fail_msg("%s: %s", o.dest, err);
	return s;
}

static void write_ids(struct sink *s, uint64_t from, uint64_t n)
{
	const struct flow f = { .text = "" };

	for (uint64_t i = from; i < from + n; i++) {
		struct record r = record_of(&f, i);

		assert_int_equal(sink_write(s, &r), 0);
	}
}

static void finish(struct sink *s)
{
	assert_int_equal(sink_finish(s), 0);
	sink_close(s);
}

static void write_one(struct sink_opts o, const struct flow *f)
{
	struct record r = record_of(f, 7);
	struct sink *s = open_sink(o);

	assert_int_equal(sink_write(s, &r), 0);
	finish(s);
}

/* ---- CSV ---- */

static void csv_has_a_header_and_a_line_for_each_record(void **state)
{
	const struct flow f = { "example.org", 33.25, numbers, 3 };

	(void)state;
	write_one((struct sink_opts){ .dest = "o.csv", COLUMNS(all) }, &f);
	assert_content("o.csv", "id,expiration_id,text,mean,list,splt\n"
				"7,-1,example.org,33.25,\"[0, 1500, -1]\",\"[0, 1, -1]\"\n");
}

static void check_csv_text(const char *value, const char *line)
{
	const struct flow f = { .text = value };
	char want[256];

	write_one((struct sink_opts){ .dest = "o.csv", COLUMNS(only_text) }, &f);
	snprintf(want, sizeof(want), "text\n%s\n", line);
	assert_content("o.csv", want);
}

/* Text of more than eight bytes is searched in words. */
static void csv_quotes_only_what_needs_it(void **state)
{
	char value[32], want[64];

	(void)state;
	check_csv_text("plain", "plain");
	check_csv_text(" blanks; and 'others' ", " blanks; and 'others' ");
	check_csv_text("a,b", "\"a,b\"");
	check_csv_text("say \"no\"", "\"say \"\"no\"\"\"");
	check_csv_text("\"", "\"\"\"\"");
	check_csv_text("two\nlines", "\"two\nlines\"");
	check_csv_text("return\r", "\"return\r\"");
	check_csv_text("gr\xc3\xbc\xc3\x9f" "e \xe2\x82\xac", "gr\xc3\xbc\xc3\x9f" "e \xe2\x82\xac");
	for (size_t at = 0; at < 20; at++)
		for (const char *c = ",\n\r\"!#-+\xac\xa2"; *c; c++) {
			bool quotes = strchr(",\n\r\"", *c);

			memset(value, 'x', 20);
			value[20] = 0;
			value[at] = *c;
			snprintf(want, sizeof(want), "%s%.*s%s%c%s%s", quotes ? "\"" : "", (int)at,
				 value, *c == '"' ? "\"" : "", *c, value + at + 1,
				 quotes ? "\"" : "");
			check_csv_text(value, want);
		}
}

/* A reader would pass over an empty line. */
static void csv_line_of_one_empty_text_is_not_empty(void **state)
{
	(void)state;
	check_csv_text("", "\"\"");
}

static void csv_empty_text_among_others_is_nothing(void **state)
{
	const struct column two[] = { { &text, false }, { &text, false } };
	const struct flow f = { .text = "" };

	(void)state;
	write_one((struct sink_opts){ .dest = "o.csv", COLUMNS(two) }, &f);
	assert_content("o.csv", "text,text\n,\n");
}

static void csv_lists_without_a_comma_have_no_quotes(void **state)
{
	const struct column one[] = { { &list, false } };
	const struct flow none = { .n = 0 }, single = { .list = numbers + 1, .n = 1 };
	const struct flow extreme = { .list = numbers + 3, .n = 2 };

	(void)state;
	write_one((struct sink_opts){ .dest = "o.csv", COLUMNS(one) }, &none);
	assert_content("o.csv", "list\n[]\n");
	write_one((struct sink_opts){ .dest = "o.csv", COLUMNS(one) }, &single);
	assert_content("o.csv", "list\n[1500]\n");
	write_one((struct sink_opts){ .dest = "o.csv", COLUMNS(one) }, &extreme);
	assert_content("o.csv", "list\n\"[-9223372036854775808, 9223372036854775807]\"\n");
}

static void names_of_columns_are_quoted_as_text_is(void **state)
{
	const struct column one[] = { { &odd, false } };
	const struct flow f = { .text = "" };

	(void)state;
	write_one((struct sink_opts){ .dest = "o.csv", COLUMNS(one) }, &f);
	assert_content("o.csv", "\"a \"\"quoted\"\", very long name of a column that a plugin "
				"may give\"\n7\n");
	write_one((struct sink_opts){ .dest = "o.json", COLUMNS(one) }, &f);
	assert_content("o.json", "{\"a \\\"quoted\\\", very long name of a column that a plugin "
				 "may give\":7}\n");
}

/* ---- NDJSON ---- */

static void ndjson_is_an_object_a_line(void **state)
{
	const struct flow f = { "example.org", 1e-5, numbers, 3 };

	(void)state;
	write_one((struct sink_opts){ .dest = "o.ndjson", COLUMNS(all) }, &f);
	assert_content("o.ndjson", "{\"id\":7,\"expiration_id\":-1,\"text\":\"example.org\","
				   "\"mean\":1e-05,\"list\":[0,1500,-1],\"splt\":[0,1,-1]}\n");
}

static void check_json_text(const char *value, const char *escaped)
{
	const struct flow f = { .text = value };
	char want[256];

	write_one((struct sink_opts){ .dest = "o.json", COLUMNS(only_text) }, &f);
	snprintf(want, sizeof(want), "{\"text\":\"%s\"}\n", escaped);
	assert_content("o.json", want);
}

static void ndjson_escapes_what_rfc_8259_demands(void **state)
{
	char value[32], want[64], code[8];

	(void)state;
	check_json_text("", "");
	check_json_text("\b\f\n\r\t\"\\/", "\\b\\f\\n\\r\\t\\\"\\\\/");
	check_json_text("\x01\x1f\x7f", "\\u0001\\u001f\x7f");
	check_json_text("gr\xc3\xbc\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x98\x80",
			"gr\xc3\xbc\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x98\x80");
	for (size_t at = 0; at < 20; at++)
		for (unsigned c = 1; c < 256; c++) {
			if (strchr("\b\f\n\r\t", c))
				continue;
			memset(value, 'x', 20);
			value[20] = 0;
			value[at] = c;
			snprintf(code, sizeof(code), c < 0x20 ? "\\u%04x" :
				 c == '"' || c == '\\' ? "\\%c" : "%c", c);
			snprintf(want, sizeof(want), "%.*s%s%s", (int)at, value, code,
				 value + at + 1);
			check_json_text(value, want);
		}
}

/* JSON has no such numbers; a line that no parser takes is worse than null. */
static void ndjson_has_null_for_what_is_no_number(void **state)
{
	const struct column one[] = { { &mean, false } };
	const struct flow f = { .f64 = NAN };

	(void)state;
	write_one((struct sink_opts){ .dest = "o.json", COLUMNS(one) }, &f);
	assert_content("o.json", "{\"mean\":null}\n");
}

static void ndjson_empty_list_is_an_empty_array(void **state)
{
	const struct column one[] = { { &list, false } };
	const struct flow f = { .n = 0 };

	(void)state;
	write_one((struct sink_opts){ .dest = "o.json", COLUMNS(one) }, &f);
	assert_content("o.json", "{\"list\":[]}\n");
}

/* ---- both ---- */

/* Far more than the buffer: all six bytes of an escape for each of them. */
static void a_record_larger_than_the_buffer_is_whole(void **state)
{
	enum { N = 150000 };
	char *value = malloc(N + 1), *content;
	struct flow f = { .text = value };

	(void)state;
	memset(value, 1, N);
	value[N] = 0;
	write_one((struct sink_opts){ .dest = "o.json", COLUMNS(only_text) }, &f);
	content = read_all("o.json");
	assert_int_equal(strlen(content), 6 * N + strlen("{\"text\":\"\"}\n"));
	assert_memory_equal(content, "{\"text\":\"\\u0001", 15);
	assert_string_equal(content + strlen(content) - 9, "\\u0001\"}\n");

	memset(value, '"', N);
	write_one((struct sink_opts){ .dest = "o.csv", COLUMNS(only_text) }, &f);
	assert_int_equal(strlen(read_all("o.csv")), 2 * N + strlen("text\n\"\"\n"));
	free(value);
}

static void many_records_all_arrive_in_order(void **state)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = "o.csv", COLUMNS(only_id) });
	unsigned long long n, want = 0;
	char line[64];
	FILE *in;

	(void)state;
	write_ids(s, 0, 200000);
	finish(s);
	in = fopen("o.csv", "r");
	assert_non_null(fgets(line, sizeof(line), in));
	assert_string_equal(line, "id\n");
	while (fscanf(in, "%llu\n", &n) == 1)
		assert_int_equal(n, want++);
	fclose(in);
	assert_int_equal(want, 200000);
}

static void flush_hands_over_what_was_buffered(void **state)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = "o.csv", COLUMNS(only_id) });

	(void)state;
	write_ids(s, 0, 2);
	assert_content("o.csv", "");
	assert_int_equal(sink_flush(s), 0);
	assert_content("o.csv", "id\n0\n1\n");
	finish(s);
}

/* Whoever stops early keeps the records that he was given. */
static void closing_without_finish_keeps_the_records(void **state)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = "o.csv", COLUMNS(only_id) });

	(void)state;
	write_ids(s, 0, 2);
	sink_close(s);
	assert_content("o.csv", "id\n0\n1\n");
	sink_close(NULL);
}

static void a_pseudonym_is_text_and_the_same_in_every_column_and_sink(void **state)
{
	const uint8_t key[ANONYMIZER_KEY_BYTES] = { 1 };
	const struct column hidden[] = { { &id, true }, { &text, true }, { &text, false } };
	const struct flow f = { .text = "7" };	/* the id as well */
	char want[400], hex[PSEUDONYM_LEN + 1] = "";
	struct flowtap_value v = { .type = FLOWTAP_U64, .u64 = 7 };
	struct sink_opts o = { .dest = "o.csv", COLUMNS(hidden) };

	(void)state;
	assert_int_equal(anonymizer_new(&o.anonymizer, key), 0);
	anonymize(o.anonymizer, &v, hex);
	write_one(o, &f);
	snprintf(want, sizeof(want), "id,text,text\n%s,%s,7\n", hex, hex);
	assert_content("o.csv", want);
	o.dest = "o.json";
	write_one(o, &f);
	snprintf(want, sizeof(want), "{\"id\":\"%s\",\"text\":\"%s\",\"text\":\"7\"}\n", hex, hex);
	assert_content("o.json", want);
	anonymizer_free(o.anonymizer);
}

/* ---- which format ---- */

static void check_format(const char *dest, const char *format, const char *content)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = dest, .format = format,
						       COLUMNS(only_id) });

	write_ids(s, 0, 1);
	finish(s);
	assert_content(dest, content);
	unlink(dest);
}

static void extension_decides_then_the_option_then_csv(void **state)
{
	const char *csv = "id\n0\n", *json = "{\"id\":0}\n";

	(void)state;
	assert_int_equal(mkdir("dir.json", 0777), 0);
	check_format("a.csv", "ndjson", csv);
	check_format("a.CSV", "ndjson", csv);
	check_format("a.json", NULL, json);
	check_format("a.ndjson", "csv", json);
	check_format("a.log", "ndjson", json);
	check_format("a", "ndjson", json);
	check_format("a", NULL, csv);
	check_format("a.log", NULL, csv);
	check_format(".json", NULL, csv);
	check_format("dir.json/a", NULL, csv);
}

static void check_refused(struct sink_opts o, int r, const char *line)
{
	struct sink *s = NULL;

	assert_int_equal(sink_open(&s, &o, err, sizeof(err)), r);
	assert_null(s);
	assert_string_equal(err, line);
	assert_null(strchr(err, '\n'));
	assert_int_equal(count_files(), 0);
}

static void what_is_not_served_is_refused_with_a_line(void **state)
{
	(void)state;
	check_refused((struct sink_opts){ .dest = "a.ipfix", COLUMNS(only_id) }, -ENOTSUP,
		      "a.ipfix: this build cannot write the format ipfix");
	check_refused((struct sink_opts){ .dest = "a", .format = "ipfix", COLUMNS(only_id) },
		      -ENOTSUP, "a: this build cannot write the format ipfix");
	check_refused((struct sink_opts){ .dest = "kafka://h:9092/t", COLUMNS(only_id) }, -ENOTSUP,
		      "kafka://h:9092/t: this build cannot write to kafka://");
	check_refused((struct sink_opts){ .dest = "mqtt://h/t", COLUMNS(only_id) }, -ENOTSUP,
		      "mqtt://h/t: this build cannot write to mqtt://");
	check_refused((struct sink_opts){ .dest = "zmq://h:1", COLUMNS(only_id) }, -ENOTSUP,
		      "zmq://h:1: this build cannot write to zmq://");
	check_refused((struct sink_opts){ .dest = "ipfix+tcp://h:1", COLUMNS(only_id) }, -ENOTSUP,
		      "ipfix+tcp://h:1: this build cannot write to ipfix+tcp://");
	check_refused((struct sink_opts){ .dest = "ipfix+udp://h:1", COLUMNS(only_id) }, -ENOTSUP,
		      "ipfix+udp://h:1: this build cannot write to ipfix+udp://");
	check_refused((struct sink_opts){ .dest = "http://h/a.csv", COLUMNS(only_id) }, -EINVAL,
		      "http://h/a.csv: http:// is no kind of output");
	check_refused((struct sink_opts){ .dest = "a", .format = "xml", COLUMNS(only_id) },
		      -EINVAL, "a: there is no format 'xml' (csv, ndjson, ipfix)");
}

static void what_cannot_be_opened_is_named_with_the_cause(void **state)
{
	(void)state;
	check_refused((struct sink_opts){ .dest = "no/a.csv", COLUMNS(only_id) }, -ENOENT,
		      "no/a.csv: No such file or directory");
	check_refused((struct sink_opts){ .dest = "/", COLUMNS(only_id) }, -EISDIR,
		      "/: Is a directory");
}

/* ---- chunks ---- */

static void chunks_are_whole_files_numbered_before_the_extension(void **state)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = "out.csv", .flows_per_file = 2,
						       COLUMNS(only_id) });

	(void)state;
	write_ids(s, 0, 5);
	finish(s);
	assert_content("out.0.csv", "id\n0\n1\n");
	assert_content("out.1.csv", "id\n2\n3\n");
	assert_content("out.2.csv", "id\n4\n");
	assert_int_equal(count_files(), 3);
}

/* Nobody may take half a chunk for a whole one. */
static void a_chunk_gets_its_name_when_it_is_complete(void **state)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = "out.csv", .flows_per_file = 2,
						       COLUMNS(only_id) });

	(void)state;
	assert_true(exists(".out.0.csv.part"));
	write_ids(s, 0, 1);
	assert_false(exists("out.0.csv"));
	write_ids(s, 1, 1);
	assert_content("out.0.csv", "id\n0\n1\n");
	assert_int_equal(count_files(), 1);
	write_ids(s, 2, 1);
	assert_int_equal(sink_flush(s), 0);
	assert_false(exists("out.1.csv"));
	sink_close(s);
	assert_false(exists("out.1.csv"));
	assert_content(".out.1.csv.part", "id\n2\n");
}

static void a_full_last_chunk_has_no_empty_one_behind_it(void **state)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = "out.csv", .flows_per_file = 2,
						       COLUMNS(only_id) });

	(void)state;
	write_ids(s, 0, 4);
	assert_int_equal(sink_flush(s), 0);
	finish(s);
	assert_int_equal(count_files(), 2);
}

static void rotation_replaces_the_oldest_chunk(void **state)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = "out.csv", .flows_per_file = 1,
						       .rotate_files = 2, COLUMNS(only_id) });

	(void)state;
	write_ids(s, 0, 5);
	finish(s);
	assert_content("out.0.csv", "id\n4\n");
	assert_content("out.1.csv", "id\n3\n");
	assert_int_equal(count_files(), 2);
}

static void check_chunk_name(const char *dest, const char *name)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = dest, .flows_per_file = 1,
						       COLUMNS(only_id) });

	write_ids(s, 0, 1);
	finish(s);
	if (!exists(name))
		fail_msg("%s has no chunk %s", dest, name);
}

static void only_the_last_component_has_an_extension(void **state)
{
	char path[300];

	(void)state;
	assert_int_equal(mkdir("csv.dir", 0777), 0);
	check_chunk_name("out", "out.0");
	check_chunk_name("csv.dir/out", "csv.dir/out.0");
	check_chunk_name("csv.dir/csv.csv", "csv.dir/csv.0.csv");
	check_chunk_name("./out.a.ndjson", "out.a.0.ndjson");
	check_chunk_name(".hidden", ".hidden.0");
	snprintf(path, sizeof(path), "%s/abs.csv", dir);
	check_chunk_name(path, "abs.0.csv");
}

static void without_records_there_is_a_header(void **state)
{
	(void)state;
	finish(open_sink((struct sink_opts){ .dest = "out.csv", COLUMNS(only_id) }));
	assert_content("out.csv", "id\n");
	finish(open_sink((struct sink_opts){ .dest = "chunks.csv", .flows_per_file = 3,
					     COLUMNS(only_id) }));
	assert_content("chunks.0.csv", "id\n");
	assert_int_equal(count_files(), 2);
}

static void what_is_no_file_is_not_split(void **state)
{
	(void)state;
	check_refused((struct sink_opts){ .dest = "-", .flows_per_file = 1, COLUMNS(only_id) },
		      -EINVAL,
		      "standard output: only a file can be split into chunks (flows_per_file)");
	check_refused((struct sink_opts){ .dest = "/dev/null", .flows_per_file = 1,
					  COLUMNS(only_id) }, -EINVAL,
		      "/dev/null: only a file can be split into chunks (flows_per_file)");
}

/* ---- pipes and full disks ---- */

/* Standard output is fd while f runs. */
static int with_stdout(int fd, int (*f)(void))
{
	int saved, r;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	r = f();
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return r;
}

static int three_records_to_stdout(void)
{
	struct sink *s;
	const struct sink_opts o = { .dest = "-", COLUMNS(only_id) };
	const struct flow f = { .text = "" };
	int r = sink_open(&s, &o, err, sizeof(err));

	if (r < 0)
		return r;
	for (int i = 0; i < 3 && r == 0; i++) {
		struct record record = record_of(&f, i);

		r = sink_write(s, &record);
	}
	if (r == 0)
		r = sink_finish(s);
	sink_close(s);
	return r < 0 ? r : fcntl(STDOUT_FILENO, F_GETFD) < 0;
}

static void standard_output_is_written_and_left_open(void **state)
{
	int fd = open("o", O_WRONLY | O_CREAT, 0666);

	(void)state;
	assert_int_equal(with_stdout(fd, three_records_to_stdout), 0);
	close(fd);
	assert_content("o", "id\n0\n1\n2\n");
}

/* `| head` must neither kill the process nor be an error of the disk; and what
 * SIGPIPE does is the process's business. */
static void a_reader_that_left_is_epipe_and_no_signal(void **state)
{
	struct sigaction before, after;
	sigset_t pending, mask;
	int p[2];

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	sigaction(SIGPIPE, NULL, &before);
	assert_int_equal(pipe(p), 0);
	close(p[0]);
	assert_int_equal(with_stdout(p[1], three_records_to_stdout), -EPIPE);
	close(p[1]);
	sigaction(SIGPIPE, NULL, &after);
	assert_ptr_equal(before.sa_handler, after.sa_handler);
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	assert_false(sigismember(&mask, SIGPIPE));
}

static void *drain(void *arg)
{
	static char buf[4096];
	size_t *total = arg;
	int fd = *total;
	ssize_t n;

	*total = 0;
	usleep(50000);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		*total += n;
	close(fd);
	return NULL;
}

static int many_records_to_stdout(void)
{
	struct sink *s;
	const struct sink_opts o = { .dest = "-", COLUMNS(only_id) };

	if (sink_open(&s, &o, err, sizeof(err)) < 0)
		return -1;
	write_ids(s, 100000, 100000);
	finish(s);
	return 0;
}

/* Standard output may share its open file with somebody who made it so. */
static void a_full_pipe_that_does_not_block_is_waited_for(void **state)
{
	pthread_t reader;
	size_t total;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	total = p[0];
	assert_int_equal(pthread_create(&reader, NULL, drain, &total), 0);
	assert_int_equal(with_stdout(p[1], many_records_to_stdout), 0);
	close(p[1]);
	pthread_join(reader, NULL);
	assert_int_equal(total, strlen("id\n") + 7 * 100000);
}

static void an_existing_fifo_is_written_to(void **state)
{
	char got[32];
	struct sink *s;
	int fd;

	(void)state;
	assert_int_equal(mkfifo("pipe.csv", 0600), 0);
	fd = open("pipe.csv", O_RDONLY | O_NONBLOCK);
	s = open_sink((struct sink_opts){ .dest = "pipe.csv", COLUMNS(only_id) });
	write_ids(s, 0, 2);
	finish(s);
	assert_int_equal(read(fd, got, sizeof(got)), 7);
	assert_memory_equal(got, "id\n0\n1\n", 7);
	close(fd);
}

static int write_until_failure(struct sink *s, uint64_t *ret_records)
{
	const struct flow f = { .text = "" };
	int r = 0;

	for (*ret_records = 0; r == 0 && *ret_records < 1000000; ++*ret_records) {
		struct record record = record_of(&f, 1000000 + *ret_records);

		r = sink_write(s, &record);
	}
	return r;
}

static void a_full_disk_is_named_with_the_records_before_it(void **state)
{
	struct sink *s = open_sink((struct sink_opts){ .dest = "/dev/full", COLUMNS(only_id) });
	uint64_t n;

	(void)state;
	assert_int_equal(write_until_failure(s, &n), -ENOSPC);
	assert_string_equal(sink_error(s),
			    "/dev/full: No space left on device: 0 records were written before it");
	sink_close(s);
}

/* A limit of file size is a disk that gets full in the middle of a buffer: the
 * records that are whole in the file are those that the message counts. */
static void records_before_a_failure_are_counted_exactly(void **state)
{
	const struct rlimit limit = { 300003, RLIM_INFINITY };
	struct rlimit before;
	char want[128];
	struct sink *s;
	uint64_t n;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	s = open_sink((struct sink_opts){ .dest = "out.csv", .flows_per_file = 1000000,
					  COLUMNS(only_id) });
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(write_until_failure(s, &n), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	/* "id\n", then "1000000\n" and so on. */
	snprintf(want, sizeof(want), "out.0.csv: %s: %d records were written before it",
		 strerror(EFBIG), (300003 - 3) / 8);
	assert_string_equal(sink_error(s), want);
	sink_close(s);
	assert_false(exists("out.0.csv"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter_directory, leave_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(csv_has_a_header_and_a_line_for_each_record),
		TEST(csv_quotes_only_what_needs_it),
		TEST(csv_line_of_one_empty_text_is_not_empty),
		TEST(csv_empty_text_among_others_is_nothing),
		TEST(csv_lists_without_a_comma_have_no_quotes),
		TEST(names_of_columns_are_quoted_as_text_is),
		TEST(ndjson_is_an_object_a_line),
		TEST(ndjson_escapes_what_rfc_8259_demands),
		TEST(ndjson_has_null_for_what_is_no_number),
		TEST(ndjson_empty_list_is_an_empty_array),
		TEST(a_record_larger_than_the_buffer_is_whole),
		TEST(many_records_all_arrive_in_order),
		TEST(flush_hands_over_what_was_buffered),
		TEST(closing_without_finish_keeps_the_records),
		TEST(a_pseudonym_is_text_and_the_same_in_every_column_and_sink),
		TEST(extension_decides_then_the_option_then_csv),
		TEST(what_is_not_served_is_refused_with_a_line),
		TEST(what_cannot_be_opened_is_named_with_the_cause),
		TEST(chunks_are_whole_files_numbered_before_the_extension),
		TEST(a_chunk_gets_its_name_when_it_is_complete),
		TEST(a_full_last_chunk_has_no_empty_one_behind_it),
		TEST(rotation_replaces_the_oldest_chunk),
		TEST(only_the_last_component_has_an_extension),
		TEST(without_records_there_is_a_header),
		TEST(what_is_no_file_is_not_split),
		TEST(standard_output_is_written_and_left_open),
		TEST(a_reader_that_left_is_epipe_and_no_signal),
		TEST(a_full_pipe_that_does_not_block_is_waited_for),
		TEST(an_existing_fifo_is_written_to),
		TEST(a_full_disk_is_named_with_the_records_before_it),
		TEST(records_before_a_failure_are_counted_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
