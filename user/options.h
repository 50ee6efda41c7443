/* options.h - inside of the option table. */

#ifndef FLOWTAP_OPTIONS_H
#define FLOWTAP_OPTIONS_H

#include <stddef.h>

#include "flowtap/flowtap.h"

/* A copy of the caller's options that owns its strings, whatever version of the
 * struct he has (o->size); to be given to flowtap_opts_free(), also after a
 * failure. Returns 0, -ENOMEM, -EINVAL (no size) or -E2BIG (he sets fields
 * that this library does not know), with one line in err. */
int options_copy(struct flowtap_opts *ret, const struct flowtap_opts *o, char *err,
		 size_t err_size);

/* Whether they are in range and do not contradict each other. Returns 0 or
 * -EINVAL with one line in err. */
int options_check(const struct flowtap_opts *o, char *err, size_t err_size);

#endif
