#include "meter.h"

#include <errno.h>
#include <stdlib.h>

#include "base/counter.h"
#include "features/splt.h"
#include "features/stats.h"
#include "features/tcp.h"
#include "flowtap/flowtap.h"
#include "table.h"

/* Packets whose cache lines are asked for ahead; with all parts of a flow they
 * are to fit into the L1 cache. */
#define PREFETCH 16

struct meter {
	const struct meter_config *config;
	struct dissector *dissector;	/* NULL: no dissection */
	size_t size_offset;	/* in struct packet, of the size to account */
	struct table table;
	struct slot_list active;	/* least recently used first */
	struct slot_list closing;	/* TCP, second FIN first */
	struct slot_list ended;		/* waiting for meter_pop() */
	bool flushing;
	uint64_t n_active;	/* in active and closing */
	uint64_t n_ended;
	struct meter_counters counters;
};

static const size_t size_offsets[] = {
	[FLOWTAP_ACCOUNT_LINK] = offsetof(struct packet, raw_size),
	[FLOWTAP_ACCOUNT_IP] = offsetof(struct packet, ip_size),
	[FLOWTAP_ACCOUNT_TRANSPORT] = offsetof(struct packet, transport_size),
	[FLOWTAP_ACCOUNT_PAYLOAD] = offsetof(struct packet, payload_size),
};

int meter_layout(struct meter_config *c)
{
	uint64_t size = sizeof(struct flow);

	c->stats_offset = size;
	if (c->statistics)
		size += sizeof(struct flow_stats);
	c->splt_offset = size;
	size += c->splt_length * (sizeof(int64_t) + sizeof(int32_t) + sizeof(int8_t));
	size = (size + 63) & ~63ull;
	if (size > UINT32_MAX)
		return -EINVAL;
	c->flow_size = size;
	return 0;
}

int meter_new(struct meter **ret, const struct meter_config *c, size_t handed_out)
{
	struct meter *m = calloc(1, sizeof(*m));
	uint64_t slots = c->max_flows + handed_out + METER_BATCH;
	int r;

	if (!m)
		return -ENOMEM;
	m->config = c;
	m->size_offset = size_offsets[c->accounting_mode];
	m->active = m->closing = m->ended = (struct slot_list){ NO_SLOT, NO_SLOT };
	r = table_init(&m->table, c->flow_size, slots < NO_SLOT ? slots : NO_SLOT - 1);
	if (r < 0)
		goto fail;
	if (c->n_dissections) {
		r = dissector_new(&m->dissector, c->n_dissections);
		if (r < 0)
			goto fail;
	}
	*ret = m;
	return 0;
fail:
	meter_free(m);
	return r;
}

static void free_list_of_flows(struct meter *m, const struct slot_list *l)
{
	for (uint32_t s = l->head; s != NO_SLOT; s = m->table.links[s].next)
		dissect_clear(m->dissector, &table_flow(&m->table, s)->l7);
}

void meter_free(struct meter *m)
{
	if (!m)
		return;
	if (m->dissector) {
		free_list_of_flows(m, &m->active);
		free_list_of_flows(m, &m->closing);
		free_list_of_flows(m, &m->ended);
		dissector_free(m->dissector);
	}
	table_destroy(&m->table);
	free(m);
}

/* A flow that is next to leave has not been touched for long: its lines are
 * asked for while the one before it is dealt with. */
static void prefetch_flow(const struct meter *m, uint32_t slot)
{
	size_t size = m->config->flow_size < 1024 ? m->config->flow_size : 1024;
	const char *f;

	if (slot == NO_SLOT)
		return;
	f = (const char *)table_flow(&m->table, slot);
	for (size_t i = 0; i < size; i += 64)
		__builtin_prefetch(f + i);
}

/* The flow is over for the meter; its entry in the hash table is the caller's
 * affair. */
static void flow_end(struct meter *m, struct flow *f, enum expiration why, uint64_t *counter)
{
	uint32_t slot = table_slot(&m->table, f);

	f->expiration_id = why;
	slot_list_remove(&m->table, f->closing_ns ? &m->closing : &m->active, slot);
	slot_list_append(&m->table, &m->ended, slot);
	m->n_active--;
	m->n_ended++;
	counter_add(counter, 1);
	if (m->dissector)
		dissect_end(m->dissector, &f->l7);
	if (m->config->splt_length)
		splt_end(f, m->config);
}

