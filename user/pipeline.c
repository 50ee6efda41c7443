#include "pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "base/event.h"
#include "base/ring.h"

/* Chunks of input on their way at a time. Enough that the reader does not wait
 * for a meter that is busy with a burst of its own. */
#define N_BLOCKS 16
/* Ended flows waiting for the caller, a meter. */
#define OUT_RING 4096
#define RETURN_RING (4 * OUT_RING)
/* The caller wakes a meter after so many flows rather than for each. */
#define GIVE_BACK_BATCH 256

/* A chunk of input, and the packets in it, dealt out. Filled by the reader;
 * read by the meters while users > 0. */
struct block {
	uint8_t *buf;		/* SOURCE_BUFFER bytes */
	uint64_t now_ns;	/* the clock after the last packet */
	_Atomic uint32_t users;	/* meters that are not done with it */
	struct deal {
		struct packet *packets;
		size_t n, room;
	} *deals;		/* one a meter */
};

struct worker {
	struct pipeline *pipeline;
	struct meter *meter;
	unsigned index;
	pthread_t thread;
	bool started;
	struct event event;	/* there is input, or room for output */
	struct ring in;		/* of struct block */
	struct ring out;	/* of ended struct flow; NULL is the end */
	struct ring back;	/* of flows that the caller is done with */
	unsigned given_back;	/* of these, not yet signalled */
};

struct pipeline {
	struct reader *reader;
	unsigned n_meters;
	struct worker *workers;	/* one a meter */
	const struct flow *lent;	/* to the caller, by... */
	unsigned lender;	/* ...this worker; the next to ask */
	bool ended;		/* one meter: flushing */
	_Atomic bool stop;	/* reading ends */
	_Atomic bool abort;	/* everything ends */
	_Atomic int error;	/* of the reader's thread, a negative errno */

	uint8_t *buf;		/* of one meter */

	struct block *blocks;	/* N_BLOCKS, used in turn */
	pthread_t thread;	/* the reader's */
	bool started;
	struct event reader_event;	/* a block is free, or abort */
	struct event out_event;	/* there is output */
	unsigned n_ended;	/* meters whose end was seen */
};

_Static_assert(READER_BATCH <= METER_BATCH, "what is read at once is metered at once");

/* ---- one meter ---- */

static const struct flow *inline_next(struct pipeline *p)
{
	struct meter *m = p->workers[0].meter;
	struct packet batch[READER_BATCH];
	struct flow *f;

	while (!(f = meter_pop(m)) && !p->ended) {
		unsigned n = reader_next(p->reader, batch);

		if (n) {
			meter_add(m, batch, n);
		} else {
			p->ended = atomic_load_explicit(&p->stop, memory_order_relaxed) ||
				   !reader_fill(p->reader, p->buf);
			if (p->ended)
				meter_flush(m);
		}
		meter_tick(m, reader_now_ns(p->reader));
	}
	return f;
}

/* ---- many meters ---- */

static bool aborted(struct pipeline *p)
{
	return atomic_load_explicit(&p->abort, memory_order_relaxed);
}

/* Which meter a flow belongs to: by the upper bits of the hash, since the
 * flow table goes by the lower ones. */
static unsigned deal_to(const struct pipeline *p, uint32_t hash)
{
	return (uint64_t)hash * p->n_meters >> 32;
}

