/* features.h - from a flow to the values of its record.
 *
 * include/flowtap/features.def is the table; this expands it. A getter reads a
 * flow that has ended and computes one value. */

#ifndef FLOWTAP_FEATURES_H
#define FLOWTAP_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include "flowtap/flowtap.h"

struct flow;
struct meter_config;

/* A flow on its way out. */
struct record {
	const struct flow *flow;
	const struct meter_config *config;	/* where its optional parts are */
	uint64_t id;		/* 0, 1, 2... in the order of handing out */
};

struct feature {
	struct flowtap_feature desc;
	/* Sets ret->type and the value. */
	void (*get)(const struct record *r, struct flowtap_value *ret);
};

/* Every feature there is, in column order. */
extern const struct feature features[];
extern const size_t n_features;

/* Whether a feature is in the records that config makes. */
bool feature_enabled(const struct feature *f, const struct meter_config *config);

/* The feature of that name, or NULL. */
const struct feature *feature_by_name(const char *name);

#endif
