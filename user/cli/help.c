/* help.c - what the command can do, from the option tables. */

#include <stdio.h>
#include <string.h>

#include "cli.h"

#define INDENT 30	/* of what an option means */

static const char intro[] =
	"Groups the packets of captures into bidirectional network flows and writes a "
	"record for each. SOURCE is a pcap or pcapng file, also a gzip or zstd compressed "
	"one, or - for standard input. Several are read in order as one capture.";

/* " FILE", "[=FMT]" */
static void metavar_text(char *buf, size_t size, const struct flowtap_option *o)
{
	snprintf(buf, size, "%s%s", *o->metavar && *o->metavar != '[' ? " " : "", o->metavar);
}

/* What it does, and its default where it has one that says something. */
static void meaning(char *buf, size_t size, const struct flowtap_option *o)
{
	bool said = *o->default_text && strcmp(o->default_text, "0") &&
		    strcmp(o->default_text, "off");

	if (o->type == FLOWTAP_OPTION_BOOL && said)
		snprintf(buf, size, "%s On by default; --no-%s turns it off.", o->doc,
			 dashed(o->name));
	else
		snprintf(buf, size, "%s%s%s%s", o->doc, said ? " Default: " : "",
			 said ? o->default_text : "", said ? "." : "");
}

/* Calls fn for the served options of each group, in the order in which the
 * tables name the groups. */
static void each_group(void (*heading)(const char *group),
		       void (*fn)(const struct flowtap_option *o))
{
	const struct flowtap_option *o, *other;

	for (size_t i = 0; (o = cli_option(i)); i++) {
		size_t k = 0;

		/* The first served one of a group stands for it. */
		while (o->served && (other = cli_option(k)) != o &&
		       (!other->served || strcmp(other->group, o->group)))
			k++;
		if (!o->served || cli_option(k) != o)
			continue;
		heading(o->group);
		for (; (other = cli_option(k)); k++)
			if (other->served && !strcmp(other->group, o->group))
				fn(other);
	}
}

/* ---- --help ---- */

static void text_heading(const char *group)
{
	printf("\n%s:\n", group);
}

static void text_option(const struct flowtap_option *o)
{
	char left[128], metavar[64], text[512];
	unsigned n;

	metavar_text(metavar, sizeof(metavar), o);
	if (o->short_name)
		n = snprintf(left, sizeof(left), "  -%c, --%s%s", o->short_name, dashed(o->name),
			     metavar);
	else
		n = snprintf(left, sizeof(left), "      --%s%s", dashed(o->name), metavar);
	printf("%-*s", INDENT, left);
	if (n + 1 > INDENT)
		printf("\n%*s", INDENT, "");
	meaning(text, sizeof(text), o);
	wrap_print(text, INDENT, INDENT);
}

static void unserved_names(char *buf, size_t size)
{
	const struct flowtap_option *o;
	size_t n = 0;

	*buf = 0;
	for (size_t i = 0; (o = cli_option(i)); i++)
		if (!o->served && n < size)
			n += snprintf(buf + n, size - n, "%s--%s", n ? ", " : "",
				      dashed(o->name));
}

static void text_print(void)
{
	char names[1024], text[1280];

	puts("Usage: flowtap [OPTIONS] SOURCE...\n");
	wrap_print(intro, 0, 0);
	each_group(text_heading, text_option);
	unserved_names(names, sizeof(names));
	if (*names) {
		snprintf(text, sizeof(text), "Refused by this version: %s.", names);
		putchar('\n');
		wrap_print(text, 0, 0);
	}
	puts("\nExit status: 0 done, 1 failed or damaged input, 2 wrong usage.");
}

/* ---- --help=man ---- */

/* Text for troff: a hyphen that is to be typed is \-, a backslash is \e, and a
 * dot or quote may not begin a line. */
static void man_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
}

static void man_heading(const char *group)
{
	printf(".SS %s\n", group);
}

static void man_option(const struct flowtap_option *o)
{
	char metavar[64], text[512];

	metavar_text(metavar, sizeof(metavar), o);
	fputs(".TP\n", stdout);
	if (o->short_name)
		printf("\\fB\\-%c\\fR, ", o->short_name);
	fputs("\\fB", stdout);
	man_text("--");
	man_text(dashed(o->name));
	fputs("\\fR", stdout);
	if (*metavar) {
		fputs("\\fI", stdout);
		man_text(metavar);
		fputs("\\fR", stdout);
	}
	if (o->type == FLOWTAP_OPTION_BOOL && *o->default_text) {
		fputs(", \\fB", stdout);
		man_text("--no-");
		man_text(dashed(o->name));
		fputs("\\fR", stdout);
	}
	putchar('\n');
	meaning(text, sizeof(text), o);
	man_text(text);
	putchar('\n');
}

static void man_print(void)
{
	char names[1024];

	each_group(man_heading, man_option);
	unserved_names(names, sizeof(names));
	if (!*names)
		return;
	man_heading("Refused by this version");
	man_text(names);
	puts(".");
}

bool help_print(const char *format)
{
	if (!strcmp(format, "text"))
		text_print();
	else if (!strcmp(format, "man"))
		man_print();
	else
		return false;
	return true;
}
