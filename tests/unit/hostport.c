/* SPDX-License-Identifier: MIT */
/* Addresses and patterns: what is read, how it is spelled, what is refused, what covers what. */
#include <criterion/criterion.h>
#include <string.h>

#include "ambit/hostport.h"

static bool read(const char *s, amb_hostport *p)
{
    const char *why = NULL;
    bool ok = amb_hostport_parse(s, strlen(s), p, &why);
    cr_assert(ok || why, "%s is refused without a reason", s);
    return ok;
}

Test(hostport, canonical_spelling)
{
    static const char *const same[][2] = {
        {"example.org:443", "example.org:443"},
        {"EXAMPLE.Org.:443", "example.org:443"},
        {"*.Example.org:1-65535", "*.example.org:1-65535"},
        {"*:*", "*:*"},
        {"*:0-65535", "*:*"},
        {"127.0.0.1:80", "127.0.0.1:80"},
        {"10.0.0.0/8:*", "10.0.0.0/8:*"},
        {"0.0.0.0/0:80-80", "0.0.0.0/0:80"},
        {"[::1]:80", "[::1]:80"},
        {"[0:0:0:0:0:0:0:1]:80", "[::1]:80"},
        {"[2001:DB8::1]:0", "[2001:db8::1]:0"},
        {"[fd00::/8]:443", "[fd00::/8]:443"},
        {"[::ffff:127.0.0.1]:80", "127.0.0.1:80"},
        {"[::FFFF:7f00:1]:80", "127.0.0.1:80"},
        {"xn--bcher-kva.example:80", "xn--bcher-kva.example:80"},
        {"a_b-c.example:80", "a_b-c.example:80"},
        {"1.example:80", "1.example:80"},
        {"1.2.3.4.example:80", "1.2.3.4.example:80"},
        {"localhost:*", "localhost:*"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        amb_hostport p;
        char out[300];
        cr_assert(read(same[i][0], &p), "%s", same[i][0]);
        amb_hostport_print(&p, out, sizeof out);
        cr_assert_str_eq(out, same[i][1]);
        cr_assert(read(out, &p));
    }
}

Test(hostport, what_has_two_readings_has_none)
{
    static const char *const bad[] = {
        /* numbers that some resolvers take for addresses */
        "2130706433:80", "0x7f000001:80", "0x7f.1:80", "0x7f.0.0.1:80", "127.1:80", "127.0.1:80",
        "0177.0.0.1:80", "127.0.0.01:80", "127.0.0.1.:80", "017700000001:80", "127.0.0.0x1:80",
        "1.2.3.256:80", "1.2.3:80", "1.2.3.4.5:80", "1..2.3:80", ".1:80", "1.2.3.4/33:80", "1.2.3.4/08:80",
        "0:80", "00.0.0.0:80", "example.0x10:80", "example.123:80", "+127.0.0.1:80", " 127.0.0.1:80",
        "127.0.0.1 :80", "127.0.0.-1:80",
        /* networks with something behind their prefix */
        "10.1.0.0/8:80", "10.0.0.1/31:80", "10.0.0.0/:80", "[fd00::1/8]:80", "[::ffff:10.0.0.0/104]:80",
        "[fd00::/129]:80", "[fd00::]/8:80",
        /* IPv6 in other clothes */
        "::1:80", "fe80::1:80", "[fe80::1%eth0]:80", "[fe80::1%25eth0]:80", "[::1:80", "::1]:80", "[]:80",
        "[127.0.0.1]:80", "[::1]", "[1:2:3]:80", "[::1]x:80", "[[::1]]:80", "[example.org]:80",
        /* names */
        "exa mple.org:80", "exa\tmple:80", ("b\xc3\xbc" "cher.example:80"), "example..org:80", ".example.org:80",
        "-example.org:80", "example-.org:80", "example.org-:80", "exam*ple.org:80", "**.example.org:80", "*.*.org:80",
        "*example.org:80", "example.*:80", "*.:80", ".:80", "user@example.org:80", "example.org/x:80",
        "http://example.org:80", "example.org?:80", "example.org#:80", "example.org\\:80", "",
        /* ports */
        "example.org", "example.org:", "example.org:080", "example.org:65536", "example.org:-1", "example.org:80-",
        "example.org:90-80", "example.org:80-90-100", "example.org:http", "example.org:8 0", "example.org:+80",
        "example.org:80:90", "example.org:**", ":80", "*", "example.org:4294967376", "example.org:0x50",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        amb_hostport p;
        cr_assert_not(read(bad[i], &p), "%s was read", bad[i]);
    }
    /* Zero bytes and lengths. */
    amb_hostport p;
    const char *why;
    cr_assert_not(amb_hostport_parse("example.org\0.evil:80", 20, &p, &why));
    cr_assert_not(amb_hostport_parse("[::1\0]:80", 9, &p, &why));
    char longest[400];
    memset(longest, 'a', sizeof longest);
    cr_assert_not(amb_hostport_parse(longest, 64 + 3, &p, &why));
    for (int i = 63; i < 400; i += 64) longest[i] = '.';
    memcpy(longest + 253, ":80", 3);
    cr_assert(amb_hostport_parse(longest, 256, &p, &why));
    memcpy(longest + 253, "a:80", 4);
    cr_assert_not(amb_hostport_parse(longest, 257, &p, &why));
}

Test(hostport, covers)
{
    static const struct {
        const char *outer, *inner;
        bool yes;
    } t[] = {
        {"example.org:443", "example.org:443", true},
        {"example.org:443", "EXAMPLE.org.:443", true},
        {"example.org:443", "example.org:80", false},
        {"example.org:*", "example.org:80-90", true},
        {"example.org:80-90", "example.org:*", false},
        {"example.org:80-90", "example.org:85-95", false},
        {"example.org:443", "www.example.org:443", false},
        {"*.example.org:443", "www.example.org:443", true},
        {"*.example.org:443", "a.b.example.org:443", true},
        {"*.example.org:443", "example.org:443", false},
        {"*.example.org:443", "evilexample.org:443", false},
        {"*.example.org:443", "example.org.evil:443", false},
        {"*.example.org:443", "*.www.example.org:443", true},
        {"*.www.example.org:443", "*.example.org:443", false},
        {"*:443", "*.example.org:443", true},
        {"*:443", "*:443", true},
        {"*:443", "*:80", false},
        {"example.org:443", "*:443", false},
        /* names never stand for addresses that are not public */
        {"*:80", "8.8.8.8:80", true},
        {"*:80", "10.0.0.1:80", false},
        {"*:80", "127.0.0.1:80", false},
        {"*:80", "[::1]:80", false},
        {"*:80", "169.254.169.254:80", false},
        {"*:80", "[fe80::1]:80", false},
        {"*:80", "[fd00::1]:80", false},
        {"*:80", "[::ffff:10.0.0.1]:80", false},
        {"*:80", "[64:ff9b::10.0.0.1]:80", false},
        {"*:80", "[64:ff9b::8.8.8.8]:80", true},
        {"*:80", "[2002:7f00:1::]:80", false},
        {"*:80", "[2001:0:1234::1]:80", false},
        {"*:80", "[2001:db8::1]:80", false},
        {"*:80", "[2606:4700::1]:80", true},
        {"*:80", "[::10.0.0.1]:80", false},
        {"*:80", "100.64.0.1:80", false},
        {"*:80", "0.0.0.0:80", false},
        {"*:80", "255.255.255.255:80", false},
        {"*:80", "224.0.0.1:80", false},
        {"*:80", "172.15.0.1:80", true},
        {"*:80", "172.16.0.1:80", false},
        {"*:80", "172.31.255.255:80", false},
        {"*:80", "172.32.0.1:80", true},
        {"*:80", "localhost:80", false},
        {"*:80", "a.localhost:80", false},
        {"*.localhost:80", "a.localhost:80", false},
        {"example.org:80", "8.8.8.8:80", false},
        {"8.8.8.8:80", "example.org:80", false},
        {"*:80", "8.8.8.0/24:80", true},
        {"*:80", "8.0.0.0/8:80", false},
        {"*:80", "203.0.0.0/8:80", false},
        {"*:80", "10.0.0.0/24:80", false},
        {"*:80", "0.0.0.0/0:80", false},
        {"*:80", "[64:ff9b::/96]:80", false},
        {"*:80", "[64:ff9b::cb00:0/104]:80", false},
        {"*:80", "[2606:4700::/64]:80", true},
        {"*:80", "[2000::/3]:80", false},
        {"localhost:*", "127.0.0.1:80", true},
        {"localhost:*", "127.8.8.8:80", true},
        {"localhost:*", "[::1]:80", true},
        {"localhost:*", "10.0.0.1:80", false},
        {"localhost:*", "localhost:80", true},
        {"127.0.0.1:*", "localhost:80", false},
        /* networks */
        {"10.0.0.0/8:*", "10.255.0.1:22", true},
        {"10.0.0.0/8:*", "11.0.0.1:22", false},
        {"10.0.0.0/8:*", "10.1.0.0/16:22", true},
        {"10.1.0.0/16:*", "10.0.0.0/8:22", false},
        {"10.0.0.0/8:*", "[::ffff:10.1.2.3]:22", true},
        {"192.168.1.0/31:*", "192.168.1.1:1", true},
        {"192.168.1.0/31:*", "192.168.1.2:1", false},
        {"0.0.0.0/0:*", "127.0.0.1:1", true},
        {"0.0.0.0/0:*", "[::1]:1", false},
        {"[::/0]:*", "[::1]:1", true},
        {"[::/0]:*", "127.0.0.1:1", false},
        {"10.0.0.1:80", "10.0.0.1/32:80", true},
        {"10.0.0.0/8:80", "*:80", false},
        {"10.0.0.0/8:80", "host.example:80", false},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        amb_hostport outer, inner;
        cr_assert(read(t[i].outer, &outer) && read(t[i].inner, &inner), "%s %s", t[i].outer, t[i].inner);
        cr_assert_eq(amb_hostport_covers(&outer, &inner), t[i].yes, "%s %s", t[i].outer, t[i].inner);
    }
}

Test(hostport, hosts_without_ports)
{
    amb_hostport p, q;
    const char *why;
    char out[300];
    cr_assert(amb_host_parse("*.Example.org", 13, &p, &why));
    amb_hostport_print(&p, out, sizeof out);
    cr_assert_str_eq(out, "*.example.org");
    cr_assert(amb_host_parse("a.example.org", 13, &q, &why));
    cr_assert(amb_hostport_covers(&p, &q));
    cr_assert(read("*.example.org:*", &p));
    cr_assert(amb_hostport_covers(&p, &q));
    cr_assert_not(amb_hostport_covers(&q, &p));
    cr_assert_not(amb_hostport_single(&p));
}
