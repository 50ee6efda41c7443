/* tcp.h - when a TCP connection is over, for natural expiration. */

#ifndef FLOWTAP_TCP_H
#define FLOWTAP_TCP_H

#include <string.h>
#include <arpa/inet.h>

#include "meter/flow.h"

/* A connection whose FINs were not both acknowledged ends after this long. */
#define TCP_CLOSING_NS (2 * SEC_NS)

enum tcp_state { TCP_OPEN, TCP_CLOSING, TCP_CLOSED };

/* Follows RFC 9293 section 3.6 as a bystander: closed at once by a RST, or
 * when both FINs were acknowledged; closing since the second FIN. p is a TCP
 * packet with flags, in direction d. A packet cut before its sequence numbers
 * still counts by its flags. */
static inline enum tcp_state tcp_track(struct flow *f, const struct packet *p, unsigned d)
{
	struct tcp_close *t = &f->tcp;
	uint32_t seq, ack;

	if (p->tcp_flags & TCP_RST)
		return TCP_CLOSED;
	if (!(p->tcp_flags & TCP_FIN) && !t->fin_seen)
		return TCP_OPEN;
	if (p->transport_offset + 12 <= p->caplen) {
		memcpy(&seq, p->data + p->transport_offset + 4, 4);
		memcpy(&ack, p->data + p->transport_offset + 8, 4);
		if (p->tcp_flags & TCP_FIN && !(t->fin_seen & 1u << d))
			t->fin_end[d] = ntohl(seq) + p->payload_size + 1;
		if (p->tcp_flags & TCP_ACK && t->fin_seen & 1u << !d &&
		    (int32_t)(ntohl(ack) - t->fin_end[!d]) >= 0)
			t->fin_acked |= 1u << !d;
	}
	if (p->tcp_flags & TCP_FIN)
		t->fin_seen |= 1u << d;
	if (t->fin_acked == 3)
		return TCP_CLOSED;
	return t->fin_seen == 3 ? TCP_CLOSING : TCP_OPEN;
}

#endif
