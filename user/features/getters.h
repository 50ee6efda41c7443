/* getters.h - the functions behind the feature table. */

#ifndef FLOWTAP_GETTERS_H
#define FLOWTAP_GETTERS_H

#include "features.h"
#include "meter/flow.h"

#define FEATURE(name, type, unit, group, doc) \
	void get_##name(const struct record *r, struct flowtap_value *v);
#include "flowtap/features.def"
#undef FEATURE

/* Definitions of getters whose value is an expression of r, f and c. */
#define GETTER(name, TYPE, member, expr) \
	void get_##name(const struct record *r, struct flowtap_value *v) \
	{ \
		const struct flow *f = r->flow; \
		const struct meter_config *c = r->config; \
\
		(void)f; \
		(void)c; \
		v->type = FLOWTAP_##TYPE; \
		v->member = (expr); \
	}
#define GET_U64(name, expr) GETTER(name, U64, u64, expr)
#define GET_I64(name, expr) GETTER(name, I64, i64, expr)
#define GET_F64(name, expr) GETTER(name, F64, f64, expr)

#endif
