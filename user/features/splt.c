/* splt.c - getters of the SPLT group. */

#include "splt.h"

#include "getters.h"

static void list(struct flowtap_value *v, const void *ptr, uint32_t n, uint32_t width)
{
	v->type = FLOWTAP_LIST;
	v->list.ptr = ptr;
	v->list.n = n;
	v->list.width = width;
}

void get_splt_direction(const struct record *r, struct flowtap_value *v)
{
	list(v, flow_splt_direction(r->flow, r->config), r->config->splt_length, 1);
}

void get_splt_ps(const struct record *r, struct flowtap_value *v)
{
	list(v, flow_splt_ps(r->flow, r->config), r->config->splt_length, 4);
}

void get_splt_piat_ms(const struct record *r, struct flowtap_value *v)
{
	list(v, flow_splt_piat_ms(r->flow, r->config), r->config->splt_length, 8);
}
