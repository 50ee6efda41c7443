/* args.c - the command line: the library's options, and a few of its own. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

#define NAME_LEN 64	/* room for any name of an option */

/* ---- the command's own options ---- */

static int set_file(struct cli *cli, const char *value)
{
	if (flowtap_opts_add_source(&cli->opts, value) == 0)
		return GO_ON;
	say("%s", flowtap_error(NULL));
	return STATUS_FAILED;
}

static int set_stats(struct cli *cli, const char *value)
{
	if (!*value) {
		say("--stats: an empty name");
		return STATUS_USAGE;
	}
	cli->stats = value;
	return GO_ON;
}

static int set_quiet(struct cli *cli, const char *value)
{
	(void)value;
	cli->quiet = true;
	return GO_ON;
}

static int list_features(struct cli *cli, const char *value)
{
	(void)cli;
	if (features_print(value))
		return STATUS_DONE;
	say("--list-features: '%s' is none of text, md, json", value);
	return STATUS_USAGE;
}

static int version(struct cli *cli, const char *value)
{
	(void)cli;
	(void)value;
	printf("flowtap %s\n", flowtap_version());
	return STATUS_DONE;
}

static int help(struct cli *cli, const char *value)
{
	(void)cli;
	if (help_print(value))
		return STATUS_DONE;
	say("--help: '%s' is none of text, man", value);
	return STATUS_USAGE;
}

#define OWN(n, c, t, meta, g, d) \
	.desc = { .name = #n, .short_name = c, .type = FLOWTAP_OPTION_##t, .metavar = meta, \
		  .default_text = "", .doc = d, .group = g, .live_only = false, .served = true }
#define OWN_LIVE(n, c, meta, d) \
	.desc = { .name = #n, .short_name = c, .type = FLOWTAP_OPTION_TEXT, .metavar = meta, \
		  .default_text = "", .doc = d, .group = "Live capture", .live_only = true }

static const struct own_option own[] = {
	{ OWN(read_file, 'r', LIST, "FILE", "Input",
	      "Read FILE, as a SOURCE that is never taken for an interface."), .set = set_file },
	{ OWN_LIVE(interface, 'i', "IFACE", "Capture from IFACE.") },
	{ OWN_LIVE(check, 0, "[=IFACE]", "Print what live capture may do here."), .implied = "" },
	{ OWN(stats, 0, TEXT, "PATH", "Reports",
	      "Write all counters to PATH as JSON when the run ends. -: to standard output."),
	  .set = set_stats },
	{ OWN(quiet, 'q', BOOL, "", "Reports",
	      "No progress bar and no summary: only warnings and errors."), .set = set_quiet },
	{ OWN(list_features, 0, TEXT, "[=FMT]", "Information",
	      "List all columns, as text, md or json, and exit."),
	  .implied = "text", .set = list_features },
	{ OWN(version, 'V', BOOL, "", "Information", "Print the version and exit."),
	  .set = version },
	{ OWN(help, 'h', TEXT, "[=FMT]", "Information",
	      "Print this, as text or as part of a manual page (man), and exit."),
	  .implied = "text", .set = help },
};

#define N_OWN (sizeof(own) / sizeof(own[0]))

const struct flowtap_option *cli_option(size_t i)
{
	size_t n = flowtap_option_count();

	if (i < n)
		return flowtap_option(i);
	return i - n < N_OWN ? &own[i - n].desc : NULL;
}

static const struct own_option *own_of(const struct flowtap_option *o)
{
	for (size_t i = 0; i < N_OWN; i++)
		if (&own[i].desc == o)
			return &own[i];
	return NULL;
}

/* ---- names ---- */

const char *dashed(const char *name)
{
	static char text[NAME_LEN];
	size_t i;

	for (i = 0; name[i] && i + 1 < sizeof(text); i++)
		text[i] = name[i] == '_' ? '-' : name[i];
	text[i] = 0;
	return text;
}

const struct flowtap_option *cli_option_by_name(const char *name, size_t n)
{
	const struct flowtap_option *o;

	for (size_t i = 0; (o = cli_option(i)); i++) {
		size_t k = 0;

		while (k < n && o->name[k] && (name[k] == '-' ? '_' : name[k]) == o->name[k])
			k++;
		if (k == n && !o->name[k])
			return o;
	}
	return NULL;
}

static const struct flowtap_option *option_by_letter(char letter)
{
	const struct flowtap_option *o;

	for (size_t i = 0; (o = cli_option(i)); i++)
		if (o->short_name == letter)
			return o;
	return NULL;
}

/* Edits from one name to another (Levenshtein): insertions, removals,
 * replacements. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_LEN + 1], n = strlen(b);

	if (n > NAME_LEN)
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

static int unknown_option(const char *arg, size_t len)
{
	char name[NAME_LEN], nearest[NAME_LEN] = "";
	const struct flowtap_option *o;
	unsigned least;

	snprintf(name, sizeof(name), "%.*s", (int)(len < NAME_LEN ? len : NAME_LEN), arg);
	least = strlen(name) / 2 + 1;	/* what is further away is not meant */
	for (size_t i = 0; (o = cli_option(i)); i++) {
		const char *other = dashed(o->name);
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
	return STATUS_USAGE;
}

void say_refused(const char *text)
{
	size_t n = strcspn(text, ":");
	const struct flowtap_option *o = text[n] ? cli_option_by_name(text, n) : NULL;

	if (o)
		say("--%s%s", dashed(o->name), text + n);
	else
		say("%s", text);
}

/* ---- arguments ---- */

/* The arguments behind the one that is looked at. */
struct rest {
	char **v;
	int n;
};

