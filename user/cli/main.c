#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct flowtap *running;	/* for the signal handler */

void say(const char *fmt, ...)
{
	va_list ap;

	progress_clear();
	flockfile(stderr);
	fputs("flowtap: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	funlockfile(stderr);
}

static void on_signal(int sig)
{
	(void)sig;
	flowtap_stop(running);
}

/* The first signal ends the run in good order, a second one at once. */
static void catch_signals(struct flowtap *x)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	running = x;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void on_log(void *arg, enum flowtap_log_level level, const char *text)
{
	const struct cli *cli = arg;

	if (level != FLOWTAP_LOG_INFO || !cli->quiet)
		say("%s", text);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static int run(struct cli *cli)
{
	struct progress *progress = NULL;
	struct flowtap *x;
	double start = now();
	int r, status = 0;

	cli->opts.log = on_log;
	cli->opts.log_arg = cli;
	r = flowtap_open(&x, &cli->opts);
	if (r < 0) {
		say("%s", flowtap_error(NULL));
		return r == -EINVAL || r == -ENOTSUP ? EXIT_USAGE : EXIT_RUN;
	}
	catch_signals(x);
	if (!cli->quiet && isatty(STDERR_FILENO))
		progress = progress_start(x);
	r = flowtap_run(x, NULL, NULL);
	progress_stop(progress);
	if (r < 0) {
		status = EXIT_RUN;
		/* Damage was told when it was met. */
		if (r != -EBADMSG)
			say("%s", flowtap_error(x));
	}
	if (cli->stats && !counters_write(x, cli->stats))
		status = EXIT_RUN;
	if (!cli->quiet)
		summary_print(x, now() - start);
	flowtap_close(x);
	return status;
}

int main(int argc, char **argv)
{
	struct cli cli = { .opts = FLOWTAP_OPTS() };
	int status = args_parse(&cli, argc, argv);

	if (status < 0)
		status = run(&cli);
	flowtap_opts_free(&cli.opts);
	return status;
}
