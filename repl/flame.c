/* SPDX-License-Identifier: MIT */
/* A profile as a flame graph: one SVG file that needs nothing else.
 *
 * Callers stand above what they call; widths are CPU time, and the order from left to
 * right is that of names, not of time. Without scripts (in a viewer that runs none) it is
 * a complete picture with tooltips; in a browser a click shows one function over the full
 * width, and names can be searched. */
#include <string.h>

#include "profile.h"

enum { WIDTH = 1200, MARGIN = 10, ROW = 18, TOP = 74, BOTTOM = 30 };
#define CHAR_WIDTH 6.7 /* of the 11 px monospaced letters */
#define NARROWEST  0.1 /* px; what is narrower is left out */

/* What to know about each kind, by AMB_FRAME_*: colours in HSL, spread by name over
 * `spread` degrees. */
static const struct {
    const char *name;
    int hue, spread, saturation, lightness;
} kinds[] = {
    [AMB_FRAME_SCRIPT] = {"script", 18, 36, 88, 66},
    [AMB_FRAME_CORE] = {"core library", 85, 45, 50, 64},
    [AMB_FRAME_NATIVE] = {"native function", 195, 30, 62, 70},
    [AMB_FRAME_PROVIDER] = {"provider", 265, 30, 55, 76},
    [AMB_FRAME_VM] = {"virtual machine", 0, 0, 0, 78},
};
#define KINDS ((int)(sizeof kinds / sizeof kinds[0]))

static const char style[] =
    "<style>\n"
    "text { font: 11px 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1c1c1c; }\n"
    ".title { font: 600 16px sans-serif; } .note { font: 12px sans-serif; fill: #555; }\n"
    ".f text, .key text { pointer-events: none; } .f { cursor: pointer; }\n"
    ".f rect { stroke: #fff; stroke-width: .5; rx: 2px; } .f:hover rect { stroke: #000; "
    "stroke-width: 1; }\n"
    ".f.above { opacity: .55; } .f.hit rect { fill: #d338d3 !important; } .off { "
    "display: none; }\n"
    ".button { font: 12px sans-serif; fill: #1a5fb4; cursor: pointer; }\n"
    "</style>\n";

/* Frames keep where they stand in the whole picture in data-x and data-w; a view is the
 * part of it that fills the width. */
