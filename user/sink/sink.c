#include "sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "output.h"
#include "sink_kind.h"

static const struct sink_format *const formats[] = { &csv_format, &ndjson_format };

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

/* Of the interface, but without an implementation. */
static const char *const unserved_formats[] = { "ipfix" };
static const char *const unserved_schemes[] = { "kafka", "mqtt", "zmq", "ipfix+tcp", "ipfix+udp" };

#define IN(list, text, len) is_in(list, sizeof(list) / sizeof((list)[0]), text, len)

static bool is_in(const char *const *list, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == len && !strncasecmp(list[i], text, len))
			return true;
	return false;
}

/* Length of the scheme of a URL (RFC 3986 section 3.1), 0 if dest is none. */
static size_t scheme_len(const char *dest)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = strspn(dest, letters);

	if (n)
		n += strspn(dest + n, "0123456789+-.abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return n && !strncmp(dest + n, "://", 3) ? n : 0;
}

static int refuse_url(const char *dest, size_t len, char *err, size_t err_size)
{
	if (IN(unserved_schemes, dest, len)) {
		snprintf(err, err_size, "%s: this build cannot write to %.*s://", dest, (int)len,
			 dest);
		return -ENOTSUP;
	}
	snprintf(err, err_size, "%s: %.*s:// is no kind of output", dest, (int)len, dest);
	return -EINVAL;
}

static const struct sink_format *format_by_name(const char *name)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		if (!strcasecmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

static const struct sink_format *format_by_extension(const char *extension)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		for (const char *const *e = formats[i]->extensions; *e; e++)
			if (!strcasecmp(*e, extension))
				return formats[i];
	return NULL;
}

/* The name of a destination knows best what it is, then the option. */
static int choose_format(const struct sink_format **ret, const struct sink_opts *o, char *err,
			 size_t err_size)
{
	const char *extension = path_extension(o->dest);
	const char *name = o->format ? o->format : "csv";
	const struct sink_format *f = format_by_extension(extension);

	if (!f && *extension && IN(unserved_formats, extension + 1, strlen(extension + 1)))
		name = extension + 1;
	else if (!f)
		f = format_by_name(name);
	if (f) {
		*ret = f;
		return 0;
	}
	if (IN(unserved_formats, name, strlen(name))) {
		snprintf(err, err_size, "%s: this build cannot write the format %s", o->dest,
			 name);
		return -ENOTSUP;
	}
	snprintf(err, err_size, "%s: there is no format '%s' (csv, ndjson, ipfix)", o->dest,
		 name);
	return -EINVAL;
}

int sink_open(struct sink **ret, const struct sink_opts *o, char *err, size_t err_size)
{
	size_t len = scheme_len(o->dest);
	const struct sink_format *format;
	int r;

	if (len)
		return refuse_url(o->dest, len, err, err_size);
	r = choose_format(&format, o, err, err_size);
	return r < 0 ? r : byte_sink_open(ret, format, o, err, err_size);
}

int sink_write(struct sink *s, const struct record *r)
{
	return s->kind->write(s, r);
}

int sink_flush(struct sink *s)
{
	return s->kind->flush(s);
}

int sink_finish(struct sink *s)
{
	return s->kind->finish(s);
}

void sink_close(struct sink *s)
{
	if (s)
		s->kind->close(s);
}

const char *sink_error(const struct sink *s)
{
	return s->error;
}
