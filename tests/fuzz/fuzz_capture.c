/* A whole run over any file: readers, decoder, meter, dissection, CSV. The
 * counters must add up whatever came in. */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <stdio.h>

#include "flowtap/flowtap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t counter(const struct flowtap *x, const char *name)
{
	struct flowtap_counter c;

	for (size_t i = 0; flowtap_counter(x, i, &c) == 0; i++)
		if (!strcmp(c.name, name))
			return c.value;
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flowtap_opts o = FLOWTAP_OPTS(.statistical_analysis = true, .splt_analysis = 3,
					     .n_meters = 1, .max_active_flows = 1000,
					     .tcp_expiration = true);
	int fd = memfd_create("capture", MFD_CLOEXEC);
	struct flowtap *x;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* nDPI takes long to start, and is not what is tested. */
	o.n_dissections = size % 64 ? 0 : 20;
	if (flowtap_opts_add_source(&o, path) < 0 ||
	    flowtap_opts_set(&o, "output", "/dev/null") < 0)
		abort();
	if (flowtap_open(&x, &o) == 0) {
		flowtap_run(x, NULL, NULL);
		if (counter(x, "packets_seen") !=
			    counter(x, "packets_undecodable") + counter(x, "packets_metered") ||
		    counter(x, "flows_created") != counter(x, "flows_exported"))
			abort();
		flowtap_close(x);
	}
	flowtap_opts_free(&o);
	close(fd);
	return 0;
}
