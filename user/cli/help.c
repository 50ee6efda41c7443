/* help.c - what the command can do, from the tables of the library. */

#include <stdio.h>
#include <string.h>

#include "cli.h"

#define WIDTH 80
#define INDENT 31

/* Wraps text at WIDTH; the cursor is at column `at`. */
static void wrap(const char *text, unsigned at, unsigned indent)
{
	while (*text) {
		const char *space = strchrnul(text, ' ');
		unsigned len = space - text;

		if (at > indent && at + 1 + len > WIDTH) {
			printf("\n%*s", indent, "");
			at = indent;
		} else if (at > indent) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)len, text);
		at += len;
		text = *space ? space + 1 : space;
	}
	putchar('\n');
}

static void option_line(char short_name, const char *name, bool negated, const char *metavar,
			const char *doc, const char *default_text)
{
	char left[128], text[512];
	unsigned n;

	n = snprintf(left, sizeof(left), "  %c%c%s --%s", short_name ? '-' : ' ',
		     short_name ? short_name : ' ', short_name ? "," : " ", name);
	for (char *c = left + 6; *c; c++)
		if (*c == '_')
			*c = '-';
	snprintf(left + n, sizeof(left) - n, "%s%s", *metavar ? " " : "", metavar);
	snprintf(text, sizeof(text), "%s%s%s%s%s", doc, *default_text ? " Default: " : "",
		 default_text, *default_text ? "." : "", negated ? " Undone by --no-...." : "");
	printf("%-*s", INDENT, left);
	if (strlen(left) >= INDENT)
		printf("\n%*s", INDENT, "");
	wrap(text, INDENT, INDENT);
}

void help_print(void)
{
	bool later = false;

	puts("Usage: flowtap [OPTIONS] SOURCE...\n\n"
	     "Groups the packets of captures into bidirectional network flows and writes a\n"
	     "record for each. SOURCE is a pcap or pcapng file, gzip or zstd compressed ones\n"
	     "too; several are read in order as one capture; - is standard input.\n\n"
	     "Options:");
	for (size_t i = 0; i < flowtap_option_count(); i++) {
		const struct flowtap_option *o = flowtap_option(i);

		if (o->served)
			option_line(o->short_name, o->name,
				    o->type == FLOWTAP_OPTION_BOOL, o->metavar, o->doc,
				    o->default_text);
		later = later || !o->served;
	}
	option_line('r', "read-file", false, "FILE", "Read FILE, whatever its name looks like.", "");
	option_line(0, "stats", false, "PATH",
		    "Write the counters as JSON to PATH when the run ends.", "");
	option_line(0, "list-features", false, "[=FMT]",
		    "List all columns, as text, md or json, and exit.", "");
	option_line('q', "quiet", false, "", "No progress bar and no summary.", "");
	option_line('V', "version", false, "", "Print the version and exit.", "");
	option_line('h', "help", false, "", "Print this and exit.", "");
	if (!later)
		return;
	fputs("\nRefused by this version, which reads capture files only: ", stdout);
	{
		char names[1024] = "--interface";

		for (size_t i = 0; i < flowtap_option_count(); i++)
			if (!flowtap_option(i)->served)
				snprintf(names + strlen(names), sizeof(names) - strlen(names),
					 " --%s", flowtap_option(i)->name);
		for (char *c = names; *c; c++)
			if (*c == '_')
				*c = '-';
		printf("\n  ");
		wrap(names, 2, 2);
	}
	puts("\nExit status: 0 done, 1 failed or damaged input, 2 wrong usage.");
}

static const char *type_name(enum flowtap_type type)
{
	static const char *const names[] = {
		[FLOWTAP_U64] = "unsigned", [FLOWTAP_I64] = "integer", [FLOWTAP_F64] = "double",
		[FLOWTAP_TEXT] = "text",    [FLOWTAP_LIST] = "list",
	};

	return names[type];
}

static const char *group_name(enum flowtap_group group)
{
	static const char *const names[] = {
		[FLOWTAP_GROUP_CORE] = "core",
		[FLOWTAP_GROUP_STATISTICS] = "statistics",
		[FLOWTAP_GROUP_L7] = "l7",
		[FLOWTAP_GROUP_SPLT] = "splt",
	};

	return names[group];
}

static void print_text(void)
{
	for (size_t i = 0; i < flowtap_feature_count(NULL); i++) {
		const struct flowtap_feature *f = flowtap_feature(NULL, i);

		printf("%-32s %-8s %-8s %-10s %s\n", f->name, type_name(f->type), f->unit,
		       group_name(f->group), f->doc);
	}
}

static void print_markdown(void)
{
	puts("| column | type | unit | group | meaning |\n|---|---|---|---|---|");
	for (size_t i = 0; i < flowtap_feature_count(NULL); i++) {
		const struct flowtap_feature *f = flowtap_feature(NULL, i);

		printf("| `%s` | %s | %s | %s | %s |\n", f->name, type_name(f->type), f->unit,
		       group_name(f->group), f->doc);
	}
}

static void print_json(void)
{
	size_t n = flowtap_feature_count(NULL);

	puts("[");
	for (size_t i = 0; i < n; i++) {
		const struct flowtap_feature *f = flowtap_feature(NULL, i);

		/* The table has no character that JSON escapes. */
		printf("  {\"name\": \"%s\", \"type\": \"%s\", \"unit\": \"%s\", "
		       "\"group\": \"%s\", \"doc\": \"%s\"}%s\n",
		       f->name, type_name(f->type), f->unit, group_name(f->group), f->doc,
		       i + 1 < n ? "," : "");
	}
	puts("]");
}

bool features_print(const char *format)
{
	if (!strcmp(format, "text"))
		print_text();
	else if (!strcmp(format, "md"))
		print_markdown();
	else if (!strcmp(format, "json"))
		print_json();
	else
		return false;
	return true;
}
