/* The meter: which packets are one flow, and when a flow ends. */

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "features/features.h"
#include "meter/meter.h"

#define S SEC_NS
#define MAX_SEEN 256

/* A packet between endpoints a and b, and what a TCP header says. */
struct tp {
	uint32_t src, dst;
	uint64_t ts_ns;
	uint8_t flags;
	uint32_t seq, ack, payload;
};

/* Records as they came out. */
struct seen {
	size_t n;
	struct {
		uint64_t src, packets, first_ns, last_ns;
		int why;
	} v[MAX_SEEN];
};

static struct flow_hash_key hash_key;

static void drain(struct meter *m, struct seen *s)
{
	struct flow *f;

	while ((f = meter_pop(m))) {
		assert_true(s->n < MAX_SEEN);
		s->v[s->n].src = flow_src_addr(f)[0];
		s->v[s->n].packets = flow_packets(f);
		s->v[s->n].first_ns = f->dir[SRC2DST].first_ns;
		s->v[s->n].last_ns = flow_last_ns(f);
		s->v[s->n++].why = f->expiration_id;
		meter_release(m, f);
	}
}

static void add(struct meter *m, const struct tp *t, struct seen *s)
{
	uint8_t tcp[20] = { 0 };
	uint64_t src[2] = { t->src }, dst[2] = { t->dst };
	uint32_t seq = htonl(t->seq), ack = htonl(t->ack);
	struct packet p = {
		.key = { .protocol = t->flags ? 6 : 17, .ip_version = 4 },
		.ts_ns = t->ts_ns,
		.data = tcp,
		.caplen = sizeof(tcp),
		.raw_size = 100 + t->payload,
		.payload_size = t->payload,
		.src_mac_offset = NO_MAC,
		.dst_mac_offset = NO_MAC,
		.tcp_flags = t->flags,
	};

	memcpy(tcp + 4, &seq, 4);
	memcpy(tcp + 8, &ack, 4);
	p.swapped = flow_key_set(&p.key, src, dst, 1000 + t->src, 1000 + t->dst);
	p.hash = flow_hash(&hash_key, &p.key);
	meter_add(m, &p, 1);
	drain(m, s);
}

/* Meters the packets, ticking before each, and returns all records. */
static struct seen run(struct meter_config c, const struct tp *t, size_t n)
{
	struct seen s = { 0 };
	struct meter *m;

	flow_hash_seed(&hash_key, 1);
	if (!c.max_flows)
		c.max_flows = 100;
	if (!c.idle_ms)
		c.idle_ms = 120000;
	if (!c.active_ms)
		c.active_ms = 1800000;
	assert_int_equal(meter_layout(&c), 0);
	assert_int_equal(meter_new(&m, &c, 1), 0);
	for (size_t i = 0; i < n; i++) {
		meter_tick(m, t[i].ts_ns);
		drain(m, &s);
		add(m, &t[i], &s);
	}
	meter_flush(m);
	drain(m, &s);
	assert_int_equal(meter_flows(m), 0);
	meter_free(m);
	return s;
}

#define RUN(config, ...) \
	run((struct meter_config)config, (const struct tp[]){ __VA_ARGS__ }, \
	    sizeof((const struct tp[]){ __VA_ARGS__ }) / sizeof(struct tp))
#define CONFIG(...) { __VA_ARGS__ }

/* Off by one here splits every flow whose keepalive equals the timeout. */
static void silence_of_exactly_the_idle_timeout_ends_the_flow(void **state)
{
	struct seen s = RUN(CONFIG(.idle_ms = 10000), { 1, 2, 0 }, { 2, 1, 1 * S },
			    { 1, 2, 11 * S });

	(void)state;
	assert_int_equal(s.n, 2);
	assert_int_equal(s.v[0].packets, 2);
	assert_int_equal(s.v[0].why, EXPIRED_IDLE);
	assert_int_equal(s.v[1].packets, 1);
}

