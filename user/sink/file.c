#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int file_fail(struct file *f, int e)
{
	snprintf(f->error, sizeof(f->error), "%s: %s",
		 strcmp(f->dest, "-") ? f->dest : "standard output", strerror(e));
	return -e;
}

/* out.csv: out.3.csv, and .out.3.csv.part in the same directory. Only the last
 * part of the path has an extension. */
static int chunk_names(struct file *f)
{
	uint64_t k = f->rotate ? f->chunk % f->rotate : f->chunk;
	const char *slash = strrchr(f->dest, '/'), *base = slash ? slash + 1 : f->dest;
	const char *dot = strrchr(base, '.');
	int dir = base - f->dest, stem;

	if (!dot || dot == base)
		dot = base + strlen(base);
	stem = dot - base;
	free(f->final_name);
	free(f->temporary_name);
	f->temporary_name = NULL;
	if (asprintf(&f->final_name, "%.*s%.*s.%" PRIu64 "%s", dir, f->dest, stem, base, k, dot) < 0) {
		f->final_name = NULL;
		return -ENOMEM;
	}
	if (asprintf(&f->temporary_name, "%.*s.%s.part", dir, f->dest, f->final_name + dir) < 0) {
		f->temporary_name = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int open_dest(struct file *f)
{
	const char *path = f->dest;
	struct stat st;

	if (f->chunked) {
		if (chunk_names(f) < 0)
			return file_fail(f, ENOMEM);
		path = f->temporary_name;
	}
	if (!strcmp(f->dest, "-"))
		f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (f->fd < 0)
		return file_fail(f, errno);
	f->pipe = fstat(f->fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
	return 0;
}

int file_open(struct file *f, const char *dest, bool chunked, uint64_t rotate)
{
	*f = (struct file){ .dest = dest, .fd = -1, .chunked = chunked, .rotate = rotate };
	return open_dest(f);
}

/* write(2) without dying of SIGPIPE, and without changing what the process does
 * about it: blocked for this thread, and taken back if it came. */
static ssize_t write_pipe(int fd, const char *data, size_t len)
{
	sigset_t pipe_set, old, pending;
	bool was_pending;
	ssize_t n;
	int e;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_set, &old);
	n = write(fd, data, len);
	e = errno;
	if (n < 0 && e == EPIPE && !was_pending)
		sigtimedwait(&pipe_set, NULL, &(struct timespec){ 0 });
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = e;
	return n;
}

int file_write(struct file *f, const char *data, size_t len)
{
	while (len) {
		ssize_t n = f->pipe ? write_pipe(f->fd, data, len) : write(f->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_fail(f, errno);
		data += n;
		len -= n;
	}
	return 0;
}

int file_finish(struct file *f)
{
	int r = close(f->fd);

	f->fd = -1;
	/* Some file systems tell only now that there was no room. */
	if (r < 0 && errno != EINTR)
		return file_fail(f, errno);
	if (f->chunked && rename(f->temporary_name, f->final_name) < 0)
		return file_fail(f, errno);
	return 0;
}

int file_next_chunk(struct file *f)
{
	f->chunk++;
	return open_dest(f);
}

void file_close(struct file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	free(f->final_name);
	free(f->temporary_name);
	f->final_name = f->temporary_name = NULL;
}
