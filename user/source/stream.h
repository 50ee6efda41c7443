/* stream.h - the bytes of a file, decompressed if they are compressed.
 *
 * Inside of source/. Reads plain files, pipes and standard input; gzip (all
 * members) and zstd (all frames) are told by their first bytes, not by name,
 * and are decompressed as they come: nothing is sought or held whole. One
 * thread. */

#ifndef FLOWTAP_STREAM_H
#define FLOWTAP_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stream;

/* Opens path, or standard input for "-", which is not closed in the end. Waits
 * for the first bytes. Returns 0 and the caller's *ret, or a negative errno
 * (-EISDIR: a directory). */
int stream_open(struct stream **ret, const char *path);
void stream_close(struct stream *s);

/* Up to size (> 0) bytes, as many as there are without waiting again. Returns
 * how many; 0 at the end; or a negative errno:
 *   -EBADMSG  compressed data is damaged or cut off here. What was decompressed
 *             before that point has been given by earlier calls.
 *   -EINTR    a signal came before any byte did, or of a pipe none came for a
 *             while; nothing is lost.
 *   any other read(2) failed */
ssize_t stream_read(struct stream *s, void *buf, size_t size);

/* The same until size bytes are there or it ends, whatever signals come. */
ssize_t stream_read_all(struct stream *s, void *buf, size_t size);

/* What stream_read() failed with, in words. */
const char *stream_cause(const struct stream *s);

/* Bytes of the file taken so far, compressed if it is, and its size; 0: not
 * known. */
uint64_t stream_bytes_read(const struct stream *s);
uint64_t stream_bytes_total(const struct stream *s);

#endif
