#include "filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SNAPLEN 262144
#define NETMASK 0xffffff00u	/* as the reference; for "broadcast" only */

/* The expression for one link type. */
struct program {
	uint32_t link_type;
	bool valid;		/* it has a meaning there */
	struct bpf_program code;
};

struct filter {
	char *expr;
	struct program *programs;
	size_t n;
	size_t last;		/* the one that was used last */
};

/* Returns 0, -EINVAL with text in err, or -ENOMEM. */
static int compile(struct program *p, const char *expr, uint32_t link_type, char *err,
		   size_t err_size)
{
	pcap_t *dead = pcap_open_dead(link_type, SNAPLEN);

	*p = (struct program){ .link_type = link_type };
	if (!dead)
		return -ENOMEM;
	p->valid = pcap_compile(dead, &p->code, expr, 1, NETMASK) == 0;
	if (!p->valid)
		snprintf(err, err_size, "bpf_filter: '%s': %s", expr, pcap_geterr(dead));
	pcap_close(dead);
	return p->valid ? 0 : -EINVAL;
}

/* Adds the program for a link type; an expression without meaning there is
 * kept too, as one that matches nothing. */
static int add_program(struct filter *f, uint32_t link_type, char *err, size_t err_size)
{
	struct program *more = realloc(f->programs, (f->n + 1) * sizeof(*more));
	int r;

	if (!more)
		return -ENOMEM;
	f->programs = more;
	r = compile(&f->programs[f->n], f->expr, link_type, err, err_size);
	if (r != -ENOMEM)
		f->last = f->n++;
	return r;
}

int filter_new(struct filter **ret, const char *expr, uint32_t link_type, char *err, size_t err_size)
{
	struct filter *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	f->expr = strdup(expr);
	r = f->expr ? add_program(f, link_type, err, err_size) : -ENOMEM;
	if (r < 0) {
		filter_free(f);
		return r;
	}
	*ret = f;
	return 0;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		if (f->programs[i].valid)
			pcap_freecode(&f->programs[i].code);
	free(f->programs);
	free(f->expr);
	free(f);
}

bool filter_match(struct filter *f, const struct raw_packet *raw)
{
	const struct program *p = &f->programs[f->last];
	char err[PCAP_ERRBUF_SIZE + 256];

	if (p->link_type != raw->link_type) {
		size_t i;

		for (i = 0; i < f->n && f->programs[i].link_type != raw->link_type; i++)
			;
		if (i < f->n)
			f->last = i;
		else if (add_program(f, raw->link_type, err, sizeof(err)) == -ENOMEM)
			return false;
		p = &f->programs[f->last];
	}
	return p->valid && bpf_filter(p->code.bf_insns, raw->data, raw->wirelen, raw->caplen);
}
