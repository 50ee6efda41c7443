#include "features.h"

#include <string.h>

#include "getters.h"

const struct feature features[] = {
#define FEATURE(name, type, unit, group, doc) \
	{ { #name, FLOWTAP_##type, FLOWTAP_GROUP_##group, unit, doc }, get_##name },
#include "flowtap/features.def"
#undef FEATURE
};

const size_t n_features = sizeof(features) / sizeof(features[0]);

bool feature_enabled(const struct feature *f, const struct meter_config *config)
{
	switch (f->desc.group) {
	case FLOWTAP_GROUP_CORE:
		/* As in the reference, the column goes with its option. */
		return f->get != get_tunnel_id || config->tunnels;
	case FLOWTAP_GROUP_STATISTICS:
		return config->statistics;
	case FLOWTAP_GROUP_L7:
		return config->n_dissections;
	case FLOWTAP_GROUP_SPLT:
		return config->splt_length;
	}
	return false;
}

const struct feature *feature_by_name(const char *name)
{
	for (size_t i = 0; i < n_features; i++)
		if (!strcmp(features[i].desc.name, name))
			return &features[i];
	return NULL;
}
