/* SPDX-License-Identifier: MIT */
/* The command `ambit provider`: describing tables, checking providers. */
#ifndef AMBIT_REPL_PROVIDER_H
#define AMBIT_REPL_PROVIDER_H

#include "ambit/spi.h"
#include "repl.h"

/* ---- tables, by their own strides */
static inline const amb_op *table_op(const amb_provider *p, uint32_t i)
{
    return (const amb_op *)((const char *)p->ops + (size_t)i * p->op_stride);
}
static inline const amb_param *table_param(const amb_provider *p, const amb_op *op, uint32_t i)
{
    return (const amb_param *)((const char *)op->params + (size_t)i * p->param_stride);
}
static inline const amb_restype *table_type(const amb_provider *p, uint32_t i)
{
    return (const amb_restype *)((const char *)p->res + (size_t)i * p->res_stride);
}
static inline const amb_right *table_right(const amb_provider *p, uint32_t i)
{
    return (const amb_right *)((const char *)p->rights + (size_t)i * p->right_stride);
}
/* NULL: there is none of that id. */
const amb_restype *table_type_of(const amb_provider *p, uint16_t id);
bool table_is_pure(const amb_provider *p);

/* provider_describe.c */
void describe_text(text *t, const amb_provider *p);
void describe_json(text *t, const amb_provider *p);
void describe_markdown(text *t, const amb_provider *p);

/* provider_check.c */
int provider_check(const cli_options *o, int argc, char **argv);

#endif