static const char script_text[] =
    "<script><![CDATA[\n"
    "(function () {\n"
    "  'use strict';\n"
    "  var svg = document.documentElement, W = +svg.dataset.inner, M = "
    "+svg.dataset.margin;\n"
    "  var charWidth = +svg.dataset.char, all = [], i, gs = svg.querySelectorAll('.f');\n"
    "  for (i = 0; i < gs.length; i++) {\n"
    "    var g = gs[i], r = g.querySelector('rect');\n"
    "    all.push({ g: g, rect: r, text: g.querySelector('text'), x: +g.dataset.x, w: "
    "+g.dataset.w,\n"
    "               y: +r.getAttribute('y'), label: g.dataset.n });\n"
    "    g.addEventListener('click', zoom.bind(null, all[i]));\n"
    "  }\n"
    "  var reset = svg.querySelector('#reset'), find = svg.querySelector('#find');\n"
    "  var found = svg.querySelector('#found'), hits = [];\n"
    "  function zoom(to) {\n"
    "    var x0 = to ? to.x : 0, w0 = to ? to.w : W, y0 = to ? to.y : -1;\n"
    "    all.forEach(function (f) {\n"
    "      var above = to && f.y < y0, inside = f.x >= x0 - 1e-6 && f.x + f.w <= x0 + w0 "
    "+ 1e-6;\n"
    "      var covers = f.x <= x0 + 1e-6 && f.x + f.w >= x0 + w0 - 1e-6;\n"
    "      var on = above ? covers : inside;\n"
    "      f.g.classList.toggle('off', !on);\n"
    "      f.g.classList.toggle('above', !!(on && above));\n"
    "      if (!on) return;\n"
    "      var x = above ? 0 : (f.x - x0) / w0 * W, w = above ? W : f.w / w0 * W;\n"
    "      f.rect.setAttribute('x', (M + x).toFixed(2));\n"
    "      f.rect.setAttribute('width', w.toFixed(2));\n"
    "      var n = Math.floor((w - 6) / charWidth), s = f.label;\n"
    "      f.text.setAttribute('x', (M + x + 3).toFixed(2));\n"
    "      f.text.textContent = n < 3 ? '' : s.length <= n ? s : s.slice(0, n - 1) + "
    "'\\u2026';\n"
    "    });\n"
    "    reset.classList.toggle('off', !to);\n"
    "  }\n"
    "  function search() {\n"
    "    var what = window.prompt('Functions whose name contains (a regular "
    "expression):', '');\n"
    "    if (what === null) return;\n"
    "    var re = null, sum = 0, end = -1;\n"
    "    if (what !== '') {\n"
    "      try { re = new RegExp(what, 'i'); } catch (e) { window.alert(e.message); "
    "return; }\n"
    "    }\n"
    "    hits = all.filter(function (f) {\n"
    "      var hit = !!re && re.test(f.label);\n"
    "      f.g.classList.toggle('hit', hit);\n"
    "      return hit;\n"
    "    });\n"
    "    hits.sort(function (a, b) { return a.x - b.x || b.w - a.w; });\n"
    "    hits.forEach(function (f) { /* what stands beneath another hit is counted there "
    "*/\n"
    "      if (f.x + 1e-6 >= end) { sum += f.w; end = f.x + f.w; }\n"
    "    });\n"
    "    found.textContent = re ? what + ': ' + (100 * sum / W).toFixed(1) + ' % of the "
    "time' : '';\n"
    "  }\n"
    "  find.addEventListener('click', search);\n"
    "  reset.addEventListener('click', function () { zoom(null); });\n"
    "  window.addEventListener('keydown', function (e) {\n"
    "    if (e.key === 'Escape') zoom(null);\n"
    "    else if (e.key === '/' || ((e.ctrlKey || e.metaKey) && e.key === 'f')) {\n"
    "      e.preventDefault();\n"
    "      search();\n"
    "    }\n"
    "  });\n"
    "})();\n"
    "]]></script>\n";

static void escaped(FILE *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        switch (s[i]) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(s[i], out);
        }
    }
}

/* As much of the label as fits: bytes, and whether it was cut. */
static size_t fitting(const char *label, double width, bool *cut)
{
    long room = (long)((width - 6) / CHAR_WIDTH), chars = 0;
    size_t bytes = 0, last = 0;
    *cut = false;
    if (room < 3) return 0;
    for (; label[bytes]; bytes++) {
        if (((unsigned char)label[bytes] & 0xc0) == 0x80) continue;
        if (chars == room - 1) last = bytes;
        if (chars++ == room) {
            *cut = true;
            return last;
        }
    }
    return bytes;
}

static void colour(FILE *out, const profile_frame *f)
{
    uint32_t h = 2166136261u;
    for (const char *s = f->label; *s; s++) h = (h ^ (unsigned char)*s) * 16777619u;
    h ^= h >> 15;
    int hue = kinds[f->kind].hue +
              (int)(kinds[f->kind].spread ? h % (unsigned)kinds[f->kind].spread : 0);
    int light = kinds[f->kind].lightness + (int)(h >> 16) % 7 - 3;
    fprintf(out, "hsl(%d,%d%%,%d%%)", hue, kinds[f->kind].saturation, light);
}

