/* progress.c - a bar on a terminal: how much of the input is read, how fast. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define INTERVAL_MS 200

struct progress {
	const struct flowtap *x;
	pthread_t thread;
	pthread_mutex_t lock;	/* of stop */
	pthread_cond_t wake;
	bool stop;
};

static atomic_bool drawn;	/* a line without a newline is on the terminal */

void progress_clear(void)
{
	if (atomic_exchange(&drawn, false))
		fputs("\r\033[K", stderr);
}

static unsigned columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 80;
}

/* "[#####.....] 48%", or what was read when the whole is not known. */
static void bar(char *text, size_t size, uint64_t bytes, uint64_t total, unsigned width)
{
	char fill[101];
	unsigned done;

	if (!total) {
		snprintf(text, size, "%.1f MB", bytes / 1e6);
		return;
	}
	if (bytes > total)
		bytes = total;
	width = width > 100 ? 100 : width;
	done = (double)bytes / total * width;
	memset(fill, '#', done);
	memset(fill + done, '.', width - done);
	fill[width] = 0;
	snprintf(text, size, "[%s] %3.0f%%", fill, 100.0 * bytes / total);
}

static void draw(const struct progress *p, double seconds)
{
	uint64_t packets = counter(p->x, "packets_seen"), flows = counter(p->x, "flows_created");
	unsigned width = columns();
	uint64_t bytes, total;
	char left[160], right[160], line[400];
	int n;

	flowtap_progress(p->x, &bytes, &total);
	n = snprintf(right, sizeof(right), " %.2f M packets/s, %llu flows, %.0f s",
		     packets / seconds / 1e6, (unsigned long long)flows, seconds);
	bar(left, sizeof(left), bytes, total, width > n + 20u ? width - n - 10 : 10);
	snprintf(line, sizeof(line), "%s%s", left, right);
	fprintf(stderr, "\r%.*s\033[K", width - 1, line);
	atomic_store(&drawn, true);
}

static void *progress_main(void *arg)
{
	struct progress *p = arg;
	double seconds = 0;

	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		struct timespec t;

		clock_gettime(CLOCK_REALTIME, &t);
		t.tv_nsec += INTERVAL_MS * 1000000;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&p->wake, &p->lock, &t);
		seconds += INTERVAL_MS / 1000.;
		if (!p->stop)
			draw(p, seconds);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct progress *progress_start(const struct flowtap *x)
{
	struct progress *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->x = x;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	if (pthread_create(&p->thread, NULL, progress_main, p)) {
		free(p);
		return NULL;
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
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
	progress_clear();
}
