/* SPDX-License-Identifier: MIT */
/* Diagnostics: collected while compiling, sorted and rendered afterwards. */
#ifndef AMB_COMPILER_DIAG_H
#define AMB_COMPILER_DIAG_H

#include "source.h"

/* diag.def lists every diagnostic once: DIAG(NAME, severity, "stable-id", "text with {}",
 * "hint" or NULL, "long explanation with a wrong and a right example"). */
enum amb_diag_id {
#define DIAG(name, severity, id, text, hint, help) DIAG_##name,
#include "diag.def"
#undef DIAG
    DIAG_COUNT
};

enum amb_severity { AMB_SEV_ERROR, AMB_SEV_WARNING };

struct amb_diag {
    enum amb_diag_id id;
    enum amb_severity severity;
    amb_span span;
    amb_text text;    /* the finished sentence */
    amb_text hint;    /* may be empty */
    amb_span related; /* with related_text: "the bracket opened here" */
    amb_text related_text;
    uint32_t order; /* of reporting, to keep sorting stable */
};

#define AMB_MAX_ERRORS 100 /* later ones are counted, not kept */

struct amb_diags {
    struct amb_arena *arena;
    struct amb_diag *items;
    uint32_t count, cap;
    uint32_t errors, warnings; /* as reported, kept or not */
};

void ambdiag_init(struct amb_diags *diags, struct amb_arena *arena);

/* Each {} of the text, then of the hint, takes the next argument. */
struct amb_diag *ambdiag_report(struct amb_diags *diags, enum amb_diag_id id,
                                amb_span span, const amb_text *args, uint32_t arg_count);
#define ambdiag_add(diags, id, span, ...)                                  \
    ambdiag_report((diags), (id), (span), (const amb_text[]){__VA_ARGS__}, \
                   sizeof((const amb_text[]){__VA_ARGS__}) / sizeof(amb_text))
#define ambdiag_plain(diags, id, span) ambdiag_report((diags), (id), (span), NULL, 0)
/* Both take the result of a report, which may be NULL. */
void ambdiag_hint(struct amb_diags *diags, struct amb_diag *diag, amb_text hint);
void ambdiag_relate(struct amb_diag *diag, amb_span span, amb_text text);

/* By place; call once before rendering. Drops exact repeats. */
void ambdiag_sort(struct amb_diags *diags);

typedef void (*ambdiag_write)(void *ud, const char *bytes, size_t len);
void ambdiag_render(const struct amb_diag *diag, const struct amb_source *src,
                    bool colour, ambdiag_write write, void *ud);
void ambdiag_render_all(const struct amb_diags *diags, const struct amb_source *src,
                        bool colour, ambdiag_write write, void *ud);

/* For `ambit explain ID` and the documentation; NULL where there is none. */
const char *ambdiag_name(enum amb_diag_id id);
const char *ambdiag_help(enum amb_diag_id id);
bool ambdiag_find(const char *name, size_t len, enum amb_diag_id *id);

#endif
