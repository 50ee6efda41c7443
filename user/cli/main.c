/* main.c - the command: one run of a probe. */

#include "cli.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- signals ---- */

static struct flowtap *volatile running;
static volatile sig_atomic_t stopped, finished;

/* The first signal ends the run in good order, the next one at once. */
static void on_signal(int sig)
{
	(void)sig;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	stopped = 1;
	if (running)
		flowtap_stop(running);
	else if (!finished)
		/* Opening waits, it may be for ever, for the first bytes of a
		 * pipe. "tcpdump -w - | flowtap -": one Ctrl-C goes to both,
		 * and tcpdump still has packets to hand over. */
		alarm(1);
}

/* Nothing has come, so there is nothing to flush. */
static void on_alarm(int sig)
{
	(void)sig;
	_exit(STATUS_DONE);
}

static void catch_signals(void)
{
	/* Without SA_RESTART: a read that waits is to return. */
	struct sigaction stop = { .sa_handler = on_signal };
	struct sigaction give_up = { .sa_handler = on_alarm };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGALRM, &give_up, NULL);
}

static void probe_is_open(struct flowtap *x)
{
	running = x;
	alarm(0);
	if (stopped)
		flowtap_stop(x);
}

static void probe_is_done(void)
{
	finished = 1;
	running = NULL;
}

/* ---- the run ---- */

static void on_log(void *arg, enum flowtap_log_level level, const char *text)
{
	struct cli *cli = arg;

	if (level == FLOWTAP_LOG_ERROR)
		cli->error_said = true;
	if (level != FLOWTAP_LOG_INFO || !cli->quiet)
		say("%s", text);
}

static bool may_be_interface(const struct cli *cli, const char *source)
{
	for (size_t i = 0; i < cli->n_names; i++)
		if (!strcmp(cli->names[i], source))
			return true;
	return false;
}

/* Whether a source is why nothing was found: a name that is no file. */
static int missing_source(const struct cli *cli)
{
	for (size_t i = 0; i < cli->opts.sources.n; i++) {
		const char *source = cli->opts.sources.v[i];

		if (!strcmp(source, "-") || access(source, F_OK) == 0)
			continue;
		if (!may_be_interface(cli, source)) {
			say("%s: No such file", source);
			return STATUS_FAILED;
		}
		if (if_nametoindex(source)) {
			say("%s: live capture from an interface is not available in this version",
			    source);
			return STATUS_USAGE;
		}
		say("%s: No such file (and live capture from an interface is not available in this version)",
		    source);
		return STATUS_FAILED;
	}
	return GO_ON;
}

static int open_failed(const struct cli *cli, int r)
{
	int status = r == -ENOENT ? missing_source(cli) : GO_ON;

	if (status != GO_ON)
		return status;
	if (r == -EINVAL || r == -ENOTSUP) {
		say_refused(flowtap_error(NULL));
		return STATUS_USAGE;
	}
	say("%s", flowtap_error(NULL));
	return STATUS_FAILED;
}

static int run(struct cli *cli)
{
	struct progress *progress;
	struct stats stats;
	struct flowtap *x;
	double start = seconds_now();
	int r, status;

	catch_signals();
	cli->opts.log = on_log;
	cli->opts.log_arg = cli;
	status = stats_open(&stats, cli->stats);
	if (status != GO_ON)
		return status;
	r = flowtap_open(&x, &cli->opts);
	if (r < 0) {
		stats_cancel(&stats);
		return open_failed(cli, r);
	}
	probe_is_open(x);
	progress = progress_start(x, cli);
	r = flowtap_run(x, NULL, NULL);
	progress_stop(progress);
	probe_is_done();

	/* Damage was told where it was met. */
	if (r < 0 && !(r == -EBADMSG && cli->error_said))
		say("%s", flowtap_error(x));
	status = r < 0 ? STATUS_FAILED : STATUS_DONE;
	if (stats_write(&stats, x) != STATUS_DONE)
		status = STATUS_FAILED;
	if (!cli->quiet && (r == 0 || r == -EBADMSG))
		summary_print(x, seconds_now() - start);
	flowtap_close(x);
	return status;
}

/* What was printed on request has to arrive as well; a reader that has gone
 * has seen what he wanted. */
static int flush(int status)
{
	if (status != STATUS_DONE || !(fflush(stdout) || ferror(stdout)) || errno == EPIPE)
		return status;
	say("standard output: %s", strerror(errno));
	return STATUS_FAILED;
}

int main(int argc, char **argv)
{
	struct cli cli = { .opts = FLOWTAP_OPTS() };
	int status;

	signal(SIGPIPE, SIG_IGN);
	status = args_parse(&cli, argc, argv);
	status = status == GO_ON ? run(&cli) : flush(status);
	args_free(&cli);
	return status;
}
