#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output {
	int fd;			/* -1: none is open */
	bool own;		/* fd is ours to close */
	bool chunks;
	bool pipe;		/* writing may raise SIGPIPE */
	uint64_t rotate;
	uint64_t chunk;		/* its number, before rotation */
	const char *dest;	/* behind the struct */
	char *name, *part;	/* of the chunk: final and temporary; with chunks only */
};

static const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *path_extension(const char *path)
{
	const char *base = path_base(path), *dot = strrchr(base, '.');

	return dot && dot != base ? dot : path + strlen(path);
}

const char *output_name(const struct output *f)
{
	if (!strcmp(f->dest, "-"))
		return "standard output";
	return f->name ? f->name : f->dest;
}

static int name_chunk(struct output *f)
{
	unsigned long long k = f->rotate ? f->chunk % f->rotate : f->chunk;
	const char *base = path_base(f->dest), *extension = path_extension(f->dest);
	int dir_len = base - f->dest, stem_len = extension - base;

	free(f->name);
	free(f->part);
	f->name = f->part = NULL;
	if (asprintf(&f->name, "%.*s%.*s.%llu%s", dir_len, f->dest, stem_len, base, k,
		     extension) < 0) {
		f->name = NULL;
		return -ENOMEM;
	}
	if (asprintf(&f->part, "%.*s.%s.part", dir_len, f->dest, f->name + dir_len) < 0) {
		f->part = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int open_path(struct output *f, const char *path)
{
	f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	return f->fd < 0 ? -errno : 0;
}

static int open_chunk(struct output *f)
{
	int r = name_chunk(f);

	return r < 0 ? r : open_path(f, f->part);
}

/* Chunks get their names by renaming, which would put a file in the place of a
 * device or a pipe. */
static int check_chunks(const struct output *f, char *err, size_t err_size)
{
	struct stat st;

	if (strcmp(f->dest, "-") && (stat(f->dest, &st) < 0 || S_ISREG(st.st_mode)))
		return 0;
	snprintf(err, err_size, "%s: only a file can be split into chunks (flows_per_file)",
		 output_name(f));
	return -EINVAL;
}

int output_open(struct output **ret, const struct output_opts *o, char *err, size_t err_size)
{
	size_t dest_size = strlen(o->dest) + 1;
	struct output *f = calloc(1, sizeof(*f) + dest_size);
	struct stat st;
	int r;

	if (!f) {
		snprintf(err, err_size, "%s: %s", o->dest, strerror(ENOMEM));
		return -ENOMEM;
	}
	f->fd = -1;
	f->dest = memcpy(f + 1, o->dest, dest_size);
	f->own = strcmp(f->dest, "-");
	f->chunks = o->chunks;
	f->rotate = o->rotate;
	if (f->chunks) {
		r = check_chunks(f, err, err_size);
		if (r < 0)
			goto fail;
		r = open_chunk(f);
	} else if (f->own) {
		r = open_path(f, f->dest);
	} else {
		f->fd = STDOUT_FILENO;
		r = 0;
	}
	if (r == 0 && fstat(f->fd, &st) < 0)
		r = -errno;	/* standard output may be closed */
	if (r < 0) {
		snprintf(err, err_size, "%s: %s", output_name(f), strerror(-r));
		goto fail;
	}
	f->pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	*ret = f;
	return 0;
fail:
	output_close(f);
	return r;
}

static int write_all(int fd, const char *data, size_t len, size_t *ret_written)
{
	size_t done = 0;
	int r = 0;

	while (done < len) {
		ssize_t n = write(fd, data + done, len - done);

		if (n >= 0) {
			done += n;
		} else if (errno == EAGAIN) {
			/* Somebody with whom we share standard output made
			 * it non-blocking. */
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			poll(&p, 1, -1);
		} else if (errno != EINTR) {
			r = -errno;
			break;
		}
	}
	*ret_written = done;
	return r;
}

/* The disposition of SIGPIPE is the process's and not ours to change, so the
 * signal, which goes to the thread that writes, is held back and taken from
 * the queue, unless one of somebody else's was waiting there before. */
static int write_pipe(int fd, const char *data, size_t len, size_t *ret_written)
{
	const struct timespec now = { 0 };
	sigset_t sigpipe, pending, before;
	int r;

	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
	r = write_all(fd, data, len, ret_written);
	if (r == -EPIPE && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&sigpipe, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

int output_write(struct output *f, const char *data, size_t len, size_t *ret_written)
{
	return f->pipe ? write_pipe(f->fd, data, len, ret_written) :
			 write_all(f->fd, data, len, ret_written);
}

int output_complete(struct output *f)
{
	int fd = f->fd;

	f->fd = -1;
	/* Network file systems and quotas may fail only here. After EINTR the
	 * descriptor is gone all the same. */
	if (f->own && close(fd) < 0 && errno != EINTR)
		return -errno;
	if (f->chunks && rename(f->part, f->name) < 0)
		return -errno;
	return 0;
}

int output_next(struct output *f)
{
	f->chunk++;
	return open_chunk(f);
}

void output_close(struct output *f)
{
	if (!f)
		return;
	if (f->own && f->fd >= 0)
		close(f->fd);
	free(f->name);
	free(f->part);
	free(f);
}
