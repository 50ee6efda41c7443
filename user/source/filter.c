#include "filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPLEN 262144		/* what a program returns for a match; no more */
#define NETMASK 0xffffff00u	/* for "ip broadcast"; the reference's */

/* An expression compiled for a link type, or what came of trying. */
struct program {
	struct program *next;
	uint32_t link_type;
	bool compiled;
	struct bpf_program code;
};

struct filter {
	struct program *programs;	/* the last one used in front */
	bool all;			/* the expression is empty */
	char expr[];
};

static int compile(struct program *p, const char *expr, char *err, size_t err_size)
{
	pcap_t *pcap = pcap_open_dead(p->link_type, SNAPLEN);

	if (!pcap)
		return -ENOMEM;
	p->compiled = !pcap_compile(pcap, &p->code, expr, 1, NETMASK);
	if (!p->compiled)
		snprintf(err, err_size, "filter \"%s\": %s", expr, pcap_geterr(pcap));
	pcap_close(pcap);
	return p->compiled ? 0 : -EINVAL;
}

/* Adds a program, compiled or not, in front. */
static int add_program(struct filter *f, uint32_t link_type, char *err, size_t err_size)
{
	struct program *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->link_type = link_type;
	p->next = f->programs;
	f->programs = p;
	return compile(p, f->expr, err, err_size);
}

int filter_new(struct filter **ret, const char *expr, uint32_t link_type, char *err, size_t err_size)
{
	struct filter *f = calloc(1, sizeof(*f) + strlen(expr) + 1);
	int r = -ENOMEM;

	if (f) {
		strcpy(f->expr, expr);
		f->all = !*expr;
		r = f->all ? 0 : add_program(f, link_type, err, err_size);
	}
	if (r < 0)
		goto fail;
	*ret = f;
	return 0;
fail:
	if (r == -ENOMEM)
		snprintf(err, err_size, "filter \"%s\": %s", expr, strerror(ENOMEM));
	filter_free(f);
	return r;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	while (f->programs) {
		struct program *p = f->programs;

		f->programs = p->next;
		if (p->compiled)
			pcap_freecode(&p->code);
		free(p);
	}
	free(f);
}

/* Finds the program for a link type that is not the last one's, or makes it. */
static void select_program(struct filter *f, uint32_t link_type)
{
	struct program **at = &f->programs, *p;
	char err[PCAP_ERRBUF_SIZE];

	while (*at && (*at)->link_type != link_type)
		at = &(*at)->next;
	p = *at;
	if (!p) {
		add_program(f, link_type, err, sizeof(err));
		return;
	}
	*at = p->next;
	p->next = f->programs;
	f->programs = p;
}

bool filter_match(struct filter *f, const struct raw_packet *raw)
{
	const struct program *p = f->programs;

	if (f->all)
		return true;
	if (p->link_type != raw->link_type) {
		select_program(f, raw->link_type);
		p = f->programs;
		if (p->link_type != raw->link_type)
			return false;	/* no memory for it */
	}
	return p->compiled && bpf_filter(p->code.bf_insns, raw->data, raw->wirelen, raw->caplen);
}
