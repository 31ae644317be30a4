/* SPDX-License-Identifier: BSD-3-Clause */
/* NAT discovery: its ports against each other and the listeners', and who is whose other address.
 */
#include "config/private.h"

const struct cfg_listener *
cfg_discovery_other(const struct cfg *cfg, const struct cfg_listener *l)
{
	size_t at = (size_t)(l - cfg->listeners);

	for (size_t i = 1; i < cfg->n_listeners; i++) {
		const struct cfg_listener *o = &cfg->listeners[(at + i) % cfg->n_listeners];

		if (o->lan == l->lan && o->ip.family == l->ip.family &&
			!cv_ip_equal(&o->ip, &l->ip))
			return o;
	}
	return NULL;
}

static bool
has_others(const struct cfg *cfg)
{
	for (size_t i = 0; i < cfg->n_listeners; i++)
		if (cfg_discovery_other(cfg, &cfg->listeners[i]) != NULL)
			return true;
	return false;
}

static void
check_port(struct cfg_loader *l, const struct cfg_node *map, const char *key, uint16_t port)
{
	const struct cfg_node *node = cfg_node_get(map, key);
	char ip[CV_IP_TEXT];

	for (size_t i = 0; node != NULL && port != 0 && i < l->cfg->n_listeners; i++)
		if (l->cfg->listeners[i].udp_port == port)
			cfg_warn(l, node, NULL, "the listener on %s has this UDP port for L2TP",
				cv_ip_text(&l->cfg->listeners[i].ip, ip));
}

void
cfg_check_discovery(struct cfg_loader *l, const struct cfg_node *map, void *base)
{
	const struct cfg_discovery *d = base;

	if (d->echo_port != 0 && d->echo_port == d->stun_port)
		cfg_fail_key(l, map, "echo-port", "stun-port is the same");
	check_port(l, map, "stun-port", d->stun_port);
	check_port(l, map, "echo-port", d->echo_port);
	if (!d->rfc5780)
		return;
	check_port(l, map, "other-port", d->other_port);
	if (d->stun_port == 0)
		cfg_fail_key(l, map, "rfc5780", "there is no stun-port");
	else if (d->other_port == d->stun_port)
		cfg_fail_key(l, map, "other-port", "stun-port is the same");
	else if (d->other_port == d->echo_port)
		cfg_fail_key(l, map, "other-port", "echo-port is the same");
	if (!has_others(l->cfg))
		cfg_fail_key(l, map, "rfc5780",
			"there must be two listeners with different addresses of one family on "
			"one port or VLAN");
}
