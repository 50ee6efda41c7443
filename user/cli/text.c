/* text.c - numbers and text in the shapes that the command prints. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli.h"

#define WIDTH 80

double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

const char *scaled(char buf[32], double value, const char *unit)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T", "P", "E" };
	size_t i = 0;

	for (; value >= 999.95 && i + 1 < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		value /= 1000;
	snprintf(buf, 32, "%.*f %s%s%s", i ? 1 : 0, value, prefixes[i], i && unit[1] ? " " : "",
		 unit);
	return buf;
}

void wrap_print(const char *text, unsigned at, unsigned indent)
{
	bool first = true;

	while (*text) {
		const char *space = strchrnul(text, ' ');
		unsigned len = space - text;

		if (!first && at + 1 + len > WIDTH) {
			printf("\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)len, text);
		at += len;
		first = false;
		text = *space ? space + 1 : space;
	}
	putchar('\n');
}

/* Length of the UTF-8 character at s (RFC 3629 section 4), 0 if it is none. */
static unsigned utf8_len(const unsigned char *s)
{
	unsigned n, low = 0x80, high = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;	/* overlong */
	else if (s[0] == 0xed)
		high = 0x9f;	/* surrogates */
	else if (s[0] == 0xf0)
		low = 0x90;	/* overlong */
	else if (s[0] == 0xf4)
		high = 0x8f;	/* above U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (unsigned i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void json_print(FILE *f, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', f);
	while (*s) {
		unsigned n = utf8_len(s);

		if (!n)
			fputs("\\ufffd", f);
		else if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if (*s < 0x20)
			fprintf(f, "\\u%04x", *s);
		else
			fwrite(s, 1, n, f);
		s += n ? n : 1;
	}
	fputc('"', f);
}
