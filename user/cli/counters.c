/* counters.c - what was counted: for --stats and for the last line. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

uint64_t counter(const struct flowtap *x, const char *name)
{
	struct flowtap_counter c;

	for (size_t i = 0; flowtap_counter(x, i, &c) == 0; i++)
		if (!strcmp(c.name, name))
			return c.value;
	return 0;
}

static void json_text(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

bool counters_write(const struct flowtap *x, const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "we") : stdout;
	struct flowtap_counter c;
	bool failed;

	if (!f) {
		say("%s: %s", path, strerror(errno));
		return false;
	}
	fputs("{", f);
	for (size_t i = 0; flowtap_counter(x, i, &c) == 0; i++) {
		fprintf(f, "%s\n  \"%s\": ", i ? "," : "", c.name);
		if (c.text)
			json_text(f, c.text);
		else
			fprintf(f, "%" PRIu64, c.value);
	}
	fputs("\n}\n", f);
	failed = fflush(f) || ferror(f);
	if (f != stdout)
		failed = fclose(f) || failed;
	if (failed)
		say("%s: %s", path, strerror(errno));
	return !failed;
}

/* " (not_ip 12, short 3)", the reasons that occurred. */
static void undecodable_reasons(const struct flowtap *x, char *text, size_t size)
{
	static const char prefix[] = "undecodable_";
	struct flowtap_counter c;
	size_t n = 0;

	*text = 0;
	for (size_t i = 0; flowtap_counter(x, i, &c) == 0 && n < size; i++)
		if (!strncmp(c.name, prefix, sizeof(prefix) - 1) && c.value)
			n += snprintf(text + n, size - n, "%s%s %" PRIu64, n ? ", " : " (",
				      c.name + sizeof(prefix) - 1, c.value);
	if (n && n < size)
		snprintf(text + n, size - n, ")");
}

void summary_print(const struct flowtap *x, double seconds)
{
	uint64_t packets = counter(x, "packets_seen"), bytes, total;
	uint64_t undecodable = counter(x, "packets_undecodable");
	uint64_t filtered = counter(x, "packets_filtered");
	uint64_t discarded = counter(x, "flows_discarded");
	char more[512] = "", reasons[256];
	size_t n = 0;

	flowtap_progress(x, &bytes, &total);
	if (filtered)
		n += snprintf(more + n, sizeof(more) - n, "; %" PRIu64 " filtered out", filtered);
	if (undecodable) {
		undecodable_reasons(x, reasons, sizeof(reasons));
		n += snprintf(more + n, sizeof(more) - n, "; %" PRIu64 " not decodable%s",
			      undecodable, reasons);
	}
	if (discarded)
		snprintf(more + n, sizeof(more) - n, "; %" PRIu64 " flows discarded", discarded);
	say("%" PRIu64 " packets, %" PRIu64 " flows, %.1f MB in %.2f s (%.2f M packets/s)%s",
	    packets, counter(x, "flows_exported"), bytes / 1e6, seconds,
	    seconds > 0 ? packets / seconds / 1e6 : 0, more);
}
