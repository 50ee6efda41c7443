#include "buf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

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
	size_t used = p - b->data, pos = b->pos - b->data, size = b->end - b->data;
	char *data;

	if (n > SIZE_MAX / 4)
		return NULL;
	size = used + n > 2 * size ? used + n : 2 * size;
	data = realloc(b->data, size);
	if (!data)
		return NULL;
	b->data = data;
	b->pos = data + pos;
	b->end = data + size;
	return data + used;
}