/* Whether time has ended the flow by now, and how: by the timeout that passed
 * first, so that it does not matter when one looks. The active timeout only
 * ends a flow that goes on, so it is asked when a packet comes. */
static bool flow_timed_out(const struct meter *m, const struct flow *f, uint64_t now_ns,
			   bool packet, enum expiration *ret)
{
	const struct meter_config *c = m->config;
	uint64_t now_ms = now_ns / MS_NS;
	uint64_t last_ms = flow_last_ns(f) / MS_NS;
	bool idle = now_ms - last_ms >= c->idle_ms;

	if (f->closing_ns && now_ns - f->closing_ns >= TCP_CLOSING_NS &&
	    !(idle && last_ms + c->idle_ms <= (f->closing_ns + TCP_CLOSING_NS) / MS_NS))
		*ret = EXPIRED_NATURAL;
	else if (idle)
		*ret = EXPIRED_IDLE;
	else if (packet && now_ms - f->dir[SRC2DST].first_ns / MS_NS >= c->active_ms)
		*ret = EXPIRED_ACTIVE;
	else
		return false;
	return true;
}

static uint64_t *expiration_counter(struct meter *m, enum expiration why)
{
	switch (why) {
	case EXPIRED_ACTIVE:
		return &m->counters.expired_active;
	case EXPIRED_NATURAL:
		return &m->counters.expired_natural;
	case EXPIRED_EMERGENCY:
		return &m->counters.expired_emergency;
	default:
		return &m->counters.expired_idle;
	}
}

/* Ends a flow that is in the hash table. */
static void flow_expire(struct meter *m, struct flow *f, enum expiration why)
{
	table_remove(&m->table, f->hash, table_slot(&m->table, f));
	flow_end(m, f, why, expiration_counter(m, why));
}

/* A slot for a new flow. There always is one: see meter_new(). */
static struct flow *flow_new(struct meter *m, const struct packet *p)
{
	struct flow *f = table_flow(&m->table, table_alloc(&m->table));

	memset(f, 0, m->config->splt_offset);
	f->key = p->key;
	f->hash = p->hash;
	f->src_is_hi = p->swapped;
	if (p->src_mac_offset != NO_MAC)
		memcpy(f->src_mac, p->data + p->src_mac_offset, 6);
	if (p->dst_mac_offset != NO_MAC)
		memcpy(f->dst_mac, p->data + p->dst_mac_offset, 6);
	slot_list_append(&m->table, &m->active, table_slot(&m->table, f));
	m->n_active++;
	counter_add(&m->counters.flows_created, 1);
	return f;
}

static void tcp_close_track(struct meter *m, struct flow *f, const struct packet *p, unsigned d)
{
	enum tcp_state state = tcp_track(f, p, d);

	if (state == TCP_CLOSED) {
		flow_expire(m, f, EXPIRED_NATURAL);
	} else if (state == TCP_CLOSING && !f->closing_ns) {
		uint32_t slot = table_slot(&m->table, f);

		slot_list_remove(&m->table, &m->active, slot);
		slot_list_append(&m->table, &m->closing, slot);
		f->closing_ns = p->ts_ns;
	}
}

/* Adds a packet to the flow that it belongs to. */
static void flow_add(struct meter *m, struct flow *f, const struct packet *p)
{
	const struct meter_config *c = m->config;
	unsigned d = p->swapped != f->src_is_hi;
	struct flow_dir *dir = &f->dir[d];
	uint64_t n = flow_packets(f);
	uint64_t flow_piat_ms = p->ts_ns / MS_NS - flow_last_ns(f) / MS_NS;
	uint32_t size = *(const uint32_t *)((const char *)p + m->size_offset);

	if (c->statistics)
		stats_add(flow_stats(f, c), f, d, size, flow_piat_ms,
			  p->ts_ns / MS_NS - dir->last_ns / MS_NS, p->tcp_flags);
	if (n < c->splt_length)
		splt_add(f, c, n, d, size, flow_piat_ms);
	if (!dir->packets)
		dir->first_ns = p->ts_ns;
	dir->last_ns = p->ts_ns;
	dir->packets++;
	dir->bytes += size;
	if (m->dissector && !f->l7.done)
		dissect_packet(m->dissector, &f->l7, p, n + 1);
	if (c->tcp_expiration && p->tcp_flags)
		tcp_close_track(m, f, p, d);
}

