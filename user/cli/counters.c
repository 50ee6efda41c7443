/* counters.c - what was counted: for --stats and for the last line. */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

uint64_t counter(const struct flowtap *x, const char *name)
{
	struct flowtap_counter c;

	for (size_t i = 0; flowtap_counter(x, i, &c) == 0; i++)
		if (!strcmp(c.name, name))
			return c.value;
	return 0;
}

/* ---- --stats ---- */

int stats_open(struct stats *s, const char *path)
{
	*s = (struct stats){ .path = path };
	if (!path)
		return GO_ON;
	if (!strcmp(path, "-")) {
		s->file = stdout;
		return GO_ON;
	}
	s->created = access(path, F_OK) < 0;
	s->file = fopen(path, "ae");
	if (s->file)
		return GO_ON;
	say("--stats: %s: %s", path, strerror(errno));
	return STATUS_FAILED;
}

static bool counters_print(FILE *f, const struct flowtap *x)
{
	struct flowtap_counter c;

	fputs("{", f);
	for (size_t i = 0; flowtap_counter(x, i, &c) == 0; i++) {
		fprintf(f, "%s\n  \"%s\": ", i ? "," : "", c.name);
		if (c.text)
			json_print(f, c.text);
		else
			fprintf(f, "%" PRIu64, c.value);
	}
	fputs("\n}\n", f);
	return !fflush(f) && !ferror(f);
}

int stats_write(struct stats *s, const struct flowtap *x)
{
	bool own = s->file != stdout, ok;

	if (!s->path)
		return STATUS_DONE;
	/* Fails on pipes and devices, which keep nothing anyway. */
	if (own && ftruncate(fileno(s->file), 0) < 0)
		errno = 0;
	ok = counters_print(s->file, x);
	if (own && fclose(s->file))
		ok = false;
	if (!ok)
		say("--stats: %s: %s", own ? s->path : "standard output", strerror(errno));
	return ok ? STATUS_DONE : STATUS_FAILED;
}

void stats_cancel(struct stats *s)
{
	if (!s->path || s->file == stdout)
		return;
	fclose(s->file);
	if (s->created)
		unlink(s->path);
}

/* ---- the summary ---- */

struct line {
	char text[2048];
	size_t n;
};

static void add(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->n, sizeof(l->text) - l->n, fmt, ap);
	va_end(ap);
	if (n > 0 && l->n + n < sizeof(l->text))
		l->n += n;
}

static void add_number(struct line *l, uint64_t n, const char *noun)
{
	add(l, "%" PRIu64 " %s%s", n, noun, n == 1 ? "" : "s");
}

/* " (not_ip 12, short 3)": the counters that divide another one up. */
static void add_reasons(struct line *l, const struct flowtap *x, const char *prefix)
{
	struct flowtap_counter c;
	bool any = false;

	for (size_t i = 0; flowtap_counter(x, i, &c) == 0; i++) {
		if (c.text || !c.value || strncmp(c.name, prefix, strlen(prefix)))
			continue;
		add(l, "%s%s %" PRIu64, any ? ", " : " (", c.name + strlen(prefix), c.value);
		any = true;
	}
	if (any)
		add(l, ")");
}

/* What did not come out as a record, or not as it would have. */
static const struct loss {
	const char *counter, *noun, *what;
	const char *reasons;	/* prefix of the counters that it is the sum of */
} losses[] = {
	{ "packets_filtered", "packet", "filtered out", NULL },
	{ "packets_sampled_out", "packet", "sampled out", NULL },
	{ "packets_dropped", "packet", "dropped", "dropped_" },
	{ "packets_undecodable", "packet", "undecodable", "undecodable_" },
	{ "flows_expired_emergency", "flow", "ended early (table full)", NULL },
	{ "flows_sampled_out", "flow", "sampled out", NULL },
	{ "flows_filtered", "flow", "filtered out", NULL },
	{ "flows_discarded", "flow", "discarded", NULL },
};

void summary_print(const struct flowtap *x, double seconds)
{
	uint64_t packets = counter(x, "packets_seen"), bytes, total;
	struct line l = { .n = 0 };
	char buf[32];

	flowtap_progress(x, &bytes, &total);
	add_number(&l, packets, "packet");
	add(&l, ", ");
	add_number(&l, counter(x, "flows_exported"), "flow");
	add(&l, ", %s in %.2f s", scaled(buf, bytes, "B"), seconds);
	if (seconds > 0)
		add(&l, " (%s)", scaled(buf, packets / seconds, "packets/s"));
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		const struct loss *s = &losses[i];
		uint64_t n = counter(x, s->counter);

		if (!n)
			continue;
		add(&l, "; ");
		add_number(&l, n, s->noun);
		add(&l, " %s", s->what);
		if (s->reasons)
			add_reasons(&l, x, s->reasons);
	}
	say("%s", l.text);
}
