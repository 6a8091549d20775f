/* SPDX-License-Identifier: MIT */
/* The fs provider on the files of this machine. */
#include <stdlib.h>

/* Reading what is cached and opening what is known are tried at home; the rest may wait for
 * a disk. */
#define FN(name) fs_##name
#define TRY (AMB_OP_INLINE | AMB_OP_BLOCKING)
#define DISK AMB_OP_BLOCKING
#define FILE_FLAGS (AMB_R_FD | AMB_R_SERIAL)
#define GETFD(name) , .getfd = fs_##name
#include "table.h"

static amb_status start(const amb_host *h, void *hctx, const amb_arg *cfg, uint32_t ncfg,
                        void **inst)
{
    (void)cfg, (void)ncfg;
    fs *f = calloc(1, sizeof *f);
    if (!f) return AMB_E_NOMEM;
    f->h = h;
    f->hctx = hctx;
    *inst = f;
    return AMB_OK;
}

static void stop(void *inst)
{
    fs *f = inst;
    fs_scratch_free(f);
    free(f);
}

AMB_PROVIDER(fs) = {
    AMB_PROVIDER_HEAD,
    .iface = "fs",
    .doc = "files and directories",
    .iface_major = 1,
    AMB_PROVIDER_TABLES(ops, types, rights),
    .start = start,
    .stop = stop,
    .cancel = fs_cancel,
};
