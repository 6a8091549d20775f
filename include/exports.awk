# SPDX-License-Identifier: MIT
# From the public headers, preprocessed: the functions and tables they declare with default visibility, one name
# on a line. The shared library exports these (see `gen/ambit.map` in Makefile.in).
BEGIN { RS = ";" }
/visibility\("default"\)/ {
    gsub(/__attribute__ *\(\([^()]*(\([^()]*\))?\)\)/, " ")
    n = split($0, part, "[{}]") # of a block that ends without a semicolon only the rest counts
    s = part[n]
    if (match(s, /amb_[a-z0-9_]+[ \n]*\(/)) {
        name = substr(s, RSTART, RLENGTH)
        gsub(/[^a-z0-9_]/, "", name)
        print name
        next
    }
    n = split(s, item, ",")
    for (i = 1; i <= n; i++)
        if (match(item[i], /amb_[a-z0-9_]+[^a-z0-9_]*$/)) {
            name = substr(item[i], RSTART, RLENGTH)
            gsub(/[^a-z0-9_]/, "", name)
            print name
        }
}
