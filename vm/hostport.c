/* SPDX-License-Identifier: MIT */
/* Reading and comparing addresses, names and patterns of them.
 *
 * Everything else decides by what this file says, so it refuses rather than guesses. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ambit/hostport.h"

/* --- ranges ------------------------------------------------------------------------- */

static bool within(const amb_ip *ip, const amb_ip *net, unsigned bits)
{
    if (ip->v != net->v) return false;
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(ip->b, net->b, whole) != 0) return false;
    return !rest || ((ip->b[whole] ^ net->b[whole]) >> (8 - rest)) == 0;
}

static amb_ip ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (amb_ip){.v = 4, .b = {a, b, c, d}};
}

static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};

static bool public4(const uint8_t *b)
{
    if (b[0] == 0 || b[0] == 10 || b[0] == 127 || b[0] >= 224) return false;
    if (b[0] == 100 && (b[1] & 0xc0) == 64) return false;
    if (b[0] == 169 && b[1] == 254) return false;
    if (b[0] == 172 && (b[1] & 0xf0) == 16) return false;
    if (b[0] == 192 && (b[1] == 168 || (b[1] == 0 && (b[2] == 0 || b[2] == 2))))
        return false;
    if (b[0] == 198 && ((b[1] & 0xfe) == 18 || (b[1] == 51 && b[2] == 100))) return false;
    return !(b[0] == 203 && b[1] == 0 && b[2] == 113);
}

bool amb_ip_public(const amb_ip *ip)
{
    const uint8_t *b = ip->b;
    if (ip->v == 4) return public4(b);
    /* What a gateway or tunnel turns into IPv4 is judged as that. */
    if (memcmp(b, nat64, 12) == 0) return public4(b + 12);
    if (b[0] == 0x20 && b[1] == 0x02) return public4(b + 2);
    /* Of the rest only 2000::/3 is handed out; Teredo and documentation are not public. */
    if ((b[0] & 0xe0) != 0x20) return false;
    if (b[0] == 0x20 && b[1] == 0x01 && (b[2] & 0xfe) == 0) return false;
    return !(b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8);
}

bool amb_ip_loopback(const amb_ip *ip)
{
    static const uint8_t one[16] = {[15] = 1};
    return ip->v == 4 ? ip->b[0] == 127 : memcmp(ip->b, one, 16) == 0;
}

amb_ip amb_ip_of6(const uint8_t b[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(b, mapped, 12) == 0) return ip4(b[12], b[13], b[14], b[15]);
    amb_ip ip = {.v = 6};
    memcpy(ip.b, b, 16);
    return ip;
}

/* --- reading ------------------------------------------------------------------------ */

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* Decimal without leading zeros, at most `max`; *p moves behind it. */
static bool number(const char **p, const char *end, unsigned max, unsigned *out)
{
    const char *s = *p;
    unsigned v = 0;
    if (s == end || !digit(*s)) return false;
    if (*s == '0' && s + 1 < end && digit(s[1])) return false;
    for (; s < end && digit(*s); s++) {
        v = v * 10 + (unsigned)(*s - '0');
        if (v > max) return false;
    }
    *p = s;
    *out = v;
    return true;
}

static bool dotted(const char *s, const char *end, amb_ip *out)
{
    *out = (amb_ip){.v = 4};
    for (int i = 0; i < 4; i++) {
        unsigned v;
        if (i && (s == end || *s++ != '.')) return false;
        if (!number(&s, end, 255, &v)) return false;
        out->b[i] = (uint8_t)v;
    }
    return s == end;
}

/* Does the last label look like a number? Then some readers take the whole for IPv4. */
static bool numeric(const char *s, const char *end)
{
    if (end > s && end[-1] == '.') end--;
    const char *p = end;
    while (p > s && p[-1] != '.') p--;
    if (p == end) return false;
    if (end - p >= 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) return true;
    while (p < end && digit(*p)) p++;
    return p == end;
}

static bool name(const char *s, const char *end, char out[AMB_HOST_MAX], const char **why)
{
    if (end > s && end[-1] == '.') end--;
    if (s == end) return *why = "the host is missing", false;
    if (end - s > AMB_HOST_MAX - 1) return *why = "the name is too long", false;
    size_t label = 0, k = 0;
    for (const char *p = s; p < end; p++) {
        char c = *p;
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if (c == '.') {
            if (!label || p[-1] == '-')
                return *why = "an empty part or a stray '-' in the name", false;
            label = 0;
        } else if ((c >= 'a' && c <= 'z') || digit(c) || c == '_' || (c == '-' && label)) {
            if (++label > 63) return *why = "a part of the name is too long", false;
        } else {
            *why = (unsigned char)c >= 0x80
                       ? "names are written in ASCII (xn--...)"
                       : "a character that no host name has";
            return false;
        }
        out[k++] = c;
    }
    if (!label || end[-1] == '-')
        return *why = "an empty part or a stray '-' in the name", false;
    out[k] = 0;
    return true;
}

