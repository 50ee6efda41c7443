#include "messages.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void messages_init(struct messages *m)
{
	pthread_mutex_init(&m->lock, NULL);
	m->first = NULL;
	m->last = &m->first;
}

void messages_destroy(struct messages *m)
{
	messages_deliver(m, NULL, NULL);
	pthread_mutex_destroy(&m->lock);
}

void messages_add(struct messages *m, enum flowtap_log_level level, const char *fmt, ...)
{
	struct message *msg;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	msg = malloc(sizeof(*msg) + len + 1);
	if (!msg)
		return;
	va_start(ap, fmt);
	vsnprintf(msg->text, len + 1, fmt, ap);
	va_end(ap);
	msg->level = level;
	msg->next = NULL;

	pthread_mutex_lock(&m->lock);
	*m->last = msg;
	m->last = &msg->next;
	pthread_mutex_unlock(&m->lock);
}

void messages_deliver(struct messages *m,
		      void (*log)(void *arg, enum flowtap_log_level level, const char *text),
		      void *arg)
{
	struct message *msg, *next;

	pthread_mutex_lock(&m->lock);
	msg = m->first;
	m->first = NULL;
	m->last = &m->first;
	pthread_mutex_unlock(&m->lock);

	for (; msg; msg = next) {
		next = msg->next;
		if (log)
			log(arg, msg->level, msg->text);
		free(msg);
	}
}
