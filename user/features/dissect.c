/* dissect.c - nDPI, of any version from 4.2 on. */

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ndpi_api.h>

#include "dissect.h"
#include "packet/packet.h"

#define NDPI_AT_LEAST(major, minor) \
	(NDPI_MAJOR > (major) || (NDPI_MAJOR == (major) && NDPI_MINOR >= (minor)))

#if !NDPI_AT_LEAST(4, 2)
#error "nDPI 4.2 or newer is needed"
#endif

/* Longest texts, in bytes: those of the reference. */
#define APPLICATION_MAX 39
#define CATEGORY_MAX 24
#define SERVER_NAME_MAX 79
#define FINGERPRINT_MAX 47	/* DHCP's, the longest of them */
#define HASH_MAX 32
#define USER_AGENT_MAX 255
#define CONTENT_TYPE_MAX 63

/* Objects in reserve for each kind: enough for the coming and going of flows,
 * while a flood's memory goes back to malloc(). */
#define RESERVE_MAX 1024

/* Objects of one size. The last one returned, whose lines are still in the
 * cache, is the first one taken. */
struct reserve {
	void *free;		/* each points to the next */
	uint32_t n;
	uint32_t size;
};

/* A SYN that waits for the flow's second packet, or for its end. It says
 * nothing about the application, and many flows consist of nothing else (29 %
 * in the mix of real captures that tools/bench meters, nearly all in a scan or
 * a flood): its headers take a sixth of the memory of nDPI's flow, which a
 * flow is given when its second packet comes. */
struct held_packet {
	uint64_t ts_ms;
	uint16_t len;
	uint8_t data[94];	/* IPv6, TCP with 20 bytes of options, a trailer; no gap in malloc's sizes */
};

struct dissector {
	struct ndpi_detection_module_struct *ndpi;
	uint64_t packets;
	struct reserve flows;	/* struct ndpi_flow_struct */
	struct reserve held;
};

/* Names by number, made once from the first module, since nDPI hands them out
 * of a module only, which belongs to a meter. Never freed or changed. */
struct names {
	unsigned n_protocols;
	char (*protocol)[APPLICATION_MAX + 1];
	char category[NDPI_PROTOCOL_NUM_CATEGORIES][CATEGORY_MAX + 1];
};

static _Atomic(const struct names *) names;

/* nDPI forbids to make two modules at a time (ndpi_api.h). */
static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;

/* What changed from version to version. */

static struct ndpi_detection_module_struct *module_new(void)
{
	struct ndpi_detection_module_struct *m;
	int r = 0;

	/* Not to take the padding of a short Ethernet frame for payload, as
	 * ndpiReader has it too. */
#if NDPI_AT_LEAST(4, 9)
	m = ndpi_init_detection_module(NULL);
#elif NDPI_AT_LEAST(4, 7)
	m = ndpi_init_detection_module(ndpi_enable_tcp_ack_payload_heuristic);
#else
	m = ndpi_init_detection_module(ndpi_no_prefs);
#endif
	if (!m)
		return NULL;
#if NDPI_AT_LEAST(4, 9)
	ndpi_set_config(m, NULL, "tcp_ack_payload_heuristic", "enable");
#endif

#if !NDPI_AT_LEAST(5, 0)	/* all are enabled by default there */
	NDPI_PROTOCOL_BITMASK all;

	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(m, &all);
#endif
#if NDPI_AT_LEAST(4, 9)
	r = ndpi_finalize_initialization(m);
#else
	ndpi_finalize_initialization(m);
#endif
	if (r) {
		ndpi_exit_detection_module(m);
		return NULL;
	}
	return m;
}

static unsigned protocol_count(struct ndpi_detection_module_struct *m)
{
#if NDPI_AT_LEAST(5, 0)
	return ndpi_get_num_protocols(m);
#else
	return ndpi_get_num_supported_protocols(m);
#endif
}

static ndpi_protocol process(struct ndpi_detection_module_struct *m, struct ndpi_flow_struct *flow,
			     const uint8_t *data, uint16_t len, uint64_t ts_ms)
{
#if NDPI_AT_LEAST(4, 6)
	return ndpi_detection_process_packet(m, flow, data, len, ts_ms, NULL);
#else
	return ndpi_detection_process_packet(m, flow, data, len, ts_ms);
#endif
}

static ndpi_protocol giveup(struct ndpi_detection_module_struct *m, struct ndpi_flow_struct *flow,
			    uint8_t *ret_guessed)
{
#if NDPI_AT_LEAST(5, 0)
	ndpi_protocol p = ndpi_detection_giveup(m, flow);

	*ret_guessed = flow->protocol_was_guessed;
	return p;
#elif NDPI_AT_LEAST(4, 9)
	return ndpi_detection_giveup(m, flow, ret_guessed);
#else
	return ndpi_detection_giveup(m, flow, 1, ret_guessed);
#endif
}

