/* SPDX-License-Identifier: MIT */
/* ambit --gc-stats: what the collector did, on standard error when the script has ended. */
#include <inttypes.h>
#include <math.h>

#include "repl.h"

static void size(text *t, uint64_t bytes)
{
    if (bytes < 10000) text_printf(t, "%" PRIu64 " B", bytes);
    else if (bytes < UINT64_C(10000) << 10) text_printf(t, "%.1f KiB", (double)bytes / 1024);
    else text_printf(t, "%.1f MiB", (double)bytes / (1024 * 1024));
}

static void duration(text *t, uint64_t ns)
{
    if (ns < 1000000) text_printf(t, "%.1f us", (double)ns / 1e3);
    else text_printf(t, "%.2f ms", (double)ns / 1e6);
}

static void bound(text *t, uint32_t us)
{
    if (us < 1000) text_printf(t, "%" PRIu32 " us", us);
    else text_printf(t, "%" PRIu32 " ms", us / 1000);
}

static void pauses(text *t, const amb_gc_stats *s)
{
    static const uint32_t bounds[] = AMB_GC_PAUSE_BOUNDS;
    uint64_t all = 0, most = 0;
    unsigned first = AMB_GC_PAUSES, last = 0;
    for (unsigned i = 0; i < AMB_GC_PAUSES; i++) {
        all += s->pauses[i];
        if (s->pauses[i] > most) most = s->pauses[i];
        if (s->pauses[i] && first == AMB_GC_PAUSES) first = i;
        if (s->pauses[i]) last = i;
    }
    text_printf(t, "  pauses       %" PRIu64, all);
    if (!all) {
        text_str(t, "\n");
        return;
    }
    text_str(t, ", ");
    duration(t, s->pause_total_ns);
    text_str(t, " in all, the longest ");
    duration(t, s->pause_max_ns);
    text_str(t, "\n");
    for (unsigned i = first; i <= last; i++) {
        text b = {0};
        text_str(&b, i + 1 < AMB_GC_PAUSES ? "below " : "from ");
        bound(&b, bounds[i + 1 < AMB_GC_PAUSES ? i : i - 1]);
        text_printf(t, "  %-12.*s %8" PRIu64 "  ", (int)b.len, b.p, s->pauses[i]);
        text_free(&b);
        for (double k = 0; k < ceil(40.0 * (double)s->pauses[i] / (double)most); k++) text_str(t, "#");
        text_str(t, "\n");
    }
}

void gc_report(host *h)
{
    amb_gc_stats s = {.size = sizeof s};
    amb_gc_statistics(h->vm, &s);
    text t = {0};
    text_printf(&t, "collector\n  collections  %" PRIu64 " minor, %" PRIu64 " major in %" PRIu64 " steps\n",
                s.minor, s.major, s.steps);
    pauses(&t, &s);
    text_str(&t, "  allocated    ");
    size(&t, s.allocated_bytes);
    if (s.minor && s.allocated_bytes)
        text_printf(&t, ", of which %.1f %% survived a collection",
                    100.0 * (double)s.survived_bytes / (double)s.allocated_bytes);
    text_str(&t, "\n  live         ");
    size(&t, s.live_bytes + s.outside_bytes);
    text_str(&t, s.minor || s.major ? " after the last collection\n" : "\n");
    text_str(&t, "  heap         ");
    size(&t, s.heap_bytes);
    text_str(&t, " now, ");
    size(&t, s.peak_bytes);
    text_str(&t, " at most, the stack's room included\n");
    host_stderr(h, t.p, t.len);
    text_free(&t);
}
