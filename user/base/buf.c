#include "buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int buf_init(struct buf *b, size_t size)
{
	char *data = malloc(size);

	if (!data)
		return -ENOMEM;
	b->data = b->pos = data;
	b->end = data + size;
	return 0;
}

void buf_free(struct buf *b)
{
	free(b->data);
}

char *buf_grow(struct buf *b, char *p, size_t n)
{
	size_t used = p - b->data, size = 2 * (b->end - b->data);
	char *data;

	if (n > SIZE_MAX / 4)
		return NULL;
	if (size < used + n)
		size = used + n;
	data = malloc(size);
	if (!data)
		return NULL;
	memcpy(data, b->data, used);
	b->pos = data + (b->pos - b->data);
	b->end = data + size;
	free(b->data);
	b->data = data;
	return data + used;
}