static bool more_to_learn(struct ndpi_detection_module_struct *m, struct ndpi_flow_struct *flow,
			  const ndpi_protocol *p)
{
#if NDPI_AT_LEAST(5, 0)
	(void)m;
	(void)flow;
	return p->state != NDPI_STATE_CLASSIFIED;
#else
	(void)p;
	/* Before 4.6 it is possible until nDPI has everything that the protocol
	 * may have to tell, whether somebody goes on looking for it or not. */
	return flow->extra_packets_func && ndpi_extra_dissection_possible(m, flow);
#endif
}

static void take_protocol(struct l7 *l7, const ndpi_protocol *p)
{
#if NDPI_AT_LEAST(4, 11)
	l7->master_protocol = p->proto.master_protocol;
	l7->app_protocol = p->proto.app_protocol;
#else
	l7->master_protocol = p->master_protocol;
	l7->app_protocol = p->app_protocol;
#endif
	l7->category = p->category;
}

static uint8_t confidence_number(ndpi_confidence_t c)
{
#if NDPI_AT_LEAST(4, 6)
	return c;	/* the documented numbering is this one */
#else
	switch (c) {
	case NDPI_CONFIDENCE_MATCH_BY_PORT:
		return 1;
#if NDPI_AT_LEAST(4, 4)
	case NDPI_CONFIDENCE_DPI_PARTIAL:
		return 3;
	case NDPI_CONFIDENCE_DPI_PARTIAL_CACHE:
		return 4;
#endif
	case NDPI_CONFIDENCE_DPI_CACHE:
		return 5;
	case NDPI_CONFIDENCE_DPI:
		return 6;
	case NDPI_CONFIDENCE_MATCH_BY_IP:
		return 7;
	default:
		return 0;
	}
#endif
}

/* JA3 of the client is gone since 4.14. */
#if NDPI_AT_LEAST(4, 13)
#define tls_client ja4_client
#define TLS_CLIENT_MAX 36
#else
#define tls_client ja3_client
#define TLS_CLIENT_MAX HASH_MAX
#endif

/* Text out of packets. */

/* Bytes of the well-formed character that s begins with, 0 if it does not
 * (RFC 3629, section 4: no overlong forms, no surrogates, U+10FFFF the last). */
static size_t utf8_length(const uint8_t *s, size_t len)
{
	uint8_t min = 0x80, max = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return 0;
	if (s[0] == 0xe0)
		min = 0xa0;
	else if (s[0] == 0xed)
		max = 0x9f;
	else if (s[0] == 0xf0)
		min = 0x90;
	else if (s[0] == 0xf4)
		max = 0x8f;
	if (s[1] < min || s[1] > max)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Up to max bytes of s without those that are not UTF-8, and a NUL. Returns
 * the length. s may be NULL. */
static size_t copy_text(char *out, const char *s, size_t max)
{
	size_t len = s ? strnlen(s, max) : 0, n = 0;

	for (size_t i = 0; i < len;) {
		size_t k = utf8_length((const uint8_t *)s + i, len - i);

		memcpy(out + n, s + i, k);
		n += k;
		i += k ? k : 1;
	}
	out[n] = 0;
	return n;
}

/* A fingerprint (hexadecimal, or a list of numbers), or nothing if this is
 * none: nDPI keeps what its dissectors found in a union, so that a flow which
 * was only guessed to be TLS may have something else there. */
static size_t copy_fingerprint(char *out, const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && (isalnum((uint8_t)s[n]) || s[n] == ',' || s[n] == '_')) {
		out[n] = s[n];
		n++;
	}
	if (n < max && s[n])
		n = 0;
	out[n] = 0;
	return n;
}

static bool is(const struct l7 *l7, unsigned protocol)
{
	return l7->master_protocol == protocol || l7->app_protocol == protocol;
}

static bool is_tls(const struct l7 *l7)
{
	return is(l7, NDPI_PROTOCOL_TLS) || is(l7, NDPI_PROTOCOL_QUIC) || is(l7, NDPI_PROTOCOL_DTLS) ||
	       is(l7, NDPI_PROTOCOL_MAIL_SMTPS) || is(l7, NDPI_PROTOCOL_MAIL_IMAPS) ||
	       is(l7, NDPI_PROTOCOL_MAIL_POPS);
}

