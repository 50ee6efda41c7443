/* messages.h - lines of text from the threads of a probe to its user.
 *
 * The log callback is called in the user's thread only, so other threads leave
 * their lines here. Any thread; rare enough for a lock. */

#ifndef FLOWTAP_MESSAGES_H
#define FLOWTAP_MESSAGES_H

#include <pthread.h>

#include "flowtap/flowtap.h"

struct message {
	struct message *next;
	enum flowtap_log_level level;
	char text[];
};

struct messages {
	pthread_mutex_t lock;	/* guards first and last */
	struct message *first, **last;
};

void messages_init(struct messages *m);
void messages_destroy(struct messages *m);

/* Without memory the line is lost. */
void messages_add(struct messages *m, enum flowtap_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Gives all lines to log, oldest first; without log they are dropped. */
void messages_deliver(struct messages *m,
		      void (*log)(void *arg, enum flowtap_log_level level, const char *text),
		      void *arg);

#endif
