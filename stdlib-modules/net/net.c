/* SPDX-License-Identifier: MIT */
/* The net provider on the sockets of this machine; life of both implementations. */
#include <stdlib.h>

#include "net.h"

#define FN(name) net_##name
#include "table.h"

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, bool memory,
                        void **inst)
{
    net *n = calloc(1, sizeof *n);
    if (!n) return AMB_E_NOMEM;
    n->h = h;
    n->hctx = hctx;
    n->memory = memory;
    n->mem_port = 49152;
    net_lookup_setup(n);
    if (ncfg && cfg[0].type == AMB_T_STR && !net_overrides_read(n, cfg[0].v.p, cfg[0].len)) {
        net_stop(n);
        return AMB_E_ARG;
    }
    *inst = n;
    return AMB_OK;
}

amb_status net_start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    return start(h, hctx, cfg, ncfg, false, inst);
}
amb_status net_start_memory(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg, void **inst)
{
    return start(h, hctx, cfg, ncfg, true, inst);
}

/* Resources are closed already. Calls that wait for nothing but a connection to come up are left. */
void net_stop(void *inst)
{
    net *n = inst;
    for (uint32_t i = 0; i < n->waiting.cap; i++) {
        if (!n->waiting.v[i].t) continue;
        net_wait *w = n->waiting.v[i].what;
        n->waiting.v[i].t = 0;
        w->t = 0;
        if (w->drop) w->drop(n, w);
    }
    net_lookup_stop(n);
    while (n->overrides) {
        net_override *o = n->overrides;
        n->overrides = o->next;
        free(o);
    }
    free(n->waiting.v);
    free(n);
}

AMB_PROVIDER(net) = {NET_TABLE(net_start)};