static void take_texts(struct l7 *l7, const struct ndpi_flow_struct *flow)
{
	const char *client = "", *server = "", *agent = NULL, *type = NULL;
	char text[SERVER_NAME_MAX + 2 * FINGERPRINT_MAX + USER_AGENT_MAX + CONTENT_TYPE_MAX + 5];
	size_t client_max = HASH_MAX, n = 0;
	struct l7_text at;

	if (is(l7, NDPI_PROTOCOL_DHCP)) {
		client = flow->protos.dhcp.fingerprint;
		client_max = FINGERPRINT_MAX;
	} else if (is(l7, NDPI_PROTOCOL_HTTP)) {
		agent = flow->http.user_agent;
		type = flow->http.content_type;
	} else if (is(l7, NDPI_PROTOCOL_SSH)) {
		client = flow->protos.ssh.hassh_client;
		server = flow->protos.ssh.hassh_server;
	} else if (is_tls(l7)) {
		client = flow->protos.tls_quic.tls_client;
		client_max = TLS_CLIENT_MAX;
		server = flow->protos.tls_quic.ja3_server;
		agent = flow->http.user_agent;	/* of QUIC */
	}
	if (!flow->host_server_name[0] && !client[0] && !server[0] && !agent && !type)
		return;

	at.server_name = n;
	n += copy_text(text + n, (const char *)flow->host_server_name, SERVER_NAME_MAX) + 1;
	at.client_fingerprint = n;
	n += copy_fingerprint(text + n, client, client_max) + 1;
	at.server_fingerprint = n;
	n += copy_fingerprint(text + n, server, HASH_MAX) + 1;
	at.user_agent = n;
	n += copy_text(text + n, agent, USER_AGENT_MAX) + 1;
	at.content_type = n;
	n += copy_text(text + n, type, CONTENT_TYPE_MAX) + 1;
	if (n == 5)
		return;

	l7->text = malloc(sizeof(*l7->text) + n);
	if (!l7->text)
		return;		/* the record goes out without them */
	*l7->text = at;
	memcpy(l7->text->text, text, n);
}

/* Memory of flows under detection. */

static void *reserve_take(struct reserve *r)
{
	void **x = r->free;

	if (!x)
		return malloc(r->size);
	r->free = *x;
	r->n--;
	return x;
}

static void reserve_give(struct reserve *r, void *x)
{
	if (r->n == RESERVE_MAX) {
		free(x);
		return;
	}
	*(void **)x = r->free;
	r->free = x;
	r->n++;
}

static void reserve_empty(struct reserve *r)
{
	while (r->n)
		free(reserve_take(r));
}

static struct ndpi_flow_struct *flow_new(struct dissector *d)
{
	struct ndpi_flow_struct *flow = reserve_take(&d->flows);

	if (flow)
		memset(flow, 0, sizeof(*flow));
	return flow;
}

static void drop_detection(struct dissector *d, struct l7 *l7)
{
	if (l7->held) {
		reserve_give(&d->held, l7->detection);
	} else if (l7->detection) {
		ndpi_free_flow_data(l7->detection);
		reserve_give(&d->flows, l7->detection);
	}
	l7->detection = NULL;
	l7->held = 0;
}

/* Tables of names. */

static void names_free(struct names *t)
{
	if (t)
		free(t->protocol);
	free(t);
}

/* With init_lock held. */
static int names_make(struct ndpi_detection_module_struct *m)
{
	struct names *t;

	if (atomic_load_explicit(&names, memory_order_relaxed))
		return 0;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->n_protocols = protocol_count(m);
	t->protocol = calloc(t->n_protocols, sizeof(*t->protocol));
	if (!t->protocol) {
		names_free(t);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < t->n_protocols; i++)
		copy_text(t->protocol[i], ndpi_get_proto_name(m, i), APPLICATION_MAX);
	for (unsigned i = 0; i < NDPI_PROTOCOL_NUM_CATEGORIES; i++)
		copy_text(t->category[i], ndpi_category_get_name(m, i), CATEGORY_MAX);
	atomic_store_explicit(&names, t, memory_order_release);
	return 0;
}

static const char *protocol_name(const struct names *t, unsigned protocol)
{
	return t && protocol < t->n_protocols ? t->protocol[protocol] : "Unknown";
}

size_t dissect_application_name(const struct l7 *l7, char *buf, size_t size)
{
	const struct names *t = atomic_load_explicit(&names, memory_order_acquire);
	unsigned master = l7->master_protocol, app = l7->app_protocol;
	size_t max = size - 1 < APPLICATION_MAX ? size - 1 : APPLICATION_MAX, n = 0;
	const char *s;

	if (master && app && master != app) {
		s = protocol_name(t, master);
		n = strnlen(s, max);
		memcpy(buf, s, n);
		if (n < max)
			buf[n++] = '.';
	}
	s = protocol_name(t, app ? app : master);
	size_t k = strnlen(s, max - n);
	memcpy(buf + n, s, k);
	n += k;
	buf[n] = 0;
	return n;
}

