/* say.c - alone writes to standard error, so that lines and bar do not mix. */

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define CLEAR_LINE "\r\033[K"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool shown;	/* a status line; under lock */

/* Under lock. A terminal that has gone is no reason to stop. */
static void put(const char *text, size_t len)
{
	ssize_t r = write(STDERR_FILENO, text, len);

	(void)r;
}

void say(const char *fmt, ...)
{
	static const char prefix[] = "flowtap: ";
	char line[4096];
	size_t n = sizeof(prefix) - 1;
	va_list ap;
	int len;

	memcpy(line, prefix, n);
	va_start(ap, fmt);
	len = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	/* A file name may hold anything; a message is one line all the same. */
	for (; line[n]; n++)
		if ((unsigned char)line[n] < ' ' || line[n] == 127)
			line[n] = '?';
	line[n++] = '\n';

	pthread_mutex_lock(&lock);
	if (shown)
		put(CLEAR_LINE, strlen(CLEAR_LINE));
	shown = false;
	put(line, n);
	pthread_mutex_unlock(&lock);
}

void say_status(const char *text)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "\r%s\033[K", text);

	pthread_mutex_lock(&lock);
	if (*text || shown)
		put(line, (size_t)n < sizeof(line) ? n : sizeof(line) - 1);
	shown = *text;
	pthread_mutex_unlock(&lock);
}