static void frame(FILE *out, const profile_frame *f, double x, double scale, uint64_t all)
{
    double w = (double)f->total * scale;
    if (w < NARROWEST) return;
    if (f->label) {
        double px = MARGIN + x;
        int y = TOP + (int)(f->depth - 1) * ROW;
        bool cut;
        size_t n = fitting(f->label, w, &cut);
        fprintf(out, "<g class=\"f\" data-x=\"%.3f\" data-w=\"%.3f\" data-n=\"", x, w);
        escaped(out, f->label, strlen(f->label));
        fputs("\"><title>", out);
        escaped(out, f->label, strlen(f->label));
        fprintf(out, "&#10;%llu ms, %.1f %%; %llu ms of it itself</title>",
                (unsigned long long)f->total, 100 * (double)f->total / (double)all,
                (unsigned long long)f->self);
        fprintf(out, "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"", px,
                y, w, ROW - 1);
        colour(out, f);
        fprintf(out, "\"/><text x=\"%.2f\" y=\"%d\">", px + 3, y + 13);
        escaped(out, f->label, n);
        fputs(cut ? "\u2026</text></g>\n" : "</text></g>\n", out);
    }
    for (uint32_t i = 0; i < f->nchildren; i++) {
        frame(out, f->children[i], x, scale, all);
        x += (double)f->children[i]->total * scale;
    }
}

/* Rows that are drawn, and which kinds of functions. */
static uint32_t rows(const profile_frame *f, double scale, unsigned *seen)
{
    uint32_t deepest = f->depth;
    if ((double)f->total * scale < NARROWEST) return 0;
    if (f->label) *seen |= 1u << f->kind;
    for (uint32_t i = 0; i < f->nchildren; i++) {
        uint32_t d = rows(f->children[i], scale, seen);
        if (d > deepest) deepest = d;
    }
    return deepest;
}

void flame_write(FILE *out, const profile_frame *root, const char *script)
{
    int inner = WIDTH - 2 * MARGIN;
    double scale = root->total ? inner / (double)root->total : 0;
    unsigned seen = 0;
    uint32_t deep = root->total ? rows(root, scale, &seen) : 1;
    int height = TOP + (int)deep * ROW + BOTTOM;
    text name = {0};
    text_shown(&name, script, strlen(script));
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" data-inner=\"%d\" data-margin=\"%d\" "
            "data-char=\"%.1f\">\n",
            WIDTH, height, WIDTH, height, inner, MARGIN, CHAR_WIDTH);
    fputs(style, out);
    fprintf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#fcfcfa\"/>\n", WIDTH, height);
    fprintf(out, "<text class=\"title\" x=\"%d\" y=\"26\">", MARGIN);
    escaped(out, name.p ? name.p : "", name.len);
    fprintf(
        out,
        "</text>\n<text class=\"note\" x=\"%d\" y=\"46\">%llu ms of CPU time</text>\n",
        MARGIN, (unsigned long long)root->total);
    fprintf(
        out,
        "<text class=\"button\" id=\"find\" x=\"%d\" y=\"26\" "
        "text-anchor=\"end\">search</text>\n"
        "<text class=\"button off\" id=\"reset\" x=\"%d\" y=\"26\" text-anchor=\"end\">"
        "show all</text>\n"
        "<text class=\"note\" id=\"found\" x=\"%d\" y=\"46\" "
        "text-anchor=\"end\"></text>\n",
        WIDTH - MARGIN, WIDTH - MARGIN - 60, WIDTH - MARGIN);
    int x = MARGIN + 200;
    for (int i = 0; i < KINDS; i++) {
        if (!(seen & 1u << i)) continue;
        fprintf(out,
                "<g class=\"key\"><rect x=\"%d\" y=\"36\" width=\"12\" height=\"12\" "
                "rx=\"2\" "
                "fill=\"hsl(%d,%d%%,%d%%)\"/><text class=\"note\" x=\"%d\" "
                "y=\"46\">%s</text></g>\n",
                x, kinds[i].hue + kinds[i].spread / 2, kinds[i].saturation,
                kinds[i].lightness, x + 17, kinds[i].name);
        x += 40 + 7 * (int)strlen(kinds[i].name);
    }
    if (root->total)
        frame(out, root, 0, scale, root->total);
    else
        fprintf(out,
                "<text class=\"note\" x=\"%d\" y=\"%d\">No sample: the script took less "
                "CPU time "
                "than there is between two of them.</text>\n",
                MARGIN, TOP + 13);
    fputs(script_text, out);
    fputs("</svg>\n", out);
    text_free(&name);
}
