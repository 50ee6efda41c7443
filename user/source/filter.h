/* filter.h - tcpdump expressions over raw packets, by libpcap.
 *
 * A capture may hold packets of several link types (pcapng), and an
 * expression compiles differently for each: programs are made on demand. */

#ifndef FLOWTAP_FILTER_H
#define FLOWTAP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../packet/packet.h"

struct filter;

/* Compiles expr for link_type, optimised. "" matches everything. Returns 0 and
 * the caller's *ret; -EINVAL with one line about it in err; -ENOMEM. */
int filter_new(struct filter **ret, const char *expr, uint32_t link_type, char *err, size_t err_size);
void filter_free(struct filter *f);

/* Whether a packet passes, by libpcap's interpreter. An expression that has no
 * meaning for the packet's link type matches nothing there. */
bool filter_match(struct filter *f, const struct raw_packet *raw);

#endif
