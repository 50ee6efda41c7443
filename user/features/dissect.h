/* dissect.h - which application a flow is: nDPI.
 *
 * dissect.c alone knows nDPI and its versions. A dissector belongs to one
 * meter (nDPI's module has caches without locks). A flow's detection state is
 * by far its largest part, so it is freed as soon as detection ends; what is
 * left is struct l7. */

#ifndef FLOWTAP_DISSECT_H
#define FLOWTAP_DISSECT_H

#include <stddef.h>
#include <stdint.h>

struct packet;
struct dissector;

/* The texts of a record; only flows that have any own one. The five strings
 * follow each other in text[], each ended by a NUL. Valid UTF-8. */
struct l7_text {
	uint16_t server_name, client_fingerprint, server_fingerprint, user_agent, content_type;	/* offsets in text */
	char text[];
};

/* What a flow keeps. All zero before the first packet. */
struct l7 {
	void *detection;	/* dissect.c's state while detection runs, else NULL */
	struct l7_text *text;	/* freed by dissect_clear(); NULL: all empty */
	uint16_t master_protocol;	/* nDPI's numbers; 0 unknown */
	uint16_t app_protocol;
	uint16_t category;
	uint8_t confidence;	/* the documented numbering: 0 unknown ... 6 DPI, 7 by IP */
	uint8_t guessed : 1;
	uint8_t done : 1;	/* detection has ended */
	uint8_t held : 1;	/* detection is a packet that nDPI has not seen yet */
};

/* packets: how many of a flow may be looked at (>= 1). Returns 0, -ENOMEM or
 * -EIO (nDPI does not start). */
int dissector_new(struct dissector **ret, unsigned packets);
void dissector_free(struct dissector *d);

/* Shows packet number n (1, 2, ...) of a flow to nDPI, unless detection has
 * ended. Ends detection when the protocol is known and nothing more is to be
 * learned, or at the last packet that may be looked at. */
void dissect_packet(struct dissector *d, struct l7 *l7, const struct packet *p, uint64_t n);

/* The flow ends: settles what is undecided. */
void dissect_end(struct dissector *d, struct l7 *l7);

/* Frees what l7 owns and zeroes it. */
void dissect_clear(struct dissector *d, struct l7 *l7);

/* "TLS.Google", "DNS", "Unknown". Returns the length, < size (size >= 64). Any
 * thread: it reads tables made once. */
size_t dissect_application_name(const struct l7 *l7, char *buf, size_t size);
/* "Web", "Unspecified". Static. */
const char *dissect_category_name(const struct l7 *l7);

/* "4.2.0". Static. */
const char *dissect_library_version(void);

#endif
