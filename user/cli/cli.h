/* cli.h - the command, in its parts. It uses the public interface only.
 *
 * Functions that return a status give what main() is to return, or GO_ON. What
 * was wrong has been said by then. */

#ifndef FLOWTAP_CLI_H
#define FLOWTAP_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "flowtap/flowtap.h"

enum {
	GO_ON = -1,
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

/* What the command line says. */
struct cli {
	struct flowtap_opts opts;
	const char **names;	/* sources that were not called files by -r */
	size_t n_names;
	const char *stats;	/* path, "-", or NULL */
	bool quiet;
	bool error_said;	/* by the library, while running */
};

/* ---- say.c: standard error, line by line ---- */

/* Prints "flowtap: " and the text as one line. Any thread. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Shows a last line that goes away before any other is printed; "" takes it
 * away. Any thread. */
void say_status(const char *text);

/* ---- args.c: the command line ---- */

/* An option of the command, which the library does not have. */
struct own_option {
	struct flowtap_option desc;	/* its metavar begins with '[' when the value may be left out */
	const char *implied;		/* value then */
	int (*set)(struct cli *cli, const char *value);	/* NULL: not served yet */
};

/* All options, the library's and the command's. NULL behind the last. */
const struct flowtap_option *cli_option(size_t i);

/* The option of a name of n bytes ('-' and '_' are one), or NULL. */
const struct flowtap_option *cli_option_by_name(const char *name, size_t n);

/* Name of an option as on the command line. Valid until the next call. */
const char *dashed(const char *name);

/* Returns GO_ON or a status. */
int args_parse(struct cli *cli, int argc, char **argv);
void args_free(struct cli *cli);

/* Says the text of a failure of the library with options spelt as on the
 * command line. */
void say_refused(const char *text);

/* ---- help.c, features_list.c: what is printed on request ---- */

/* format: "text" or "man" (the options, as part of a manual page). False: it is
 * neither. */
bool help_print(const char *format);

/* format: "text", "md" or "json". False: it is none of them. */
bool features_print(const char *format);

/* ---- counters.c: what was counted ---- */

/* By name; 0 if there is none. */
uint64_t counter(const struct flowtap *x, const char *name);

/* One line about the run. */
void summary_print(const struct flowtap *x, double seconds);

/* A file for the counters. It is opened before the run, so that a path that
 * cannot be written is found out before an hour is lost, and keeps what it held
 * until there is something to write. */
struct stats {
	const char *path;	/* NULL: none is wanted */
	FILE *file;
	bool created;
};

/* path may be NULL. Returns GO_ON or a status. */
int stats_open(struct stats *s, const char *path);
/* Writes all counters as JSON and closes. Returns STATUS_DONE or STATUS_FAILED. */
int stats_write(struct stats *s, const struct flowtap *x);
/* There is nothing to write. */
void stats_cancel(struct stats *s);

/* ---- progress.c: a bar on a terminal ---- */

struct progress;

/* Draws until it is stopped. NULL when there is no terminal for it. The probe
 * must live as long. */
struct progress *progress_start(const struct flowtap *x, const struct cli *cli);
/* NULL is fine. */
void progress_stop(struct progress *p);

/* ---- text.c ---- */

/* Seconds on a clock that only goes forward. */
double seconds_now(void);

/* "1.5 GB", "4.1 M packets/s": a number in four digits at most. */
const char *scaled(char buf[32], double value, const char *unit);

/* Prints text, wrapped at 80 columns; the cursor is at column `at`, further
 * lines are indented. */
void wrap_print(const char *text, unsigned at, unsigned indent);

/* Prints a JSON string. Bytes that are no UTF-8 become U+FFFD. */
void json_print(FILE *f, const char *text);

#endif
