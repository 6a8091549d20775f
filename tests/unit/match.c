/* SPDX-License-Identifier: MIT */
/* Requests against grants: whole names, one spelling, nothing that only looks alike. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ambit/ambit.h"
#include "ambit/spi.h"

static int covers(int match, const char *grant, const char *request)
{
    char g[4096], r[4096], why[256];
    cr_assert_eq(amb_match_canonical(match, grant, g, sizeof g, why), AMB_OK, "%s: %s", grant,
                 why);
    if (amb_match_canonical(match, request, r, sizeof r, why) != AMB_OK) return -1;
    return amb_match_covers(match, g, r);
}

Test(match, directories_end_at_whole_names)
{
    cr_expect(amb_match_covers(AMB_M_DIR, "/a/out", "/a/out"));
    cr_expect(amb_match_covers(AMB_M_DIR, "/a/out", "/a/out/b"));
    cr_expect(!amb_match_covers(AMB_M_DIR, "/a/out", "/a/output"));
    cr_expect(!amb_match_covers(AMB_M_DIR, "/a/out", "/a/ou"));
    cr_expect(!amb_match_covers(AMB_M_DIR, "/a/out", "/a"));
    cr_expect(!amb_match_covers(AMB_M_DIR, "/a/out", "/a/out.b/c"));
    cr_expect(amb_match_covers(AMB_M_DIR, "/", "/a"));
    cr_expect(!amb_match_covers(AMB_M_DIR, "", "/a"));
    cr_expect(!amb_match_covers(AMB_M_DIR, "a", "a"));
    cr_expect(amb_match_covers(AMB_M_FILE, "/a/out", "/a/out"));
    cr_expect(!amb_match_covers(AMB_M_FILE, "/a/out", "/a/out/b"));
    cr_expect(!amb_match_covers(AMB_M_FILE, "/", "/a"));
}

Test(match, paths_are_where_they_lead)
{
    char dir[] = "/tmp/ambit-match.XXXXXX", path[64], link[64], real[4096], out[4096],
         why[256];
    cr_assert_not_null(mkdtemp(dir));
    cr_assert_not_null(realpath(dir, real));
    snprintf(path, sizeof path, "%s/real", dir);
    snprintf(link, sizeof link, "%s/link", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(symlink("real", link), 0);
    cr_expect_eq(covers(AMB_M_DIR, path, link), 1);
    snprintf(out, sizeof out, "%s/../real/./", link);
    cr_expect_eq(covers(AMB_M_DIR, path, out), 1);
    snprintf(out, sizeof out, "%s/not yet", link);
    cr_expect_eq(covers(AMB_M_DIR, path, out), 1, "what is not there counts as its name");
    snprintf(out, sizeof out, "%s/..", link);
    cr_expect_eq(covers(AMB_M_DIR, path, out), 0);
    snprintf(out, sizeof out, "%s/none/deeper", dir);
    cr_expect_eq(covers(AMB_M_DIR, path, out), -1, "two missing names have no place");
    cr_assert_eq(unlink(link), 0);
    cr_assert_eq(symlink("nowhere", link), 0);
    cr_expect_eq(covers(AMB_M_DIR, path, link), -1, "a link that leads nowhere has no place");
    cr_expect_eq(amb_match_canonical(AMB_M_DIR, "", out, sizeof out, why), AMB_E_ARG);
    cr_expect_eq(amb_match_canonical(AMB_M_DIR, real, out, 3, why), AMB_E_ARG, "no room");
    unlink(link);
    rmdir(path);
    rmdir(dir);
}

Test(match, hosts_by_whole_labels)
{
    cr_expect_eq(covers(AMB_M_HOSTPORT, "example.org:443", "example.org:443"), 1);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "example.org:443", "EXAMPLE.Org:443"), 1);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "example.org:443", "example.org.evil.com:443"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "example.org:443", "evil-example.org:443"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "example.org:443", "example.org:44"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "example.org:443", "example.org:4430"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "example.org:443", "a.example.org:443"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "*.example.org:443", "a.example.org:443"), 1);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "*.example.org:443", "evilexample.org:443"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "*.example.org:443", "a.example.org.com:443"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "*.example.org:443", "*.example.org:443"), 1);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "a.example.org:443", "*.example.org:443"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "*.example.org:443", "*.org:443"), 0);
}

Test(match, ports_by_number)
{
    cr_expect_eq(covers(AMB_M_HOSTPORT, "127.0.0.1:8000-8100", "127.0.0.1:8000"), 1);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "127.0.0.1:8000-8100", "127.0.0.1:8100"), 1);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "127.0.0.1:8000-8100", "127.0.0.1:8101"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "127.0.0.1:8000-8100", "127.0.0.1:7999-8001"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "127.0.0.1:8000-8100", "127.0.0.1:8001-8002"), 1);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "127.0.0.1:8000-8100", "127.0.0.1:*"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "127.0.0.1:*", "127.0.0.1:1"), 1);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "127.0.0.1:80", "127.0.0.2:80"), 0);
    cr_expect_eq(covers(AMB_M_HOSTPORT, "127.0.0.1:80", "[::ffff:127.0.0.1]:80"), 1,
                 "an IPv4 address in IPv6 clothes");
    cr_expect_eq(covers(AMB_M_HOSTPORT, "[::1]:80", "[0:0::0:1]:80"), 1, "one spelling");
}

Test(match, other_names_are_equal_or_not)
{
    char out[64], why[256];
    cr_expect_eq(covers(AMB_M_NAMES, "HOME", "HOME"), 1);
    cr_expect_eq(covers(AMB_M_NAMES, "HOME", "HOMES"), 0);
    cr_expect_eq(covers(AMB_M_NAMES, "HOME", "home"), 0);
    cr_expect_eq(covers(AMB_M_NAMES, "*", "HOME"), 0);
    cr_expect_eq(amb_match_canonical(AMB_M_NAMES, "A=B", out, sizeof out, why), AMB_E_ARG);
    cr_expect_eq(amb_match_canonical(AMB_M_NAMES, "", out, sizeof out, why), AMB_E_ARG);
    cr_expect_eq(covers(AMB_M_PROGRAMS, "sh", "sh"), 1);
    cr_expect_eq(covers(AMB_M_PROGRAMS, "sh", "/bin/../bin/no-such-program"), -1);
    cr_expect_eq(covers(AMB_M_PROGRAMS, "sh", "env"), 0);
}
