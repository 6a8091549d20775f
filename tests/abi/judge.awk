# SPDX-License-Identifier: MIT
# Reads what `abidiff --leaf-changes-only` says. Status 0: structs that carry their size, or their table's stride, have
# new members behind the old end; nothing else has changed. Other changes are printed.
BEGIN {
    n = split("config gc_stats event host reactor provider op param restype right", names, " ")
    for (i = 1; i <= n; i++) grows["amb_" names[i]] = 1
}
/^$/ || /^Leaf changes summary/ || /^Changed leaf types summary/ || /^Removed\/Changed\/Added .* summary/ { next }
/^'struct [a-z_]+( at [^ ]*)?' changed:$/ {
    head = $0
    name = $2
    sub(/'.*/, "", name)
    old = -1
    next
}
name in grows && /^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$/ && $7 > $5 { old = $5; next }
name in grows && /^  [0-9]+ data member insertions?:$/ { next }
name in grows && old >= 0 && /^    '.*', at offset [0-9]+ \(in bits\)/ {
    offset = $0
    sub(/.*, at offset /, "", offset)
    if (offset + 0 >= old + 0) next
}
{
    if (head != "") print head
    head = ""
    print
    bad = 1
}
END { exit bad }