static void silence_just_below_the_idle_timeout_does_not(void **state)
{
	struct seen s = RUN(CONFIG(.idle_ms = 10000), { 1, 2, 0 }, { 1, 2, 10 * S - MS_NS });

	(void)state;
	assert_int_equal(s.n, 1);
}

/* Times are cut to ms before they are compared, as in the reference. */
static void timeouts_compare_whole_milliseconds(void **state)
{
	struct seen s = RUN(CONFIG(.idle_ms = 10), { 1, 2, MS_NS - 1 }, { 1, 2, 10 * MS_NS });

	(void)state;
	assert_int_equal(s.n, 2);
}

static void active_timeout_cuts_a_flow_that_goes_on(void **state)
{
	struct seen s = RUN(CONFIG(.active_ms = 5000), { 1, 2, 0 }, { 1, 2, 4 * S },
			    { 1, 2, 5 * S }, { 1, 2, 6 * S });

	(void)state;
	assert_int_equal(s.n, 2);
	assert_int_equal(s.v[0].why, EXPIRED_ACTIVE);
	assert_int_equal(s.v[0].packets, 2);
	assert_int_equal(s.v[1].packets, 2);
}

/* Both have passed: idle is asked first. */
static void idle_goes_before_active(void **state)
{
	struct seen s = RUN(CONFIG(.idle_ms = 5000, .active_ms = 5000), { 1, 2, 0 },
			    { 1, 2, 9 * S });

	(void)state;
	assert_int_equal(s.v[0].why, EXPIRED_IDLE);
}

static void direction_is_decided_anew_after_a_split(void **state)
{
	struct seen s = RUN(CONFIG(.idle_ms = 1000), { 1, 2, 0 }, { 2, 1, 5 * S });

	(void)state;
	assert_int_equal(s.n, 2);
	assert_int_equal(s.v[0].src, 1);
	assert_int_equal(s.v[1].src, 2);
}

static void idle_flows_leave_least_recently_used_first(void **state)
{
	struct seen s = RUN(CONFIG(.idle_ms = 10000), { 1, 9, 0 }, { 2, 9, 1 * S },
			    { 1, 9, 2 * S }, { 3, 9, 30 * S });

	(void)state;
	assert_int_equal(s.n, 3);
	assert_int_equal(s.v[0].src, 2);
	assert_int_equal(s.v[1].src, 1);
	assert_int_equal(s.v[2].src, 3);
}

static void a_full_table_lets_the_least_recently_used_flow_go(void **state)
{
	struct seen s = RUN(CONFIG(.max_flows = 2), { 1, 9, 0 }, { 2, 9, 1 }, { 1, 9, 2 },
			    { 3, 9, 3 });

	(void)state;
	assert_int_equal(s.n, 3);
	assert_int_equal(s.v[0].src, 2);
	assert_int_equal(s.v[0].why, EXPIRED_EMERGENCY);
	assert_int_equal(s.v[1].why, EXPIRED_IDLE);
}

static void a_table_of_one_flow_works(void **state)
{
	struct seen s = RUN(CONFIG(.max_flows = 1), { 1, 9, 0 }, { 2, 9, 1 }, { 3, 9, 2 },
			    { 3, 9, 3 });

	(void)state;
	assert_int_equal(s.n, 3);
	assert_int_equal(s.v[2].packets, 2);
}

#define TCP CONFIG(.tcp_expiration = true)

static void reset_ends_a_connection_at_once(void **state)
{
	struct seen s = RUN(TCP, { 1, 2, 0, TCP_SYN }, { 2, 1, 1, TCP_RST | TCP_ACK },
			    { 1, 2, 2, TCP_SYN });

	(void)state;
	assert_int_equal(s.n, 2);
	assert_int_equal(s.v[0].packets, 2);
	assert_int_equal(s.v[0].why, EXPIRED_NATURAL);
	assert_int_equal(s.v[1].packets, 1);
}

