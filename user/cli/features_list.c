/* features_list.c - every column there is, from the library's table. */

#include <stdio.h>
#include <string.h>

#include "cli.h"

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

/* The fields of a feature, in the order of the tables' columns. */
enum { NAME, TYPE, UNIT, GROUP, DOC, N_FIELDS };
static const char *const titles[N_FIELDS] = { "name", "type", "unit", "group", "doc" };

static void fields_of(const struct flowtap_feature *f, const char *ret[N_FIELDS])
{
	ret[NAME] = f->name;
	ret[TYPE] = type_name(f->type);
	ret[UNIT] = f->unit;
	ret[GROUP] = group_name(f->group);
	ret[DOC] = f->doc;
}

static void text_row(const char *const fields[N_FIELDS], const unsigned widths[N_FIELDS])
{
	for (int k = 0; k < DOC; k++)
		printf("%-*s  ", widths[k], fields[k]);
	puts(fields[DOC]);
}

static void print_text(void)
{
	const char *fields[N_FIELDS];
	unsigned widths[N_FIELDS];

	for (int k = 0; k < N_FIELDS; k++)
		widths[k] = strlen(titles[k]);
	for (size_t i = 0; i < flowtap_feature_count(NULL); i++) {
		fields_of(flowtap_feature(NULL, i), fields);
		for (int k = 0; k < N_FIELDS; k++)
			if (strlen(fields[k]) > widths[k])
				widths[k] = strlen(fields[k]);
	}
	text_row(titles, widths);
	for (size_t i = 0; i < flowtap_feature_count(NULL); i++) {
		fields_of(flowtap_feature(NULL, i), fields);
		text_row(fields, widths);
	}
}

static void markdown_cell(const char *text)
{
	fputs(" ", stdout);
	for (; *text; text++) {
		if (*text == '|')
			putchar('\\');
		putchar(*text);
	}
	fputs(" |", stdout);
}

static void print_markdown(void)
{
	puts("| column | type | unit | group | meaning |\n|---|---|---|---|---|");
	for (size_t i = 0; i < flowtap_feature_count(NULL); i++) {
		const char *fields[N_FIELDS];

		fields_of(flowtap_feature(NULL, i), fields);
		printf("| `%s` |", fields[NAME]);
		for (int k = TYPE; k < N_FIELDS; k++)
			markdown_cell(fields[k]);
		putchar('\n');
	}
}

static void print_json(void)
{
	size_t n = flowtap_feature_count(NULL);

	puts("[");
	for (size_t i = 0; i < n; i++) {
		const char *fields[N_FIELDS];

		fields_of(flowtap_feature(NULL, i), fields);
		for (int k = 0; k < N_FIELDS; k++) {
			printf("%s\"%s\": ", k ? ", " : "  {", titles[k]);
			json_print(stdout, fields[k]);
		}
		puts(i + 1 < n ? "}," : "}");
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
