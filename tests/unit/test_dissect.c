/* Dissection: what a flow is called, when that is settled, and what is kept. */

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "features/dissect.h"
#include "packet/packet.h"

#define UDP 17
#define TCP 6
#define N 20		/* packets that may be looked at */

/* A flow of 10.0.0.1:client_port and 10.0.0.2:port, and its next packet. */
struct talk {
	struct dissector *d;
	struct l7 l7;
	uint64_t n;
	uint8_t protocol;
	uint16_t client_port, port;
	uint32_t seq[2];
	uint8_t frame[2048];
};

static struct talk talk_new(unsigned packets, uint8_t protocol, uint16_t port)
{
	struct talk t = { .protocol = protocol, .client_port = 1025, .port = port, .seq = { 1000, 5000 } };

	assert_int_equal(dissector_new(&t.d, packets), 0);
	return t;
}

static void talk_free(struct talk *t)
{
	dissect_clear(t->d, &t->l7);
	dissector_free(t->d);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* One packet, from the client unless `back`; Ethernet in front of it. */
static void say(struct talk *t, int back, uint8_t flags, const void *payload, size_t len)
{
	uint8_t *ip = t->frame + 14, *l4 = ip + 20;
	size_t head = t->protocol == TCP ? 20 : 8;
	struct packet p = {
		.key = { .protocol = t->protocol, .ip_version = 4 },
		.ts_ns = (1000 + t->n) * 1000000000ull,
		.data = t->frame,
		.ip_offset = 14,
		.transport_offset = 34,
		.payload_size = len,
		.tcp_flags = t->protocol == TCP ? flags : 0,
	};

	assert_true(14 + 20 + head + len <= sizeof(t->frame));
	memset(t->frame, 0, 14 + 20 + head);
	put16(t->frame + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, 20 + head + len);
	ip[8] = 64;
	ip[9] = t->protocol;
	put32(ip + 12, back ? 0x0a000002 : 0x0a000001);
	put32(ip + 16, back ? 0x0a000001 : 0x0a000002);
	put16(l4, back ? t->port : t->client_port);
	put16(l4 + 2, back ? t->client_port : t->port);
	if (t->protocol == TCP) {
		put32(l4 + 4, t->seq[back]);
		put32(l4 + 8, t->seq[!back]);
		l4[12] = 0x50;
		l4[13] = flags;
		put16(l4 + 14, 64000);
		t->seq[back] += len + ((flags & TCP_SYN) != 0);
	} else {
		put16(l4 + 4, 8 + len);
	}
	if (len)
		memcpy(l4 + head, payload, len);
	p.caplen = p.raw_size = 14 + 20 + head + len;
	dissect_packet(t->d, &t->l7, &p, ++t->n);
}

static void say_text(struct talk *t, int back, const char *text)
{
	say(t, back, TCP_ACK | TCP_PSH, text, strlen(text));
}

static void handshake(struct talk *t)
{
	say(t, 0, TCP_SYN, NULL, 0);
	say(t, 1, TCP_SYN | TCP_ACK, NULL, 0);
	say(t, 0, TCP_ACK, NULL, 0);
}

static void assert_name(const struct l7 *l7, const char *name)
{
	char buf[64];
	size_t len = dissect_application_name(l7, buf, sizeof(buf));

	assert_string_equal(buf, name);
	assert_int_equal(len, strlen(name));
}

#define TEXT(t, member) ((t)->l7.text ? (t)->l7.text->text + (t)->l7.text->member : "")

/* A question for the A record of `name`, or its answer. */
static size_t dns(uint8_t *out, const char *name, int answer)
{
	uint8_t *p = out;

	memset(p, 0, 12);
	put16(p, 0x1234);
	put16(p + 2, answer ? 0x8180 : 0x0100);
	put16(p + 4, 1);
	put16(p + 6, answer);
	p += 12;
	while (*name) {
		size_t k = strcspn(name, ".");

		*p++ = k;
		memcpy(p, name, k);
		p += k;
		name += k + (name[k] == '.');
	}
	*p++ = 0;
	put32(p, 0x00010001);
	p += 4;
	if (answer) {
		put16(p, 0xc00c);
		put32(p + 2, 0x00010001);
		put32(p + 6, 60);
		put16(p + 10, 4);
		put32(p + 12, 0xc0000201);
		p += 16;
	}
	return p - out;
}

static void dns_is_named_and_its_question_kept(void **state)
{
	struct talk t = talk_new(N, UDP, 53);
	uint8_t msg[512];

	(void)state;
	say(&t, 0, 0, msg, dns(msg, "www.example.org", 0));
	assert_false(t.l7.done);	/* the answer may tell more */
	dissect_end(t.d, &t.l7);
	assert_true(t.l7.done);
	assert_name(&t.l7, "DNS");
	assert_string_equal(dissect_category_name(&t.l7), "Network");
	assert_int_equal(t.l7.confidence, 6);
	assert_int_equal(t.l7.guessed, 0);
	assert_string_equal(TEXT(&t, server_name), "www.example.org");
	assert_string_equal(TEXT(&t, client_fingerprint), "");
	assert_string_equal(TEXT(&t, content_type), "");
	talk_free(&t);
}

static void detection_ends_when_nothing_more_is_to_be_learned(void **state)
{
	struct talk t = talk_new(N, UDP, 53);
	uint8_t msg[512];

	(void)state;
	say(&t, 0, 0, msg, dns(msg, "www.example.org", 0));
	assert_non_null(t.l7.detection);
	say(&t, 1, 0, msg, dns(msg, "www.example.org", 1));
	assert_true(t.l7.done);
	assert_null(t.l7.detection);
	assert_name(&t.l7, "DNS");
	talk_free(&t);
}

static void server_name_is_at_most_79_bytes(void **state)
{
	struct talk t = talk_new(N, UDP, 53);
	uint8_t msg[512];
	char name[121];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	for (int i = 20; i < 120; i += 20)
		name[i] = '.';
	name[120] = 0;
	say(&t, 0, 0, msg, dns(msg, name, 0));
	dissect_end(t.d, &t.l7);
	assert_in_range(strlen(TEXT(&t, server_name)), 60, 79);
	talk_free(&t);
}

static void http_request_gives_host_and_agent(void **state)
{
	struct talk t = talk_new(N, TCP, 80);

	(void)state;
	handshake(&t);
	say_text(&t, 0, "GET / HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: probe/1.0 (caf\xc3\xa9)\r\n"
		 "Accept: */*\r\n\r\n");
	dissect_end(t.d, &t.l7);
	assert_name(&t.l7, "HTTP");
	assert_string_equal(dissect_category_name(&t.l7), "Web");
	assert_int_equal(t.l7.confidence, 6);
	assert_string_equal(TEXT(&t, server_name), "www.example.org");
	assert_string_equal(TEXT(&t, user_agent), "probe/1.0 (caf\xc3\xa9)");
	assert_string_equal(TEXT(&t, content_type), "");
	talk_free(&t);
}

static void http_response_gives_content_type(void **state)
{
	struct talk t = talk_new(N, TCP, 80);

	(void)state;
	handshake(&t);
	say_text(&t, 1, "HTTP/1.1 200 OK\r\nServer: s\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
	dissect_end(t.d, &t.l7);
	assert_name(&t.l7, "HTTP");
	assert_string_equal(TEXT(&t, content_type), "text/plain");
	talk_free(&t);
}

/* Each would make a CSV or JSON file that readers refuse. */
static void bytes_that_are_not_utf8_are_dropped(void **state)
{
	static const struct { const char *in, *out; } c[] = {
		{ "a\xff" "b", "ab" },
		{ "a\xc3(b", "a(b" },			/* no second byte */
		{ "a\xc0\xaf" "b", "ab" },		/* overlong, 2 bytes */
		{ "a\xe0\x80\xaf" "b", "ab" },		/* overlong, 3 bytes */
		{ "a\xf0\x80\x80\xaf" "b", "ab" },	/* overlong, 4 bytes */
		{ "a\xed\xa0\x80" "b", "ab" },		/* surrogate */
		{ "a\xf4\x90\x80\x80" "b", "ab" },	/* above U+10FFFF */
		{ "a\xe2\x82" "b", "ab" },		/* cut */
		{ "a\x80\xbf" "b", "ab" },		/* never begun */
		{ "\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
		  "\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct talk t = talk_new(N, TCP, 80);
		char msg[256];

		handshake(&t);
		snprintf(msg, sizeof(msg), "GET / HTTP/1.1\r\nHost: h.example.org\r\nUser-Agent: %s\r\n\r\n", c[i].in);
		say_text(&t, 0, msg);
		dissect_end(t.d, &t.l7);
		assert_string_equal(TEXT(&t, user_agent), c[i].out);
		talk_free(&t);
	}
}

static void user_agent_is_cut_at_255_bytes_between_characters(void **state)
{
	struct talk t = talk_new(N, TCP, 80);
	char msg[600] = "GET / HTTP/1.1\r\nHost: h.example.org\r\nUser-Agent: ";
	size_t n = strlen(msg);

	(void)state;
	handshake(&t);
	memset(msg + n, 'a', 254);
	for (n += 254; n < 500; n += 2)
		memcpy(msg + n, "\xc3\xa9", 2);	/* its first byte is number 255 */
	strcpy(msg + n, "\r\n\r\n");
	say_text(&t, 0, msg);
	dissect_end(t.d, &t.l7);
	assert_int_equal(strlen(TEXT(&t, user_agent)), 254);
	talk_free(&t);
}

static size_t client_hello(uint8_t *out)
{
	static const uint8_t hello[] = {
		0x16, 3, 1, 0, 0,		/* handshake; length */
		1, 0, 0, 0,			/* client hello; length */
		3, 3,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
		28, 29, 30, 31, 32,
		0,				/* no session */
		0, 6, 0x13, 0x01, 0x13, 0x02, 0xc0, 0x2f,
		1, 0,
		0, 0,				/* length of extensions */
		0, 0, 0, 20, 0, 18, 0, 0, 15, 'w', 'w', 'w', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', '.', 'o', 'r', 'g',
		0, 10, 0, 6, 0, 4, 0, 29, 0, 23,
		0, 11, 0, 2, 1, 0,
	};
	size_t n = sizeof(hello), extensions = 5 + 4 + 2 + 32 + 1 + 8 + 2;

	memcpy(out, hello, n);
	put16(out + 3, n - 5);
	put16(out + 7, n - 9);
	put16(out + extensions, n - extensions - 2);
	return n;
}

static void tls_gives_server_name_and_fingerprint(void **state)
{
	/* MD5 of "771,4865-4866-49199,0-10-11,29-23,0". */
	static const char ja3[] = "1c7c0142403159a847860fe9b9a302cc";
	struct talk t = talk_new(N, TCP, 443);
	unsigned major = 0, minor = 0;
	uint8_t msg[512];

	(void)state;
	handshake(&t);
	say(&t, 0, TCP_ACK | TCP_PSH, msg, client_hello(msg));
	dissect_end(t.d, &t.l7);
	assert_name(&t.l7, "TLS");
	assert_string_equal(TEXT(&t, server_name), "www.example.org");
	assert_int_equal(sscanf(dissect_library_version(), "%u.%u", &major, &minor), 2);
	if (major == 4 && minor < 13) {
		assert_string_equal(TEXT(&t, client_fingerprint), ja3);
	} else {		/* JA4: t13d0303h1_..._... */
		assert_int_equal(strlen(TEXT(&t, client_fingerprint)), 36);
		assert_memory_equal(TEXT(&t, client_fingerprint), "t1", 2);
	}
	assert_string_equal(TEXT(&t, server_fingerprint), "");
	talk_free(&t);
}

static void dhcp_gives_its_fingerprint(void **state)
{
	struct talk t = talk_new(N, UDP, 67);
	uint8_t msg[300] = { 1, 1, 6, 0 };
	static const uint8_t options[] = {
		0x63, 0x82, 0x53, 0x63, 53, 1, 1, 12, 4, 'h', 'o', 's', 't', 55, 4, 1, 3, 6, 15, 255,
	};

	(void)state;
	t.client_port = 68;
	memcpy(msg + 236, options, sizeof(options));
	say(&t, 0, 0, msg, sizeof(msg));
	dissect_end(t.d, &t.l7);
	assert_name(&t.l7, "DHCP");
	assert_string_equal(TEXT(&t, client_fingerprint), "1,3,6,15");
	assert_string_equal(TEXT(&t, server_name), "host");
	talk_free(&t);
}

/* No protocol: ten times the same bytes, none of them a letter. */
static void say_noise(struct talk *t)
{
	static const uint8_t noise[] = { 0xf7, 0x91, 0xe3, 0x08, 0x9c, 0xd5, 0xb1, 0x83, 0xaa, 0x97, 0xfe, 0x86 };

	say(t, 0, TCP_ACK | TCP_PSH, noise, sizeof(noise));
}

static void what_stays_unknown_is_guessed_at_the_last_packet(void **state)
{
	struct talk t = talk_new(6, TCP, 22);

	(void)state;
	handshake(&t);
	say_noise(&t);
	say_noise(&t);
	assert_int_equal(t.n, 5);
	assert_false(t.l7.done);
	assert_name(&t.l7, "Unknown");
	say_noise(&t);
	assert_true(t.l7.done);
	assert_name(&t.l7, "SSH");
	assert_int_equal(t.l7.confidence, 1);
	assert_int_equal(t.l7.guessed, 1);
	say_noise(&t);			/* not looked at any more */
	assert_null(t.l7.detection);
	assert_name(&t.l7, "SSH");
	talk_free(&t);
}

static void what_stays_unknown_is_guessed_at_the_end(void **state)
{
	struct talk t = talk_new(N, TCP, 22);

	(void)state;
	handshake(&t);
	say_noise(&t);
	dissect_end(t.d, &t.l7);
	assert_true(t.l7.done);
	assert_name(&t.l7, "SSH");
	assert_int_equal(t.l7.guessed, 1);
	talk_free(&t);
}

static void a_flow_without_any_hint_is_unknown(void **state)
{
	struct talk t = talk_new(N, TCP, 61234);

	(void)state;
	handshake(&t);
	say_noise(&t);
	dissect_end(t.d, &t.l7);
	assert_name(&t.l7, "Unknown");
	assert_string_equal(dissect_category_name(&t.l7), "Unspecified");
	assert_int_equal(t.l7.confidence, 0);
	assert_int_equal(t.l7.guessed, 0);
	assert_null(t.l7.text);
	talk_free(&t);
}

/* The SYN that is held back must count as if nDPI had had it at once. */
static void a_lone_syn_is_guessed_as_if_it_had_been_dissected(void **state)
{
	struct talk held = talk_new(N, TCP, 22), at_once = talk_new(1, TCP, 22);

	(void)state;
	say(&held, 0, TCP_SYN, NULL, 0);
	assert_true(held.l7.held);
	dissect_end(held.d, &held.l7);
	assert_false(held.l7.held);
	say(&at_once, 0, TCP_SYN, NULL, 0);
	assert_true(at_once.l7.done);

	assert_name(&held.l7, "SSH");
	assert_name(&at_once.l7, "SSH");
	assert_int_equal(held.l7.confidence, at_once.l7.confidence);
	assert_int_equal(held.l7.guessed, at_once.l7.guessed);
	assert_int_equal(held.l7.category, at_once.l7.category);
	talk_free(&held);
	talk_free(&at_once);
}

static void a_syn_with_data_is_not_held_back(void **state)
{
	struct talk t = talk_new(N, TCP, 80);

	(void)state;
	say(&t, 0, TCP_SYN, "data", 4);
	assert_false(t.l7.held);
	talk_free(&t);
}

static void clear_gives_back_a_flow_at_any_stage(void **state)
{
	struct talk t = talk_new(N, TCP, 80);
	static const struct l7 zero;

	(void)state;
	dissect_clear(t.d, &t.l7);
	say(&t, 0, TCP_SYN, NULL, 0);
	dissect_clear(t.d, &t.l7);		/* held */
	assert_memory_equal(&t.l7, &zero, sizeof(zero));
	say_text(&t, 0, "GET / HTTP/1.1\r\nHost: a.example.org\r\n\r\n");
	assert_non_null(t.l7.detection);
	dissect_clear(t.d, &t.l7);		/* under detection */
	assert_memory_equal(&t.l7, &zero, sizeof(zero));
	say_text(&t, 0, "GET / HTTP/1.1\r\nHost: b.example.org\r\n\r\n");
	dissect_end(t.d, &t.l7);
	assert_string_equal(TEXT(&t, server_name), "b.example.org");	/* nothing of flow a */
	talk_free(&t);			/* ended */
}

static void a_flow_that_was_never_shown_ends_unknown(void **state)
{
	struct talk t = talk_new(N, TCP, 80);

	(void)state;
	dissect_end(t.d, &t.l7);
	assert_true(t.l7.done);
	assert_name(&t.l7, "Unknown");
	talk_free(&t);
}

static void packets_longer_than_65535_are_cut(void **state)
{
	struct dissector *d;
	struct l7 l7 = { 0 };
	uint32_t len = 70000;
	uint8_t *data = calloc(1, len);
	struct packet p = {
		.key = { .protocol = UDP, .ip_version = 4 },
		.data = data, .caplen = len, .raw_size = len, .transport_offset = 20,
	};

	(void)state;
	data[0] = 0x45;
	put16(data + 2, 65535);
	data[9] = UDP;
	put16(data + 24, 65515);
	assert_int_equal(dissector_new(&d, N), 0);
	dissect_packet(d, &l7, &p, 1);
	dissect_end(d, &l7);
	assert_true(l7.done);
	dissect_clear(d, &l7);
	dissector_free(d);
	free(data);
}

static void names_of_two_protocols_are_joined(void **state)
{
	struct talk t = talk_new(N, UDP, 53), h = talk_new(N, TCP, 22);
	uint8_t msg[512];
	struct l7 l7 = { 0 };

	(void)state;
	say(&t, 0, 0, msg, dns(msg, "www.example.org", 0));
	dissect_end(t.d, &t.l7);
	say(&h, 0, TCP_SYN, NULL, 0);
	dissect_end(h.d, &h.l7);
	uint16_t dns_id = t.l7.app_protocol ? t.l7.app_protocol : t.l7.master_protocol;
	uint16_t ssh_id = h.l7.app_protocol ? h.l7.app_protocol : h.l7.master_protocol;

	l7 = (struct l7){ .master_protocol = dns_id, .app_protocol = ssh_id };
	assert_name(&l7, "DNS.SSH");
	l7 = (struct l7){ .master_protocol = dns_id, .app_protocol = dns_id };
	assert_name(&l7, "DNS");
	l7 = (struct l7){ .master_protocol = dns_id };
	assert_name(&l7, "DNS");
	l7 = (struct l7){ .app_protocol = ssh_id };
	assert_name(&l7, "SSH");
	l7 = (struct l7){ 0 };
	assert_name(&l7, "Unknown");
	l7 = (struct l7){ .app_protocol = UINT16_MAX, .category = UINT16_MAX };
	assert_name(&l7, "Unknown");
	assert_string_equal(dissect_category_name(&l7), "Unspecified");
	talk_free(&t);
	talk_free(&h);
}

static void joined_names_are_cut_at_39_bytes(void **state)
{
	struct talk t = talk_new(N, UDP, 53);
	struct l7 l7 = { 0 };
	size_t longest[2] = { 0 };
	unsigned id[2] = { 0 };
	char buf[64];

	(void)state;
	for (unsigned i = 1; i < 300; i++) {
		l7.app_protocol = i;
		size_t len = dissect_application_name(&l7, buf, sizeof(buf));

		if (len > longest[0]) {
			longest[1] = longest[0];
			id[1] = id[0];
			longest[0] = len;
			id[0] = i;
		} else if (len > longest[1]) {
			longest[1] = len;
			id[1] = i;
		}
	}
	assert_true(longest[0] + 1 + longest[1] >= 32);
	l7 = (struct l7){ .master_protocol = id[0], .app_protocol = id[1] };
	size_t len = dissect_application_name(&l7, buf, sizeof(buf));
	assert_int_equal(len, longest[0] + 1 + longest[1] < 39 ? longest[0] + 1 + longest[1] : 39);
	assert_int_equal(strlen(buf), len);
	talk_free(&t);
}

static void *dissect_much(void *arg)
{
	struct talk t = talk_new(N, UDP, 53);
	uint8_t msg[512];
	char buf[64];

	for (int i = 0; i < 200; i++) {
		say(&t, 0, 0, msg, dns(msg, "www.example.org", 0));
		dissect_end(t.d, &t.l7);
		dissect_application_name(&t.l7, buf, sizeof(buf));
		if (!strcmp(buf, "DNS"))
			++*(int *)arg;
		dissect_clear(t.d, &t.l7);
		t.n = 0;
	}
	talk_free(&t);
	return NULL;
}

/* Meters start and work side by side; run this with SANITIZE=thread. */
static void dissectors_do_not_disturb_each_other(void **state)
{
	pthread_t thread[4];
	int right[4] = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, dissect_much, &right[i]), 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(right[i], 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_is_named_and_its_question_kept),
		cmocka_unit_test(detection_ends_when_nothing_more_is_to_be_learned),
		cmocka_unit_test(server_name_is_at_most_79_bytes),
		cmocka_unit_test(http_request_gives_host_and_agent),
		cmocka_unit_test(http_response_gives_content_type),
		cmocka_unit_test(bytes_that_are_not_utf8_are_dropped),
		cmocka_unit_test(user_agent_is_cut_at_255_bytes_between_characters),
		cmocka_unit_test(tls_gives_server_name_and_fingerprint),
		cmocka_unit_test(dhcp_gives_its_fingerprint),
		cmocka_unit_test(what_stays_unknown_is_guessed_at_the_last_packet),
		cmocka_unit_test(what_stays_unknown_is_guessed_at_the_end),
		cmocka_unit_test(a_flow_without_any_hint_is_unknown),
		cmocka_unit_test(a_lone_syn_is_guessed_as_if_it_had_been_dissected),
		cmocka_unit_test(a_syn_with_data_is_not_held_back),
		cmocka_unit_test(clear_gives_back_a_flow_at_any_stage),
		cmocka_unit_test(a_flow_that_was_never_shown_ends_unknown),
		cmocka_unit_test(packets_longer_than_65535_are_cut),
		cmocka_unit_test(names_of_two_protocols_are_joined),
		cmocka_unit_test(joined_names_are_cut_at_39_bytes),
		cmocka_unit_test(dissectors_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests_name("dissect", tests, NULL, NULL);
}