static void last_ack_after_both_fins_ends_a_connection(void **state)
{
	struct seen s = RUN(TCP, { 1, 2, 0, TCP_FIN | TCP_ACK, 100, 500, 10 },
			    { 2, 1, 1, TCP_FIN | TCP_ACK, 500, 111 },
			    { 1, 2, 2, TCP_ACK, 111, 501 }, { 1, 2, 3, TCP_ACK, 111, 501 });

	(void)state;
	assert_int_equal(s.n, 2);
	assert_int_equal(s.v[0].packets, 3);
	assert_int_equal(s.v[0].why, EXPIRED_NATURAL);
}

/* An old acknowledgement, resent, is not the last one. */
static void an_ack_below_the_fin_does_not_end_it(void **state)
{
	struct seen s = RUN(TCP, { 1, 2, 0, TCP_FIN | TCP_ACK, 100, 500, 10 },
			    { 2, 1, 1, TCP_FIN | TCP_ACK, 500, 111 },
			    { 1, 2, 2, TCP_ACK, 111, 500 }, { 1, 2, 3, TCP_ACK, 111, 501 });

	(void)state;
	assert_int_equal(s.n, 1);
	assert_int_equal(s.v[0].packets, 4);
}

static void half_closed_connections_stay(void **state)
{
	struct seen s = RUN(TCP, { 1, 2, 0, TCP_FIN | TCP_ACK, 100, 500 },
			    { 2, 1, 1, TCP_ACK, 500, 101 }, { 2, 1, 50 * S, TCP_ACK, 500, 101, 9 });

	(void)state;
	assert_int_equal(s.n, 1);
	assert_int_equal(s.v[0].packets, 3);
	assert_int_equal(s.v[0].why, EXPIRED_IDLE);
}

static void two_seconds_after_both_fins_a_connection_ends(void **state)
{
	struct seen s = RUN(TCP, { 1, 2, 0, TCP_FIN | TCP_ACK, 100, 500 },
			    { 2, 1, 1 * S, TCP_FIN | TCP_ACK, 500, 101 },
			    { 2, 1, 3 * S - 1, TCP_FIN | TCP_ACK, 500, 101 },
			    { 1, 2, 3 * S, TCP_ACK, 101, 501 });

	(void)state;
	assert_int_equal(s.n, 2);
	assert_int_equal(s.v[0].packets, 3);
	assert_int_equal(s.v[0].why, EXPIRED_NATURAL);
}

/* Whoever looks late must find what one who looked at once had found: the
 * timeout that passed first. Otherwise records would depend on the number of
 * meters, since ticks do. */
static void of_two_passed_timeouts_the_first_counts(void **state)
{
	struct meter_config idle_first = TCP, close_first = TCP;
	const struct tp t[] = {
		{ 1, 2, 0, TCP_FIN | TCP_ACK, 100, 500 },
		{ 2, 1, 1 * S, TCP_FIN | TCP_ACK, 500, 101 },
		{ 8, 9, 100 * S },
	};
	struct seen s;

	(void)state;
	idle_first.idle_ms = 1000;
	s = run(idle_first, t, 3);
	assert_int_equal(s.v[0].why, EXPIRED_IDLE);
	close_first.idle_ms = 3000;
	s = run(close_first, t, 3);
	assert_int_equal(s.v[0].why, EXPIRED_NATURAL);
}

static void fin_and_rst_end_nothing_by_default(void **state)
{
	struct seen s = RUN(CONFIG(.statistics = true), { 1, 2, 0, TCP_RST },
			    { 1, 2, 1, TCP_FIN | TCP_ACK }, { 2, 1, 2, TCP_FIN | TCP_ACK },
			    { 1, 2, 3, TCP_ACK });

	(void)state;
	assert_int_equal(s.n, 1);
}

static void zero_timeouts_make_every_packet_a_flow(void **state)
{
	struct meter_config c = { .max_flows = 10 };
	const struct tp t = { 1, 2, 5 };
	struct seen s = { 0 };
	struct meter *m;

	(void)state;
	assert_int_equal(meter_layout(&c), 0);
	assert_int_equal(meter_new(&m, &c, 1), 0);
	for (int i = 0; i < 3; i++)
		add(m, &t, &s);
	meter_flush(m);
	drain(m, &s);
	assert_int_equal(s.n, 3);
	meter_free(m);
}

