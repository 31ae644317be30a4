/* SPDX-License-Identifier: BSD-3-Clause */
/* What the data path and the control side count; ports, workers, neighbours. */
#include <stdio.h>

#include "commands.h"
#include "datapath/info.h"
#include "lans.h"
#include "uplinks.h"

/* The page's cursor as an index, which goes on. */
static unsigned
index_of(struct page *page)
{
	return (unsigned)page->cursor++;
}

static bool
end_of(struct page *page)
{
	page->cursor = 0;
	return false;
}

static bool
next_drop(struct daemon *d, struct page *page, void *row)
{
	return dp_drop_counter(d->dp, index_of(page), row) || end_of(page);
}

static bool
next_edge(struct daemon *d, struct page *page, void *row)
{
	return dp_edge_counter(d->dp, index_of(page), row) || end_of(page);
}

/* The server's, then the daemon's own. */
static bool
next_counter(struct daemon *d, struct page *page, void *out)
{
	struct counter_row *row = out;
	unsigned i = index_of(page);
	struct daemon_counter own;
	struct lns_status status;

	if (i < LNS_COUNTER_MAX) {
		lns_status(d->lns, &status);
		*row = (struct counter_row){
			lns_counter_name(i), lns_counter_help(i), status.counters[i]};
		return true;
	}
	if (!daemon_counter(d, i - LNS_COUNTER_MAX, &own))
		return end_of(page);
	*row = (struct counter_row){own.name, own.help, own.value};
	return true;
}

const char *
command_mac(const uint8_t mac[6], char out[ROW_MAC])
{
	snprintf(out, ROW_MAC, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
	return out;
}

static bool
next_port(struct daemon *d, struct page *page, void *out)
{
	static const char *const links[] = {
		[DP_LINK_UP] = "up",
		[DP_LINK_DOWN] = "down",
		[DP_LINK_GONE] = "gone",
	};
	struct port_row *row = out;
	unsigned i = index_of(page);

	if (i >= dp_port_count(d->dp) || dp_port_info(d->dp, i, &row->p) != 0)
		return end_of(page);
	command_mac(row->p.mac, row->mac);
	row->link = links[row->p.link];
	return true;
}

/* By its place at the start. */
static const char *
port_name(const struct daemon *d, unsigned port)
{
	const struct cfg_port *p = cfg_port_by_id(d->cfg, (uint16_t)port);

	return p == NULL ? "" : p->name;
}

static bool
next_queue(struct daemon *d, struct page *page, void *out)
{
	struct queue_row *row = out;
	unsigned i = index_of(page), workers = dp_worker_count(d->dp), port = i / workers;

	row->queue = i % workers;
	if (dp_queue_info(d->dp, port, row->queue, &row->q) != 0)
		return end_of(page);
	row->port = port_name(d, port);
	row->ring_full = row->q.ring_counted ? (int64_t)row->q.ring_full : -1;
	return true;
}

/* The cursor: a port, and the index of one of its own. */
static bool
next_xstat(struct daemon *d, struct page *page, void *out)
{
	struct xstat_row *row = out;
	unsigned port, index;
	int n;

	for (;;) {
		port = (unsigned)(page->cursor >> 32);
		index = (unsigned)page->cursor;
		if (page->cursor - row->cursor < row->n)
			break;
		n = dp_port_xstats(d->dp, port, index, row->some, ROW_XSTATS);
		if (n < 0)
			return end_of(page);
		row->n = (uint32_t)n;
		row->cursor = page->cursor;
		if (n == 0)
			page->cursor = (uint64_t)(port + 1) << 32;
	}
	row->port = port_name(d, port);
	row->x = row->some[page->cursor - row->cursor];
	page->cursor++;
	return true;
}

static bool
next_worker(struct daemon *d, struct page *page, void *out)
{
	struct worker_row *row = out;

	row->worker = index_of(page);
	if (dp_worker_info(d->dp, row->worker, &row->w) != 0)
		return end_of(page);
	row->cpu = row->w.cpu == UINT16_MAX ? -1 : row->w.cpu;
	row->busy_percent = row->w.busy_share * 100;
	return true;
}

static bool
next_neighbour(struct daemon *d, struct page *page, void *out)
{
	struct neighbour_row *row = out;
	const struct dp_neighbour_info *n = &row->n;
	const struct cfg_interface *inside;
	const struct cfg_port *port;
	int iface;

	if (!dp_neighbour_next(d->dp, &page->cursor, &row->n))
		return end_of(page);
	port = cfg_port_by_id(d->cfg, n->port); /* its place at the start */
	row->port = port == NULL ? "" : port->name;
	row->state = !n->resolved ? "asking" : n->configured ? "configured" : "resolved";
	row->mac = n->resolved ? command_mac(n->mac, row->mac_text) : NULL;
	row->confirmed_s_ago =
		n->confirmed_at == 0 ? -1 : (int64_t)command_seconds(daemon_now(), n->confirmed_at);
	row->vlan = lans_vlan_text(n->outer, n->vlan, row->vlan_text);
	iface = lans_iface_of_tags(d->cfg, n->port, n->outer, n->vlan);
	inside = iface < 0 ? NULL : uplinks_by_iface(d->cfg, (uint16_t)iface);
	row->interface = inside == NULL ? NULL : inside->name;
	return true;
}

#define TABLE(id, view, next)                                                              \
	json_t *cmd_##id(struct daemon *d, json_t *arguments, struct control_error *error) \
	{                                                                                  \
		return command_page(d, arguments, &view, next, error);                     \
	}

TABLE(edges, view_packets, next_edge)
TABLE(counters, view_counters, next_counter)
TABLE(xstats, view_xstats, next_xstat)
TABLE(workers, view_workers, next_worker)
TABLE(neighbours, view_neighbours, next_neighbour)

/* What has losses of rings in it, as they are now. */
#define TABLE_NOW(id, view, next)                                                          \
	json_t *cmd_##id(struct daemon *d, json_t *arguments, struct control_error *error) \
	{                                                                                  \
		dp_losses_read(d->dp);                                                     \
		return command_page(d, arguments, &view, next, error);                     \
	}

TABLE_NOW(drops, view_packets, next_drop)
TABLE_NOW(ports, view_ports, next_port)
TABLE_NOW(queues, view_queues, next_queue)
