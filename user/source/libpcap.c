/* Whatever else the system's libpcap can read, now or in its later versions:
 * its own reader over our stream. */

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/counter.h"
#include "file.h"

#define IO_SIZE (64u << 10)
#define BATCH_BYTES (64u << 10)	/* of packets in a fill */

#define NS_PER_S 1000000000

/* Here file.end is the offset up to which libpcap has read. */
struct libpcap_file {
	struct file file;
	pcap_t *pcap;
	bool ended;
	int stream_failed;
	uint8_t *packets;	/* the caller's buffer: see struct kept */
	size_t pos, len;
	size_t io_pos, io_len;
	uint8_t io[IO_SIZE];	/* we read ahead and stdio does not, so that
				 * the offset of each record is known */
};

/* A packet in the caller's buffer; its bytes follow. */
struct kept {
	uint32_t caplen, wirelen;
	uint64_t ts_ns;
};

#define ALIGN 8
#define KEPT_MAX (sizeof(struct kept) + MAX_CAPLEN + ALIGN)

_Static_assert(BATCH_BYTES + KEPT_MAX + ALIGN <= SOURCE_BUFFER, "a batch and any packet");

/* fopencookie(3)'s read. */
static ssize_t read_for_libpcap(void *cookie, char *buf, size_t size)
{
	struct libpcap_file *p = cookie;
	size_t n;

	if (p->io_pos == p->io_len) {
		ssize_t got = p->stream_failed;

		while (!got) {
			got = stream_read(p->file.stream, p->io, IO_SIZE);
			if (!got)
				return 0;
			if (got == -EINTR)
				got = 0;
		}
		if (got < 0) {
			p->stream_failed = got;
			errno = EIO;
			return -1;
		}
		p->io_pos = 0;
		p->io_len = got;
	}
	n = size < p->io_len - p->io_pos ? size : p->io_len - p->io_pos;
	memcpy(buf, p->io + p->io_pos, n);
	p->io_pos += n;
	p->file.end += n;
	return n;
}

static uint64_t time_ns(const struct pcap_pkthdr *h)
{
	__int128 t = (__int128)h->ts.tv_sec * NS_PER_S + h->ts.tv_usec;

	return t < 0 ? 0 : t > INT64_MAX ? INT64_MAX : t;
}

/* Copies one packet, for libpcap's goes with the next. Returns 1, 0 at the end,
 * or a negative errno. */
static int keep_packet(struct libpcap_file *p)
{
	struct file *f = &p->file;
	uint64_t start = f->end;
	struct pcap_pkthdr *h;
	const u_char *data;
	struct kept k;
	int r = pcap_next_ex(p->pcap, &h, &data);

	if (r == PCAP_ERROR_BREAK)
		return 0;
	if (r != 1) {
		f->end = start;
		return p->stream_failed ? file_stream_failed(f, p->stream_failed) :
					  file_damaged(f, "%s", pcap_geterr(p->pcap));
	}
	if (h->caplen > MAX_CAPLEN) {
		f->end = start;
		return file_damaged(f, "a packet of %u bytes, more than the %u that can be",
				    h->caplen, MAX_CAPLEN);
	}
	k = (struct kept){ h->caplen, h->len, time_ns(h) };
	memcpy(p->packets + p->len, &k, sizeof(k));
	memcpy(p->packets + p->len + sizeof(k), data, h->caplen);
	p->len += (sizeof(k) + h->caplen + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	return 1;
}

static int fill(struct source *s, uint8_t *buf)
{
	struct libpcap_file *p = (struct libpcap_file *)s;
	int r = 1;

	if (p->file.failed)
		return p->file.failed;
	p->packets = buf;
	p->pos = p->len = 0;
	while (r > 0 && !p->ended && p->len < BATCH_BYTES)
		r = keep_packet(p);
	p->ended |= !r;
	counter_set(&s->bytes_read, stream_bytes_read(p->file.stream));
	return p->len ? 1 : r < 0 ? r : 0;
}

static int next(struct source *s, struct raw_packet *raw, unsigned max)
{
	struct libpcap_file *p = (struct libpcap_file *)s;
	unsigned n;

	for (n = 0; n < max && p->pos < p->len; n++) {
		struct kept k;

		memcpy(&k, p->packets + p->pos, sizeof(k));
		raw[n] = (struct raw_packet){
			.data = p->packets + p->pos + sizeof(k),
			.caplen = k.caplen,
			.wirelen = k.wirelen,
			.ts_ns = k.ts_ns,
			.link_type = pcap_datalink(p->pcap),
		};
		p->pos += (sizeof(k) + k.caplen + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	}
	return n;
}

static void close_file(struct source *s)
{
	struct libpcap_file *p = (struct libpcap_file *)s;

	if (p->pcap)
		pcap_close(p->pcap);	/* closes the FILE as well */
	file_close(s);
}

static const struct source_ops ops = { fill, next, close_file };

static void describe_failure(const struct libpcap_file *p, const char *path, const char *cause,
			     char *err, size_t err_size)
{
	if (p->stream_failed == -EBADMSG)
		file_bad_header(path, err, err_size, "%s", stream_cause(p->file.stream));
	else if (p->stream_failed)
		snprintf(err, err_size, "%s: %s", path, stream_cause(p->file.stream));
	else
		snprintf(err, err_size, "%s: not a capture file (%s)", path, cause);
}

int libpcap_file_open(struct source **ret, struct stream *stream, const char *path,
		      const uint8_t magic[4], char *err, size_t err_size)
{
	cookie_io_functions_t io = { .read = read_for_libpcap };
	struct libpcap_file *p = file_new(sizeof(*p), path, stream);
	char cause[PCAP_ERRBUF_SIZE];
	FILE *fp = p ? fopencookie(p, "r", io) : NULL;
	int r;

	if (!fp) {
		free(p);
		snprintf(err, err_size, "%s: %s", path, strerror(ENOMEM));
		return -ENOMEM;
	}
	setvbuf(fp, NULL, _IONBF, 0);
	memcpy(p->io, magic, 4);
	p->io_len = 4;
	p->pcap = pcap_fopen_offline_with_tstamp_precision(fp, PCAP_TSTAMP_PRECISION_NANO, cause);
	if (!p->pcap) {
		describe_failure(p, path, cause, err, err_size);
		r = p->stream_failed ? p->stream_failed : -EBADMSG;
		fclose(fp);
		free(p);
		return r;
	}
	p->file.source.ops = &ops;
	*ret = &p->file.source;
	return 0;
}
