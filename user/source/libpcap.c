/* Whatever else the system's libpcap can read, now or in its later versions:
 * its own reader over our stream. */

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define IO_SIZE (64u << 10)

struct libpcap_file {
	struct file file;
	pcap_t *pcap;		/* owns the FILE, whose cookie this struct is */
	bool ended;
	uint8_t *io;		/* read ahead of libpcap, for stdio does not: */
	size_t io_pos, io_len;	/* so the offset of a record is known */
	uint8_t magic[4];
};

/* A packet in the caller's buffer; its bytes follow. */
struct kept {
	struct raw_packet raw;
	uint8_t data[];
};

#define ALIGN(n) (((n) + _Alignof(struct kept) - 1) & ~(_Alignof(struct kept) - 1))

/* fopencookie(3)'s read. */
static ssize_t read_for_libpcap(void *cookie, char *buf, size_t size)
{
	struct libpcap_file *p = cookie;
	struct file *f = &p->file;
	size_t n;

	if (p->io_pos == p->io_len) {
		ssize_t got = f->failed ? f->failed : stream_read_all(f->stream, p->io, IO_SIZE);

		if (got < 0) {
			f->failed = got;
			errno = -got;
			return -1;
		}
		p->io_pos = 0;
		p->io_len = got;
	}
	n = size < p->io_len - p->io_pos ? size : p->io_len - p->io_pos;
	memcpy(buf, p->io + p->io_pos, n);
	p->io_pos += n;
	f->end += n;
	return n;
}

static int describe_failure(struct libpcap_file *p, const char *cause)
{
	return cause ? 0 : 0;
	(void)p;
}