const char *dissect_category_name(const struct l7 *l7)
{
	const struct names *t = atomic_load_explicit(&names, memory_order_acquire);

	return t && l7->category < NDPI_PROTOCOL_NUM_CATEGORIES ? t->category[l7->category] : "Unspecified";
}

const char *dissect_library_version(void)
{
	return ndpi_revision();
}

/* A dissector. */

int dissector_new(struct dissector **ret, unsigned packets)
{
	struct dissector *d;
	int r = 0;

	/* Headers and library of two versions would corrupt memory. */
	if (ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(struct ndpi_flow_struct))
		return -EIO;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->packets = packets;
	d->flows.size = sizeof(struct ndpi_flow_struct);
	d->held.size = sizeof(struct held_packet);

	pthread_mutex_lock(&init_lock);
	d->ndpi = module_new();
	r = d->ndpi ? names_make(d->ndpi) : -EIO;
	pthread_mutex_unlock(&init_lock);
	if (r < 0)
		goto fail;
	*ret = d;
	return 0;
fail:
	dissector_free(d);
	return r;
}

void dissector_free(struct dissector *d)
{
	if (!d)
		return;
	reserve_empty(&d->flows);
	reserve_empty(&d->held);
	if (d->ndpi) {
		pthread_mutex_lock(&init_lock);
		ndpi_exit_detection_module(d->ndpi);
		pthread_mutex_unlock(&init_lock);
	}
	free(d);
}

/* Ends detection: takes what nDPI found and gives its flow back. */
static void settle(struct dissector *d, struct l7 *l7)
{
	struct ndpi_flow_struct *flow = l7->detection;
	uint8_t guessed = 0;

	if (!l7->app_protocol) {
		ndpi_protocol p = giveup(d->ndpi, flow, &guessed);

		take_protocol(l7, &p);
	}
	l7->guessed = guessed != 0;
	l7->confidence = confidence_number(flow->confidence);
	l7->done = 1;
	take_texts(l7, flow);
	drop_detection(d, l7);
}

/* The first packet, or what was held of it, makes nDPI's flow. */
static bool begin(struct dissector *d, struct l7 *l7)
{
	struct ndpi_flow_struct *flow = flow_new(d);

	if (flow && l7->held) {
		const struct held_packet *h = l7->detection;

		process(d->ndpi, flow, h->data, h->len, h->ts_ms);
	}
	drop_detection(d, l7);
	l7->detection = flow;
	return flow != NULL;
}

/* Keeps back a first packet that is a SYN. Such a packet neither reads nor
 * writes nDPI's caches, so it does not matter to other flows when nDPI sees
 * it. */
static bool hold(struct dissector *d, struct l7 *l7, const struct packet *p)
{
	uint32_t len = p->caplen - p->ip_offset;
	struct held_packet *h;

	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN || p->payload_size ||
	    len > sizeof(h->data) || d->packets == 1)
		return false;
	h = reserve_take(&d->held);
	if (!h)
		return false;
	h->ts_ms = p->ts_ns / 1000000;
	h->len = len;
	memcpy(h->data, p->data + p->ip_offset, len);
	l7->detection = h;
	l7->held = 1;
	return true;
}

void dissect_packet(struct dissector *d, struct l7 *l7, const struct packet *p, uint64_t n)
{
	uint32_t len = p->caplen - p->ip_offset;
	ndpi_protocol found;

	if (l7->done)
		return;
	if (!l7->detection && hold(d, l7, p))
		return;
	if ((!l7->detection || l7->held) && !begin(d, l7)) {
		l7->done = 1;	/* out of memory: this flow stays unknown */
		return;
	}

	found = process(d->ndpi, l7->detection, p->data + p->ip_offset,
			len < UINT16_MAX ? len : UINT16_MAX, p->ts_ns / 1000000);
	take_protocol(l7, &found);
	if (n >= d->packets || (l7->app_protocol && !more_to_learn(d->ndpi, l7->detection, &found)))
		settle(d, l7);
}

void dissect_end(struct dissector *d, struct l7 *l7)
{
	if (l7->done)
		return;
	if (l7->held && !begin(d, l7)) {
		l7->done = 1;
		return;
	}
	if (l7->detection)
		settle(d, l7);
	l7->done = 1;
}

void dissect_clear(struct dissector *d, struct l7 *l7)
{
	drop_detection(d, l7);
	free(l7->text);
	memset(l7, 0, sizeof(*l7));
}