static int deal(struct pipeline *p, struct block *b, const struct packet *packet)
{
	struct deal *d = &b->deals[deal_to(p, packet->hash)];

	if (d->n == d->room) {
		size_t room = d->room ? 2 * d->room : 4 * METER_BATCH;
		struct packet *more = realloc(d->packets, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		d->packets = more;
		d->room = room;
	}
	d->packets[d->n++] = *packet;
	return 0;
}

/* Waits until all meters are done with the block. False: abort. */
static bool block_wait(struct pipeline *p, struct block *b)
{
	for (;;) {
		uint32_t seen = event_read(&p->reader_event);

		if (aborted(p))
			return false;
		if (!atomic_load_explicit(&b->users, memory_order_acquire))
			return true;
		event_wait(&p->reader_event, seen);
	}
}

static void block_send(struct pipeline *p, struct block *b)
{
	b->now_ns = reader_now_ns(p->reader);
	atomic_store_explicit(&b->users, p->n_meters, memory_order_release);
	for (unsigned i = 0; i < p->n_meters; i++) {
		/* There is room: no more blocks exist than the ring holds. */
		ring_push(&p->workers[i].in, b);
		event_signal(&p->workers[i].event);
	}
}

static void *reader_main(void *arg)
{
	struct pipeline *p = arg;
	struct packet batch[READER_BATCH];
	bool more = true;

	for (unsigned turn = 0; more; turn = (turn + 1) % N_BLOCKS) {
		struct block *b = &p->blocks[turn];
		unsigned n;

		if (!block_wait(p, b))
			break;
		for (unsigned i = 0; i < p->n_meters; i++)
			b->deals[i].n = 0;
		more = !atomic_load_explicit(&p->stop, memory_order_relaxed) &&
		       reader_fill(p->reader, b->buf);
		/* Told to stop, it still meters what was read when it began. */
		while (!atomic_load_explicit(&p->error, memory_order_relaxed) &&
		       (n = reader_next(p->reader, batch)))
			for (unsigned i = 0; i < n; i++)
				if (deal(p, b, &batch[i]) < 0) {
					atomic_store(&p->error, -ENOMEM);
					more = false;
				}
		block_send(p, b);
	}
	for (unsigned i = 0; i < p->n_meters; i++) {
		ring_push(&p->workers[i].in, NULL);
		event_signal(&p->workers[i].event);
	}
	return NULL;
}

static void take_back(struct worker *w)
{
	void *f;

	while (ring_pop(&w->back, &f))
		meter_release(w->meter, f);
}

/* Waits for room if need be; for plenty of it, for otherwise the two threads
 * would take turns flow by flow. False: abort. */
static bool out_push(struct worker *w, struct flow *f)
{
	struct pipeline *p = w->pipeline;

	if (ring_push(&w->out, f))
		return true;
	event_signal(&p->out_event);
	for (;;) {
		uint32_t seen = event_read(&w->event);

		if (aborted(p))
			return false;
		take_back(w);
		if (ring_length(&w->out) <= OUT_RING / 2)
			return ring_push(&w->out, f);
		event_wait(&w->event, seen);
	}
}

static bool out_push_ended(struct worker *w)
{
	struct flow *f = meter_pop(w->meter);

	if (!f)
		return true;
	take_back(w);
	for (; f; f = meter_pop(w->meter))
		if (!out_push(w, f))
			return false;
	event_signal(&w->pipeline->out_event);
	return true;
}

static bool meter_block(struct worker *w, const struct block *b)
{
	const struct deal *d = &b->deals[w->index];

	for (size_t i = 0; i < d->n; i += METER_BATCH) {
		size_t n = d->n - i < METER_BATCH ? d->n - i : METER_BATCH;

		meter_add(w->meter, d->packets + i, n);
		if (!out_push_ended(w))
			return false;
	}
	meter_tick(w->meter, b->now_ns);
	return out_push_ended(w);
}

static void block_done(struct pipeline *p, struct block *b)
{
	if (atomic_fetch_sub_explicit(&b->users, 1, memory_order_acq_rel) == 1)
		event_signal(&p->reader_event);
}

/* The next block of input; NULL: no more. False: abort. */
static bool in_pop(struct worker *w, void **ret)
{
	for (;;) {
		uint32_t seen = event_read(&w->event);

		if (aborted(w->pipeline))
			return false;
		if (ring_pop(&w->in, ret))
			return true;
		event_wait(&w->event, seen);
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	void *b;

	for (;;) {
		if (!in_pop(w, &b))
			return NULL;
		if (!b)
			break;
		if (!meter_block(w, b))
			return NULL;
		block_done(w->pipeline, b);
	}
	meter_flush(w->meter);
	if (out_push_ended(w) && out_push(w, NULL))
		event_signal(&w->pipeline->out_event);
	return NULL;
}

/* Tells a meter about flows in its back ring. */
static void give_back_signal(struct worker *w)
{
	if (w->given_back)
		event_signal(&w->event);
	w->given_back = 0;
}

static const struct flow *parallel_next(struct pipeline *p)
{
	for (;;) {
		uint32_t seen = event_read(&p->out_event);
		unsigned first = p->lender;

		for (unsigned i = 0; i < p->n_meters; i++) {
			unsigned k = (first + i) % p->n_meters;
			void *f;

			if (!ring_pop(&p->workers[k].out, &f))
				continue;
			p->lender = k;
			if (f)
				return f;
			if (++p->n_ended == p->n_meters)
				return NULL;
		}
		for (unsigned i = 0; i < p->n_meters; i++)
			give_back_signal(&p->workers[i]);
		event_wait(&p->out_event, seen);
	}
}

static void give_back(struct pipeline *p, struct flow *f)
{
	struct worker *w = &p->workers[p->lender];

	if (p->n_meters == 1) {
		meter_release(w->meter, f);
		return;
	}
	/* There is room, since a meter takes back before it gives more. */
	ring_push(&w->back, f);
	if (++w->given_back >= GIVE_BACK_BATCH)
		give_back_signal(w);
}

static int worker_init(struct pipeline *p, unsigned i, const struct meter_config *config)
{
	struct worker *w = &p->workers[i];
	bool parallel = p->n_meters > 1;
	int r;

	w->pipeline = p;
	w->index = i;
	r = meter_new(&w->meter, config, parallel ? OUT_RING + RETURN_RING : 1);
	if (r < 0 || !parallel)
		return r;
	if (ring_init(&w->in, 2 * N_BLOCKS) < 0 || ring_init(&w->out, OUT_RING) < 0 ||
	    ring_init(&w->back, RETURN_RING) < 0)
		return -ENOMEM;
	r = pthread_create(&w->thread, NULL, worker_main, w);
	w->started = !r;
	return -r;
}

static int blocks_init(struct pipeline *p, uint8_t *buf)
{
	p->blocks = calloc(N_BLOCKS, sizeof(*p->blocks));
	if (!p->blocks) {
		free(buf);
		return -ENOMEM;
	}
	p->blocks[0].buf = buf;
	for (unsigned i = 0; i < N_BLOCKS; i++) {
		struct block *b = &p->blocks[i];

		if (i)
			b->buf = malloc(SOURCE_BUFFER);
		b->deals = calloc(p->n_meters, sizeof(*b->deals));
		if (!b->buf || !b->deals)
			return -ENOMEM;
	}
	return 0;
}

int pipeline_new(struct pipeline **ret, struct reader *reader, uint8_t *buf,
		 const struct meter_config *config, unsigned n_meters)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	int r = -ENOMEM;

	if (!p) {
		reader_close(reader);
		free(buf);
		return r;
	}
	p->reader = reader;
	if (n_meters == 1)
		p->buf = buf;
	p->workers = aligned_alloc(64, n_meters * sizeof(*p->workers));
	if (!p->workers)
		goto fail;
	memset(p->workers, 0, n_meters * sizeof(*p->workers));
	p->n_meters = n_meters;
	for (unsigned i = 0; i < n_meters; i++) {
		r = worker_init(p, i, config);
		if (r < 0)
			goto fail;
	}
	if (n_meters > 1) {
		r = blocks_init(p, buf);
		if (r < 0)
			goto fail;
		r = -pthread_create(&p->thread, NULL, reader_main, p);
		if (r < 0)
			goto fail;
		p->started = true;
	}
	*ret = p;
	return 0;
fail:
	pipeline_free(p);
	return r;
}

int pipeline_next(struct pipeline *p, const struct flow **ret)
{
	if (p->lent)
		give_back(p, (struct flow *)p->lent);
	p->lent = p->n_meters == 1 ? inline_next(p) : parallel_next(p);
	*ret = p->lent;
	return p->lent ? 1 : atomic_load(&p->error);
}

void pipeline_stop(struct pipeline *p)
{
	atomic_store_explicit(&p->stop, true, memory_order_relaxed);
}

uint64_t pipeline_abort(struct pipeline *p)
{
	uint64_t discarded = 0;

	atomic_store(&p->abort, true);
	event_signal(&p->reader_event);
	for (unsigned i = 0; i < p->n_meters; i++)
		event_signal(&p->workers[i].event);
	if (p->started)
		pthread_join(p->thread, NULL);
	p->started = false;
	for (unsigned i = 0; i < p->n_meters; i++) {
		struct worker *w = &p->workers[i];
		void *f;

		if (w->started)
			pthread_join(w->thread, NULL);
		w->started = false;
		if (p->lent && i == p->lender)
			meter_release(w->meter, (struct flow *)p->lent);
		take_back(w);
		while (ring_pop(&w->out, &f))
			if (f) {
				meter_release(w->meter, f);
				discarded++;
			}
		discarded += w->meter ? meter_flows(w->meter) : 0;
	}
	p->lent = NULL;
	return discarded;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pipeline_abort(p);
	for (unsigned i = 0; i < p->n_meters; i++) {
		struct worker *w = &p->workers[i];

		meter_free(w->meter);
		ring_destroy(&w->in);
		ring_destroy(&w->out);
		ring_destroy(&w->back);
	}
	for (unsigned i = 0; p->blocks && i < N_BLOCKS; i++) {
		struct block *b = &p->blocks[i];

		for (unsigned k = 0; b->deals && k < p->n_meters; k++)
			free(b->deals[k].packets);
		free(b->deals);
		free(b->buf);
	}
	free(p->blocks);
	free(p->workers);
	free(p->buf);
	reader_close(p->reader);
	free(p);
}

const struct reader *pipeline_reader(const struct pipeline *p)
{
	return p->reader;
}

struct meter_counters pipeline_counters(const struct pipeline *p)
{
	struct meter_counters sum = { 0 };

	for (unsigned i = 0; i < p->n_meters; i++) {
		const struct meter_counters *c = meter_counters(p->workers[i].meter);

		sum.flows_created += counter_get(&c->flows_created);
		sum.expired_idle += counter_get(&c->expired_idle);
		sum.expired_active += counter_get(&c->expired_active);
		sum.expired_natural += counter_get(&c->expired_natural);
		sum.expired_emergency += counter_get(&c->expired_emergency);
		sum.expired_flush += counter_get(&c->expired_flush);
	}
	return sum;
}