/* Bits that a prefix leaves open must be zero: 10.1.2.3/8 is somebody's mistake. */
static bool prefix(amb_hostport *o, const char *s, const char *end, const char **why)
{
    unsigned bits;
    if (!number(&s, end, o->ip.v == 4 ? 32 : 128, &bits) || s != end)
        return *why = "the length of the network's prefix is wrong", false;
    o->bits = (uint8_t)bits;
    o->kind = AMB_HOST_NET;
    unsigned len = o->ip.v == 4 ? 4 : 16;
    for (unsigned i = bits; i < len * 8; i++)
        if (o->ip.b[i / 8] >> (7 - i % 8) & 1)
            return *why = "the network has bits behind its prefix", false;
    return true;
}

static bool six(const char *s, const char *end, amb_hostport *o, const char **why)
{
    char text[64];
    uint8_t b[16];
    const char *slash = memchr(s, '/', (size_t)(end - s));
    size_t n = (size_t)((slash ? slash : end) - s);
    if (n >= sizeof text) return *why = "not an IPv6 address", false;
    memcpy(text, s, n);
    text[n] = 0;
    if (memchr(text, '%', n)) return *why = "zones of addresses are not supported", false;
    if (strlen(text) != n || inet_pton(AF_INET6, text, b) != 1)
        return *why = "not an IPv6 address", false;
    o->kind = AMB_HOST_IP;
    o->ip = amb_ip_of6(b);
    if (!slash) return true;
    if (o->ip.v == 4) return *why = "write this network as IPv4", false;
    return prefix(o, slash + 1, end, why);
}

static bool host(const char *s, const char *end, amb_hostport *o, const char **why)
{
    if (end - s == 1 && *s == '*') return o->kind = AMB_HOST_ANY, true;
    if (s < end && *s == '[') {
        if (end[-1] != ']') return *why = "']' is missing", false;
        return six(s + 1, end - 1, o, why);
    }
    const char *slash = memchr(s, '/', (size_t)(end - s));
    if (slash || numeric(s, end)) {
        o->kind = AMB_HOST_IP;
        if (!dotted(s, slash ? slash : end, &o->ip))
            return *why = "an IPv4 address is four decimal numbers without leading zeros",
                   false;
        return !slash || prefix(o, slash + 1, end, why);
    }
    o->kind = AMB_HOST_NAME;
    if (end - s > 2 && s[0] == '*' && s[1] == '.') {
        o->kind = AMB_HOST_SUBS;
        s += 2;
    }
    return name(s, end, o->name, why);
}

bool amb_host_parse(const char *s, size_t n, amb_hostport *out, const char **why)
{
    memset(out, 0, sizeof *out);
    out->high = UINT16_MAX;
    return host(s, s + n, out, why);
}

bool amb_hostport_parse(const char *s, size_t n, amb_hostport *out, const char **why)
{
    memset(out, 0, sizeof *out);
    const char *end = s + n, *colon = end;
    if (n > 3 && memmem(s, n, "://", 3)) return *why = "write host:port, not a URL", false;
    while (colon > s && colon[-1] != ':' && colon[-1] != ']') colon--;
    if (colon == s || colon[-1] != ':') return *why = "the port is missing: write host:port, with * for any", false;
    const char *p = colon;
    colon--;
    if (colon > s && *s != '[' && memchr(s, ':', (size_t)(colon - s)))
        return *why = "an IPv6 address stands in brackets", false;
    unsigned low, high;
    if (end - p == 1 && *p == '*') {
        low = 0, high = UINT16_MAX, p = end;
    } else {
        if (!number(&p, end, UINT16_MAX, &low))
            return *why = "a port is a number up to 65535", false;
        high = low;
        if (p < end && *p == '-') {
            p++;
            if (!number(&p, end, UINT16_MAX, &high) || high < low)
                return *why = "the range of ports is wrong", false;
        }
    }
    if (p != end) return *why = "a port is a number up to 65535", false;
    out->ports = true;
    out->low = (uint16_t)low;
    out->high = (uint16_t)high;
    return host(s, colon, out, why);
}

/* --- comparing ---------------------------------------------------------------------- */

static bool localhost(const amb_hostport *p)
{
    return p->kind == AMB_HOST_NAME && strcmp(p->name, "localhost") == 0;
}

/* Is `name` beneath `parent`? */
static bool beneath(const char *name, const char *parent)
{
    size_t n = strlen(name), k = strlen(parent);
    return n > k + 1 && name[n - k - 1] == '.' && strcmp(name + n - k, parent) == 0;
}

