/* l7.c - getters of the L7 group. */

#include <string.h>

#include "dissect.h"
#include "getters.h"

static void set(struct flowtap_value *v, const char *text, size_t len)
{
	v->type = FLOWTAP_TEXT;
	v->text.ptr = text;
	v->text.len = len;
}

void get_application_name(const struct record *r, struct flowtap_value *v)
{
	set(v, v->scratch, dissect_application_name(&r->flow->l7, v->scratch, sizeof(v->scratch)));
}

void get_application_category_name(const struct record *r, struct flowtap_value *v)
{
	const char *name = dissect_category_name(&r->flow->l7);

	set(v, name, strlen(name));
}

GET_U64(application_is_guessed, f->l7.guessed)
GET_U64(application_confidence, f->l7.confidence)

#define L7_TEXT(name, member) \
	void get_##name(const struct record *r, struct flowtap_value *v) \
	{ \
		const struct l7_text *t = r->flow->l7.text; \
		const char *s = t ? t->text + t->member : ""; \
\
		set(v, s, strlen(s)); \
	}

L7_TEXT(requested_server_name, server_name)
L7_TEXT(client_fingerprint, client_fingerprint)
L7_TEXT(server_fingerprint, server_fingerprint)
L7_TEXT(user_agent, user_agent)
L7_TEXT(content_type, content_type)
