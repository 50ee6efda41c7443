/* progress.c - a bar on a terminal: how much of the input is read, how fast. */

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define INTERVAL_NS 200000000l
#define MIN_BAR 8
#define MAX_BAR 40

struct progress {
	const struct flowtap *x;
	double start;
	pthread_t thread;
	pthread_mutex_t lock;	/* of stop */
	pthread_cond_t wake;
	bool stop;
};

static unsigned columns(void)
{
	const char *text = getenv("COLUMNS");
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
		return w.ws_col;
	return text && atoi(text) > 0 ? atoi(text) : 80;
}

/* "1:05", "2:00:07" */
static const char *clock_text(char buf[32], double seconds)
{
	unsigned long s = seconds;

	if (s >= 3600)
		snprintf(buf, 32, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(buf, 32, "%lu:%02lu", s / 60, s % 60);
	return buf;
}

/* "[=====>    ]", as wide as it says, brackets included. */
static void bar(char *text, double done, unsigned width)
{
	unsigned inner = width - 2, n = done * inner;

	*text++ = '[';
	for (unsigned i = 0; i < inner; i++)
		*text++ = i < n ? '=' : i == n ? '>' : ' ';
	*text++ = ']';
	*text = 0;
}

static void draw(const struct progress *p)
{
	double elapsed = seconds_now() - p->start, done;
	unsigned width = columns(), n;
	char numbers[256], line[256 + MAX_BAR + 8], rate[32], size[32], time[32], left[32];
	uint64_t bytes, total;

	flowtap_progress(p->x, &bytes, &total);
	snprintf(numbers, sizeof(numbers), "%s, %s, %" PRIu64 " flows, %s",
		 scaled(size, bytes, "B"),
		 scaled(rate, counter(p->x, "packets_seen") / elapsed, "packets/s"),
		 counter(p->x, "flows_created"), clock_text(time, elapsed));
	if (!total) {
		snprintf(line, sizeof(line), "%s", numbers);
	} else {
		done = bytes < total ? (double)bytes / total : 1;
		n = strlen(numbers);
		if (done > 0.01)
			n += snprintf(numbers + n, sizeof(numbers) - n, ", ETA %s",
				      clock_text(left, elapsed * (1 - done) / done));
		/* One column is left free: some terminals wrap at the last. */
		n += strlen(" 100%  ") + 1;
		if (n + MIN_BAR <= width)
			bar(line, done, width - n < MAX_BAR ? width - n : MAX_BAR);
		else
			*line = 0;
		n = strlen(line);
		snprintf(line + n, sizeof(line) - n, "%s%3.0f%%  %s", n ? " " : "", 100 * done,
			 numbers);
	}
	if (strlen(line) >= width)
		line[width - 1] = 0;
	say_status(line);
}

static void *progress_main(void *arg)
{
	struct progress *p = arg;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		t.tv_nsec += INTERVAL_NS;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		while (!p->stop && !pthread_cond_timedwait(&p->wake, &p->lock, &t))
			;
		if (!p->stop)
			draw(p);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Whether a line that is drawn over and over is of use to anybody. */
static bool terminal_fits(const struct cli *cli)
{
	const char *term = getenv("TERM");

	if (!isatty(STDERR_FILENO) || !term || !*term || !strcmp(term, "dumb"))
		return false;
	/* Records on the same screen would be drawn over. */
	for (size_t i = 0; i < cli->opts.outputs.n; i++)
		if (!strcmp(cli->opts.outputs.v[i], "-") && isatty(STDOUT_FILENO))
			return false;
	return true;
}

/* Signals are the main thread's: there they also end a read that waits. */
static int start_thread(struct progress *p)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&p->thread, NULL, progress_main, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static void progress_free(struct progress *p)
{
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

struct progress *progress_start(const struct flowtap *x, const struct cli *cli)
{
	pthread_condattr_t attr;
	struct progress *p;

	if (cli->quiet || !terminal_fits(cli))
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->x = x;
	p->start = seconds_now();
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (start_thread(p)) {
		progress_free(p);
		return NULL;	/* it goes without */
	}
	return p;
}

void progress_stop(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	progress_free(p);
	say_status("");
}