bool amb_hostport_single(const amb_hostport *p)
{
    return (p->kind == AMB_HOST_NAME || p->kind == AMB_HOST_IP) && p->low == p->high;
}

bool amb_hostport_name(const amb_hostport *p, const char *name, uint16_t port)
{
    if (port < p->low || port > p->high) return false;
    /* Everything of this machine, by its name, is what only that name says. */
    bool local = strcmp(name, "localhost") == 0 || beneath(name, "localhost");
    switch (p->kind) {
    case AMB_HOST_NAME: return strcmp(p->name, name) == 0;
    case AMB_HOST_SUBS: return !local && beneath(name, p->name);
    case AMB_HOST_ANY: return !local;
    default: return false;
    }
}

bool amb_hostport_ip(const amb_hostport *p, const amb_ip *ip, uint16_t port)
{
    if (port < p->low || port > p->high) return false;
    switch (p->kind) {
    case AMB_HOST_NAME: return localhost(p) && amb_ip_loopback(ip);
    case AMB_HOST_ANY: return amb_ip_public(ip);
    case AMB_HOST_IP: return within(ip, &p->ip, p->ip.v == 4 ? 32 : 128);
    case AMB_HOST_NET: return within(ip, &p->ip, p->bits);
    default: return false;
    }
}

/* Does the network hold public addresses only? A prefix that is not all of one kind is not. */
static bool net_public(const amb_ip *ip, unsigned bits)
{
    /* No range that is not public has a longer prefix than these: what is as long lies in one or
     * outside of all. */
    unsigned longest = ip->v == 4 ? 24 : memcmp(ip->b, nat64, 12) == 0 ? 96 + 24 : 64;
    return bits >= longest && amb_ip_public(ip);
}

bool amb_hostport_covers(const amb_hostport *outer, const amb_hostport *inner)
{
    if (inner->low < outer->low || inner->high > outer->high) return false;
    if (inner->ports && !outer->ports) return false;
    switch (inner->kind) {
    case AMB_HOST_NAME:
        return amb_hostport_name(outer, inner->name, outer->low);
    case AMB_HOST_SUBS:
        if (strcmp(inner->name, "localhost") == 0 || beneath(inner->name, "localhost"))
            return outer->kind == AMB_HOST_SUBS && strcmp(outer->name, inner->name) == 0;
        return outer->kind == AMB_HOST_ANY ||
               (outer->kind == AMB_HOST_SUBS && (strcmp(outer->name, inner->name) == 0 ||
                                                 beneath(inner->name, outer->name)));
    case AMB_HOST_ANY: return outer->kind == AMB_HOST_ANY;
    case AMB_HOST_IP: return amb_hostport_ip(outer, &inner->ip, outer->low);
    case AMB_HOST_NET:
        if (outer->kind == AMB_HOST_NET)
            return outer->bits <= inner->bits && within(&inner->ip, &outer->ip, outer->bits);
        if (outer->kind == AMB_HOST_IP)
            return inner->bits == (inner->ip.v == 4 ? 32 : 128) &&
                   within(&inner->ip, &outer->ip, inner->bits);
        return outer->kind == AMB_HOST_ANY && net_public(&inner->ip, inner->bits);
    default: return false;
    }
}

/* --- printing ----------------------------------------------------------------------- */

int amb_ip_print(const amb_ip *ip, char *out, size_t size)
{
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(ip->v == 4 ? AF_INET : AF_INET6, ip->b, text, sizeof text);
    return snprintf(out, size, "%s", text);
}

int amb_hostport_print(const amb_hostport *p, char *out, size_t size)
{
    char ip[INET6_ADDRSTRLEN], host[AMB_HOST_MAX + 8], ports[16];
    switch (p->kind) {
    case AMB_HOST_NAME: snprintf(host, sizeof host, "%s", p->name); break;
    case AMB_HOST_SUBS: snprintf(host, sizeof host, "*.%s", p->name); break;
    case AMB_HOST_ANY: snprintf(host, sizeof host, "*"); break;
    default:
        amb_ip_print(&p->ip, ip, sizeof ip);
        if (p->kind == AMB_HOST_IP)
            snprintf(host, sizeof host, p->ip.v == 4 ? "%s" : "[%s]", ip);
        else
            snprintf(host, sizeof host, p->ip.v == 4 ? "%s/%u" : "[%s/%u]", ip, p->bits);
        break;
    }
    if (!p->ports) return snprintf(out, size, "%s", host);
    if (p->low == 0 && p->high == UINT16_MAX) snprintf(ports, sizeof ports, "*");
    else if (p->low == p->high) snprintf(ports, sizeof ports, "%u", p->low);
    else snprintf(ports, sizeof ports, "%u-%u", p->low, p->high);
    return snprintf(out, size, "%s:%s", host, ports);
}
