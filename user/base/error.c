#include "error.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char text[1024];

int error_set(int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return r;
}

const char *error_text(void)
{
	return text;
}