/* Moves a flow to the recent end of the list of use. */
static void flow_touch(struct meter *m, const struct flow *f, uint32_t slot)
{
	if (slot == m->active.tail || f->closing_ns)
		return;
	slot_list_remove(&m->table, &m->active, slot);
	slot_list_append(&m->table, &m->active, slot);
}

static struct flow *least_recently_used(const struct meter *m)
{
	uint32_t a = m->active.head, c = m->closing.head;

	if (a == NO_SLOT || (c != NO_SLOT && flow_last_ns(table_flow(&m->table, c)) <
						     flow_last_ns(table_flow(&m->table, a))))
		a = c;
	return table_flow(&m->table, a);
}

static void add_packet(struct meter *m, const struct packet *p)
{
	struct entry *e = table_find(&m->table, &p->key, p->hash);
	struct flow *f;

	if (e->slot != NO_SLOT) {
		enum expiration why;

		f = table_flow(&m->table, e->slot);
		if (!flow_timed_out(m, f, p->ts_ns, true, &why)) {
			flow_touch(m, f, e->slot);
			flow_add(m, f, p);
			return;
		}
		flow_end(m, f, why, expiration_counter(m, why));
		f = flow_new(m, p);
		e->slot = table_slot(&m->table, f);
	} else {
		if (m->n_active >= m->config->max_flows || table_reserve(&m->table) < 0)
			flow_expire(m, least_recently_used(m), EXPIRED_EMERGENCY);
		f = flow_new(m, p);
		table_insert(&m->table, table_find(&m->table, &p->key, p->hash), p->hash,
			     table_slot(&m->table, f));
	}
	flow_add(m, f, p);
}

/* Memory is the limit, not arithmetic: so all cache lines that the batch will
 * need are asked for before the first is used. */
static void prefetch(const struct meter *m, const struct packet *p, size_t n)
{
	uint32_t lines = m->config->splt_offset / 64;

	for (size_t i = 0; i < n; i++)
		table_prefetch(&m->table, p[i].hash);
	for (size_t i = 0; i < n; i++) {
		uint32_t slot = table_guess(&m->table, p[i].hash);
		const char *f;

		if (slot == NO_SLOT)
			continue;
		f = (const char *)table_flow(&m->table, slot);
		for (uint32_t l = 0; l < lines; l++)
			__builtin_prefetch(f + l * 64);
		__builtin_prefetch(&m->table.links[slot]);
	}
}

void meter_add(struct meter *m, const struct packet *p, size_t n)
{
	for (size_t i = 0; i < n; i += PREFETCH) {
		size_t end = n - i < PREFETCH ? n : i + PREFETCH;

		prefetch(m, p + i, end - i);
		for (size_t k = i; k < end; k++)
			add_packet(m, &p[k]);
	}
}

static void expire_list(struct meter *m, const struct slot_list *l, uint64_t now_ns)
{
	enum expiration why;

	while (l->head != NO_SLOT) {
		struct flow *f = table_flow(&m->table, l->head);
		uint32_t next = m->table.links[l->head].next;

		prefetch_flow(m, next);
		if (!flow_timed_out(m, f, now_ns, false, &why))
			break;
		flow_expire(m, f, why);
	}
}

void meter_tick(struct meter *m, uint64_t now_ns)
{
	expire_list(m, &m->closing, now_ns);
	expire_list(m, &m->active, now_ns);
}

void meter_flush(struct meter *m)
{
	m->flushing = true;
}

struct flow *meter_pop(struct meter *m)
{
	uint32_t slot = m->ended.head;

	if (slot == NO_SLOT && m->flushing) {
		slot = m->closing.head != NO_SLOT ? m->closing.head : m->active.head;
		if (slot != NO_SLOT)
			flow_end(m, table_flow(&m->table, slot), EXPIRED_IDLE,
				 &m->counters.expired_flush);
	}
	if (slot == NO_SLOT)
		return NULL;
	slot_list_remove(&m->table, &m->ended, slot);
	m->n_ended--;
	prefetch_flow(m, m->ended.head != NO_SLOT || !m->flushing ? m->ended.head : m->active.head);
	return table_flow(&m->table, slot);
}

void meter_release(struct meter *m, struct flow *f)
{
	if (m->dissector)
		dissect_clear(m->dissector, &f->l7);
	table_release(&m->table, table_slot(&m->table, f));
}

size_t meter_flows(const struct meter *m)
{
	return m->n_active + m->n_ended;
}

const struct meter_counters *meter_counters(const struct meter *m)
{
	return &m->counters;
}
