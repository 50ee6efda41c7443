/* A program as a user would write it: sums up the packets of a capture. */

#include <flowtap/flowtap.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct flowtap_opts o = FLOWTAP_OPTS(.n_dissections = 0);
	const struct flowtap_flow *flow;
	struct flowtap *x;
	uint64_t packets = 0, flows = 0;
	size_t column = 0;
	int r;

	if (argc != 2 || flowtap_opts_add_source(&o, argv[1]) < 0)
		return 2;
	if (flowtap_open(&x, &o) < 0) {
		fprintf(stderr, "%s\n", flowtap_error(NULL));
		return 1;
	}
	while (strcmp(flowtap_feature(x, column)->name, "bidirectional_packets"))
		column++;
	while ((r = flowtap_next(x, &flow)) > 0) {
		struct flowtap_value v;

		flowtap_value(flow, column, &v);
		packets += v.u64;
		flows++;
	}
	printf("%lu packets in %lu flows\n", (unsigned long)packets, (unsigned long)flows);
	flowtap_close(x);
	flowtap_opts_free(&o);
	return r < 0 || flows < 2 || packets < 2 * flows;
}