/* Against the textbook formulas, by another route than Welford's. */
static void statistics_are_those_of_the_packets(void **state)
{
	struct meter_config c = { .statistics = true, .splt_length = 4, .max_flows = 10,
				  .idle_ms = 1000000, .active_ms = 1000000 };
	const uint32_t payload[] = { 10, 400, 0, 33, 1400 };
	const uint64_t ms[] = { 0, 7, 7, 150, 151 };
	const struct record *r = &(struct record){ .config = &c };
	double sum = 0, squares = 0;
	struct flowtap_value v;
	struct seen s = { 0 };
	struct meter *m;
	struct flow *f;

	(void)state;
	assert_int_equal(meter_layout(&c), 0);
	assert_int_equal(meter_new(&m, &c, 1), 0);
	for (int i = 0; i < 5; i++) {
		const struct tp t = { i % 2 ? 2 : 1, i % 2 ? 1 : 2, ms[i] * MS_NS, TCP_ACK, 0, 0,
				      payload[i] };

		add(m, &t, &s);
		sum += payload[i] + 100;
		squares += (payload[i] + 100.) * (payload[i] + 100.);
	}
	meter_flush(m);
	f = meter_pop(m);
	r = &(struct record){ .flow = f, .config = &c };
	feature_by_name("bidirectional_mean_ps")->get(r, &v);
	assert_true(v.f64 > sum / 5 - 1e-9 && v.f64 < sum / 5 + 1e-9);
	feature_by_name("bidirectional_stddev_ps")->get(r, &v);
	squares = (squares - sum * sum / 5) / 4;
	assert_true(v.f64 * v.f64 > squares - 1e-6 && v.f64 * v.f64 < squares + 1e-6);
	feature_by_name("dst2src_max_ps")->get(r, &v);
	assert_int_equal(v.u64, 500);
	feature_by_name("bidirectional_max_piat_ms")->get(r, &v);
	assert_int_equal(v.u64, 143);
	feature_by_name("src2dst_min_piat_ms")->get(r, &v);
	assert_int_equal(v.u64, 7);
	feature_by_name("src2dst_ack_packets")->get(r, &v);
	assert_int_equal(v.u64, 3);
	feature_by_name("splt_ps")->get(r, &v);
	assert_int_equal(v.list.n, 4);
	assert_int_equal(((const int32_t *)v.list.ptr)[3], 133);
	feature_by_name("splt_piat_ms")->get(r, &v);
	assert_int_equal(((const int64_t *)v.list.ptr)[3], 143);
	meter_release(m, f);
	meter_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_of_exactly_the_idle_timeout_ends_the_flow),
		cmocka_unit_test(silence_just_below_the_idle_timeout_does_not),
		cmocka_unit_test(timeouts_compare_whole_milliseconds),
		cmocka_unit_test(active_timeout_cuts_a_flow_that_goes_on),
		cmocka_unit_test(idle_goes_before_active),
		cmocka_unit_test(direction_is_decided_anew_after_a_split),
		cmocka_unit_test(idle_flows_leave_least_recently_used_first),
		cmocka_unit_test(a_full_table_lets_the_least_recently_used_flow_go),
		cmocka_unit_test(a_table_of_one_flow_works),
		cmocka_unit_test(reset_ends_a_connection_at_once),
		cmocka_unit_test(last_ack_after_both_fins_ends_a_connection),
		cmocka_unit_test(an_ack_below_the_fin_does_not_end_it),
		cmocka_unit_test(half_closed_connections_stay),
		cmocka_unit_test(two_seconds_after_both_fins_a_connection_ends),
		cmocka_unit_test(of_two_passed_timeouts_the_first_counts),
		cmocka_unit_test(fin_and_rst_end_nothing_by_default),
		cmocka_unit_test(zero_timeouts_make_every_packet_a_flow),
		cmocka_unit_test(statistics_are_those_of_the_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
