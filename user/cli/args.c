/* args.c - the command line: the library's option table, and a few of its own. */

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define NAME_MAX_LEN 64

static int set_source(struct cli *cli, const char *value)
{
	return flowtap_opts_add_source(&cli->opts, value) < 0 ? EXIT_RUN : -1;
}

static int set_interface(struct cli *cli, const char *value)
{
	(void)cli;
	say("%s: live capture from an interface is not served by this version; give a capture file",
	    value);
	return EXIT_USAGE;
}

static int set_stats(struct cli *cli, const char *value)
{
	cli->stats = value;
	return -1;
}

static int set_quiet(struct cli *cli, const char *value)
{
	(void)value;
	cli->quiet = true;
	return -1;
}

static int list_features(struct cli *cli, const char *value)
{
	(void)cli;
	if (features_print(value))
		return 0;
	say("--list-features: '%s' is none of text, md, json", value);
	return EXIT_USAGE;
}

static int version(struct cli *cli, const char *value)
{
	(void)cli;
	(void)value;
	printf("flowtap %s\n", flowtap_version());
	return 0;
}

static int help(struct cli *cli, const char *value)
{
	(void)cli;
	(void)value;
	help_print();
	return 0;
}

/* Options that are the command's and not the library's. Their help is in
 * help.c, in this order. */
static const struct own {
	const char *name;
	char short_name;
	bool takes_value;
	const char *implied;	/* value when it may be left out; NULL: it may not */
	int (*set)(struct cli *cli, const char *value);
} own[] = {
	{ "read-file", 'r', true, NULL, set_source },
	{ "interface", 'i', true, NULL, set_interface },
	{ "stats", 0, true, NULL, set_stats },
	{ "list-features", 0, true, "text", list_features },
	{ "quiet", 'q', false, "", set_quiet },
	{ "version", 'V', false, "", version },
	{ "help", 'h', false, "", help },
};

#define N_OWN (sizeof(own) / sizeof(own[0]))

/* The name as it stands on the command line. */
static const char *dashed(const char *name)
{
	static char text[NAME_MAX_LEN];
	size_t i;

	for (i = 0; name[i] && i + 1 < sizeof(text); i++)
		text[i] = name[i] == '_' ? '-' : name[i];
	text[i] = 0;
	return text;
}

static const struct flowtap_option *library_option(const char *name, char short_name)
{
	for (size_t i = 0; i < flowtap_option_count(); i++) {
		const struct flowtap_option *o = flowtap_option(i);

		if (name ? !strcmp(dashed(o->name), name) : o->short_name == short_name)
			return o;
	}
	return NULL;
}

static const struct own *own_option(const char *name, char short_name)
{
	for (size_t i = 0; i < N_OWN; i++)
		if (name ? !strcmp(own[i].name, name) : own[i].short_name == short_name)
			return &own[i];
	return NULL;
}

/* Edits between two names: insertions, removals, replacements (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_LEN + 1], n = strlen(b);

	if (n > NAME_MAX_LEN)
		return n;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned best = corner + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			corner = row[j];
			row[j] = best;
		}
	}
	return row[n];
}

static int unknown_option(const char *name)
{
	char nearest[NAME_MAX_LEN] = "";
	unsigned least = strlen(name) / 2 + 1;

	for (size_t i = 0; i < flowtap_option_count() + N_OWN; i++) {
		const char *other = i < N_OWN ? own[i].name :
						dashed(flowtap_option(i - N_OWN)->name);
		unsigned d = distance(name, other);

		if (d < least) {
			least = d;
			snprintf(nearest, sizeof(nearest), "%s", other);
		}
	}
	if (*nearest)
		say("there is no option --%s; did you mean --%s?", name, nearest);
	else
		say("there is no option --%s; see flowtap --help", name);
	return EXIT_USAGE;
}

static int set_library(struct cli *cli, const struct flowtap_option *o, const char *value)
{
	int r = flowtap_opts_set(&cli->opts, o->name, value);
	const char *text = flowtap_error(NULL);
	size_t n = strlen(o->name);

	if (r >= 0)
		return -1;
	/* The library's name of the option in front, the command's here. */
	say("--%s%s", dashed(o->name), strncmp(text, o->name, n) ? "" : text + n);
	return r == -ENOMEM ? EXIT_RUN : EXIT_USAGE;
}

