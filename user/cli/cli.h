/* cli.h - the command, in its parts. It uses the public interface only. */

#ifndef FLOWTAP_CLI_H
#define FLOWTAP_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "flowtap/flowtap.h"

enum { EXIT_RUN = 1, EXIT_USAGE = 2 };	/* beside 0, see flowtap(1) */

/* What the command line says beyond the library's options. */
struct cli {
	struct flowtap_opts opts;
	const char *stats;	/* path, "-", or NULL */
	bool quiet;
};

/* Prints "flowtap: " and the text as one line on stderr. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* args.c. Returns -1 to go on; else the status to exit with: something was
 * wrong, and said, or all that was asked for has been printed. */
int args_parse(struct cli *cli, int argc, char **argv);

/* help.c */
void help_print(void);
/* format: "text", "md" or "json". False: it is none of them. */
bool features_print(const char *format);

/* counters.c: by name; 0 if there is none. */
uint64_t counter(const struct flowtap *x, const char *name);
/* Writes all counters as JSON. Returns false after saying why not. */
bool counters_write(const struct flowtap *x, const char *path);
/* One line about the run. */
void summary_print(const struct flowtap *x, double seconds);

/* progress.c: a line on stderr that is redrawn by a thread. */
struct progress;
struct progress *progress_start(const struct flowtap *x);
/* Clears the line. NULL is fine. */
void progress_stop(struct progress *p);
/* Clears the line so that another can be printed; it comes back by itself. */
void progress_clear(void);

#endif
