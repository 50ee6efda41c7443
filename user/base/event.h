/* event.h - sleeping until another thread has done something.
 *
 * An event count: who waits reads the count, looks for work, and sleeps only
 * if the count has not moved since. Signalling costs one atomic add, and a
 * system call only when somebody sleeps.
 *
 *	for (;;) {
 *		uint32_t seen = event_read(e);
 *		if (there is work)
 *			break;
 *		event_wait(e, seen);
 *	}
 */

#ifndef FLOWTAP_EVENT_H
#define FLOWTAP_EVENT_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct event {
	_Atomic uint32_t count;
	_Atomic uint32_t sleepers;
};

static inline uint32_t event_read(struct event *e)
{
	return atomic_load(&e->count);
}

static inline void event_signal(struct event *e)
{
	atomic_fetch_add(&e->count, 1);
	if (atomic_load(&e->sleepers))
		syscall(SYS_futex, &e->count, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static inline void event_wait(struct event *e, uint32_t seen)
{
	atomic_fetch_add(&e->sleepers, 1);
	syscall(SYS_futex, &e->count, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
	atomic_fetch_sub(&e->sleepers, 1);
}

#endif
