/* The readers of capture files, held against libpcap: whatever packets it gives
 * before it refuses something, we give, with the same bytes. */

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *buffers[2];

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* libpcap puts some link types' headers in order, in captures of the other byte
 * order, and the lengths of USB packets always. */
static bool changed_by_libpcap(int link_type)
{
	return link_type == DLT_USB_LINUX || link_type == DLT_USB_LINUX_MMAPPED ||
	       link_type == DLT_NFLOG || link_type == DLT_LINUX_SLL;
}

/* The next packet of libpcap, or false from its end, or first refusal, on. */
static bool libpcap_next(pcap_t **pcap, struct pcap_pkthdr **h, const u_char **data)
{
	if (*pcap && pcap_next_ex(*pcap, h, data) == 1)
		return true;
	if (*pcap)
		pcap_close(*pcap);
	*pcap = NULL;
	return false;
}

static void compare(pcap_t **pcap, const struct raw_packet *raw)
{
	struct pcap_pkthdr *h;
	const u_char *data;

	if (!libpcap_next(pcap, &h, &data))
		return;
	check(raw->link_type == (uint32_t)pcap_datalink(*pcap));
	if (changed_by_libpcap(raw->link_type))
		return;
	check(raw->caplen == h->caplen && raw->wirelen == h->len);
	check(!memcmp(raw->data, data, h->caplen));
}

/* Reads all, and returns what the last fill did; 1: it was enough. */
static int read_source(struct source *s, pcap_t **pcap)
{
	uint64_t total = 0;
	unsigned turn = 0;
	int r, n;

	while ((r = source_fill(s, buffers[turn])) > 0) {
		const uint8_t *buffer = buffers[turn];
		struct raw_packet raw[7];

		while ((n = source_next(s, raw, 7)) > 0)
			for (int i = 0; i < n; i++) {
				check(raw[i].caplen <= MAX_CAPLEN && raw[i].data >= buffer &&
				      raw[i].data + raw[i].caplen <= buffer + SOURCE_BUFFER);
				compare(pcap, &raw[i]);
				total += raw[i].caplen + 1;
			}
		/* A few compressed bytes can be the whole day's packets. */
		if (total > 16u << 20)
			return 1;
		turn ^= 1;
	}
	check(!s->error[0] == !r);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	char path[64], err[512], text[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *rest;
	struct source *s;
	pcap_t *pcap;

	for (unsigned i = 0; i < 2 && !buffers[i]; i++)
		check((buffers[i] = malloc(SOURCE_BUFFER)));
	check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	pcap = pcap_open_offline(path, text);	/* NULL for compressed ones as well */
	if (source_open_file(&s, path, err, sizeof(err)) == 0) {
		if (read_source(s, &pcap) <= 0)
			check(!libpcap_next(&pcap, &h, &rest));
		source_close(s);
	} else {
		check(!pcap);
	}
	if (pcap)
		pcap_close(pcap);
	close(fd);
	return 0;
}
