/* buf.h - a growable run of bytes that is written through a cursor.
 *
 * Whoever appends takes the cursor out (p = b->pos), asks for room, writes,
 * and puts it back (b->pos = p) once all is there; what was begun and not put
 * back does not count. The cursor stays in a register meanwhile. */

#ifndef FLOWTAP_BUF_H
#define FLOWTAP_BUF_H

#include <stddef.h>

struct buf {
	char *data;	/* what has been appended: data..pos */
	char *pos;
	char *end;	/* of the memory */
};

/* Room for size bytes. Returns 0 or -ENOMEM. */
int buf_init(struct buf *b, size_t size);

/* A zeroed one is fine. */
void buf_free(struct buf *b);

/* The slow half of buf_room(). */
char *buf_grow(struct buf *b, char *p, size_t n);

/* The cursor p, perhaps elsewhere in memory, with room for n bytes behind it.
 * NULL: no memory; the buffer is as it was. */
static inline char *buf_room(struct buf *b, char *p, size_t n)
{
	return (size_t)(b->end - p) >= n ? p : buf_grow(b, p, n);
}

#endif
