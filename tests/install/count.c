/* A program as a user of the library writes it: counts flows and packets. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <flowtap/flowtap.h>

int main(int argc, char **argv)
{
	struct flowtap_opts o = FLOWTAP_OPTS(.n_dissections = 0);
	const struct flowtap_flow *flow;
	uint64_t flows = 0, packets = 0;
	struct flowtap *x;
	size_t column = 0;

	if (argc != 2 || flowtap_opts_add_source(&o, argv[1]) < 0)
		return 2;
	if (flowtap_open(&x, &o) < 0) {
		fprintf(stderr, "%s\n", flowtap_error(NULL));
		return 1;
	}
	while (strcmp(flowtap_feature(x, column)->name, "bidirectional_packets"))
		column++;
	while (flowtap_next(x, &flow) > 0) {
		struct flowtap_value v;

		flowtap_value(flow, column, &v);
		flows++;
		packets += v.u64;
	}
	flowtap_close(x);
	flowtap_opts_free(&o);
	printf("%" PRIu64 " flows, %" PRIu64 " packets\n", flows, packets);
	return flows ? 0 : 1;
}