/* One option; value points behind '=' or is NULL; *next is the next argument
 * or NULL, and becomes NULL when it was taken. */
static int set_option(struct cli *cli, const char *shown, const struct own *own_opt,
		      const struct flowtap_option *o, const char *value, const char **next)
{
	bool takes = own_opt ? own_opt->takes_value : o->type != FLOWTAP_OPTION_BOOL;
	bool optional = own_opt && own_opt->implied;

	if (!takes && value) {
		say("%s takes no value", shown);
		return EXIT_USAGE;
	}
	/* What cannot be served is said before what is missing. */
	if (!own_opt && !o->served)
		return set_library(cli, o, "");
	if (takes && !value && !optional) {
		if (!*next) {
			say("%s needs a value", shown);
			return EXIT_USAGE;
		}
		value = *next;
		*next = NULL;
	}
	if (own_opt)
		return own_opt->set(cli, value ? value : own_opt->implied);
	return set_library(cli, o, takes ? value : "on");
}

static int parse_long(struct cli *cli, const char *arg, const char **next)
{
	char name[NAME_MAX_LEN], shown[NAME_MAX_LEN + 2];
	const char *equals = strchr(arg + 2, '=');
	size_t len = equals ? (size_t)(equals - arg - 2) : strlen(arg + 2);
	const struct flowtap_option *o;
	const struct own *own_opt;

	snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name)),
		 arg + 2);
	snprintf(shown, sizeof(shown), "--%s", name);
	own_opt = own_option(name, 0);
	o = library_option(name, 0);
	if (own_opt || o)
		return set_option(cli, shown, own_opt, o, equals ? equals + 1 : NULL, next);
	if (!strncmp(name, "no-", 3)) {
		o = library_option(name + 3, 0);
		if (o && o->type == FLOWTAP_OPTION_BOOL && !equals)
			return set_library(cli, o, "off");
	}
	return unknown_option(name);
}

/* -q, -o FILE, -oFILE, -qo FILE */
static int parse_short(struct cli *cli, const char *arg, const char **next)
{
	for (const char *c = arg + 1; *c; c++) {
		const struct own *own_opt = own_option(NULL, *c);
		const struct flowtap_option *o = own_opt ? NULL : library_option(NULL, *c);
		char shown[] = { '-', *c, 0 };
		bool takes;
		int r;

		if (!own_opt && !o) {
			say("there is no option -%c; see flowtap --help", *c);
			return EXIT_USAGE;
		}
		takes = own_opt ? own_opt->takes_value : o->type != FLOWTAP_OPTION_BOOL;
		r = set_option(cli, shown, own_opt, o, takes && c[1] ? c + 1 : NULL, next);
		if (r >= 0 || takes)
			return r;
	}
	return -1;
}

/* A name that is no file may be an interface's. */
static int add_source(struct cli *cli, const char *arg)
{
	if (strcmp(arg, "-") && access(arg, F_OK) < 0 && if_nametoindex(arg))
		return set_interface(cli, arg);
	return set_source(cli, arg);
}

static int check(struct cli *cli)
{
	const struct flowtap_strings *out = &cli->opts.outputs;

	if (!cli->opts.sources.n) {
		say("no SOURCE is given: flowtap [OPTIONS] SOURCE..., see flowtap --help");
		return EXIT_USAGE;
	}
	/* Said by the command, since the library knows of no standard output
	 * that is used when nothing is asked for. */
	if (!out->n && flowtap_opts_set(&cli->opts, "output", "-") < 0)
		return EXIT_RUN;
	for (size_t i = 0; cli->stats && i < out->n; i++)
		if (!strcmp(out->v[i], cli->stats)) {
			say("--stats: records are written to %s already",
			    strcmp(cli->stats, "-") ? cli->stats : "standard output");
			return EXIT_USAGE;
		}
	return -1;
}

int args_parse(struct cli *cli, int argc, char **argv)
{
	bool options = true;
	int r = -1;

	for (int i = 1; i < argc && r < 0; i++) {
		const char *arg = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool had_next = next;

		if (options && !strcmp(arg, "--"))
			options = false;
		else if (options && !strncmp(arg, "--", 2))
			r = parse_long(cli, arg, &next);
		else if (options && arg[0] == '-' && arg[1])
			r = parse_short(cli, arg, &next);
		else
			r = add_source(cli, arg);
		if (had_next && !next)
			i++;
	}
	return r < 0 ? check(cli) : r;
}