static int set_value(struct cli *cli, const struct flowtap_option *o, const char *value)
{
	const struct own_option *mine = own_of(o);
	int r;

	if (mine)
		return mine->set(cli, value);
	r = flowtap_opts_set(&cli->opts, o->name, value);
	if (r >= 0)
		return GO_ON;
	say_refused(flowtap_error(NULL));
	return r == -ENOMEM ? STATUS_FAILED : STATUS_USAGE;
}

static int refuse_unserved(struct cli *cli, const struct flowtap_option *o)
{
	if (!own_of(o))
		return set_value(cli, o, "");	/* the library has the words */
	say("--%s: not available in this version, which reads capture files only",
	    dashed(o->name));
	return STATUS_USAGE;
}

/* value is what stands behind '=' or the letter, or NULL. */
static int set_option(struct cli *cli, const struct flowtap_option *o, const char *value,
		      struct rest *rest)
{
	const struct own_option *mine = own_of(o);

	/* What cannot be served is said before what is missing. */
	if (!o->served)
		return refuse_unserved(cli, o);
	if (o->type == FLOWTAP_OPTION_BOOL) {
		if (!value)
			return set_value(cli, o, "on");
		say("--%s takes no value", dashed(o->name));
		return STATUS_USAGE;
	}
	if (!value && mine && mine->implied)
		value = mine->implied;
	if (!value && rest->n) {
		value = *rest->v++;
		rest->n--;
	}
	if (value)
		return set_value(cli, o, value);
	say("--%s needs a value: %s", dashed(o->name), o->metavar);
	return STATUS_USAGE;
}

/* --name, --name=VALUE, --name VALUE, --no-name; arg is behind the "--". */
static int parse_long(struct cli *cli, const char *arg, struct rest *rest)
{
	size_t len = strcspn(arg, "=");
	const char *value = arg[len] ? arg + len + 1 : NULL;
	const struct flowtap_option *o = cli_option_by_name(arg, len);

	if (o)
		return set_option(cli, o, value, rest);
	if (len > 3 && (!strncmp(arg, "no-", 3) || !strncmp(arg, "no_", 3)))
		o = cli_option_by_name(arg + 3, len - 3);
	/* The command's own switches have nothing to be turned off. */
	if (!o || o->type != FLOWTAP_OPTION_BOOL || own_of(o))
		return unknown_option(arg, len);
	if (value) {
		say("--no-%s takes no value", dashed(o->name));
		return STATUS_USAGE;
	}
	return set_value(cli, o, "off");
}

/* -q, -o FILE, -oFILE, -qo FILE; arg is behind the "-". */
static int parse_short(struct cli *cli, const char *arg, struct rest *rest)
{
	int r = GO_ON;

	for (; *arg && r == GO_ON; arg++) {
		const struct flowtap_option *o = option_by_letter(*arg);
		bool switch_like = o && (o->type == FLOWTAP_OPTION_BOOL || *o->metavar == '[');

		if (!o) {
			say("there is no option -%c; see flowtap --help", *arg);
			return STATUS_USAGE;
		}
		if (!switch_like)
			return set_option(cli, o, arg[1] ? arg + 1 : NULL, rest);
		r = set_option(cli, o, NULL, rest);
	}
	return r;
}

static int add_name(struct cli *cli, const char *arg)
{
	cli->names[cli->n_names++] = arg;
	return set_file(cli, arg);
}

/* ---- all of them ---- */

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (!strcmp(a, b))
		return true;
	return stat(a, &sa) == 0 && S_ISREG(sa.st_mode) && stat(b, &sb) == 0 &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/* The counters need a place of their own. */
static int check_stats(const struct cli *cli)
{
	const struct flowtap_strings *out = &cli->opts.outputs, *in = &cli->opts.sources;

	for (size_t i = 0; i < out->n; i++)
		if (same_file(out->v[i], cli->stats)) {
			say("--stats: records go to %s already",
			    strcmp(cli->stats, "-") ? cli->stats : "standard output");
			return STATUS_USAGE;
		}
	for (size_t i = 0; i < in->n; i++)
		if (strcmp(cli->stats, "-") && same_file(in->v[i], cli->stats)) {
			say("--stats: %s is a source", cli->stats);
			return STATUS_USAGE;
		}
	return GO_ON;
}

static int check(struct cli *cli)
{
	if (!cli->opts.sources.n) {
		say("no SOURCE is given. Usage: flowtap [OPTIONS] SOURCE... (see flowtap --help)");
		return STATUS_USAGE;
	}
	/* The library writes nowhere unless it is told to. */
	if (!cli->opts.outputs.n && flowtap_opts_set(&cli->opts, "output", "-") < 0) {
		say("%s", flowtap_error(NULL));
		return STATUS_FAILED;
	}
	return cli->stats ? check_stats(cli) : GO_ON;
}

int args_parse(struct cli *cli, int argc, char **argv)
{
	struct rest rest = { argv + 1, argc > 0 ? argc - 1 : 0 };
	bool options = true;
	int r = GO_ON;

	cli->names = calloc(rest.n + 1, sizeof(*cli->names));
	if (!cli->names) {
		say("out of memory");
		return STATUS_FAILED;
	}
	while (rest.n && r == GO_ON) {
		const char *arg = *rest.v++;

		rest.n--;
		if (!options || arg[0] != '-' || !arg[1])
			r = add_name(cli, arg);
		else if (arg[1] != '-')
			r = parse_short(cli, arg + 1, &rest);
		else if (arg[2])
			r = parse_long(cli, arg + 2, &rest);
		else
			options = false;	/* "--" */
	}
	return r == GO_ON ? check(cli) : r;
}

void args_free(struct cli *cli)
{
	flowtap_opts_free(&cli->opts);
	free(cli->names);
}
