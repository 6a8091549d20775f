d=$(mktemp -d); cat >$d/s.amb <<'S'
fn cold(n) { var s = 0; for i in 0..n { s += i % 3 }; return s }
fn hot(n) { var s = 0; for i in 0..n { s += i % 7 }; return s }
fn leaf(x) => x * 2 + 1
fn calls(n) { var s = 0; for i in 0..n { s += leaf(i) }; return s }
fn numbers(n) { for i in 0..n { yield i } }
fn sorting(xs, n) { for i in 0..n { xs.copy().sort() } }
fn bottom(n) { var s = 0; for i in 0..n { s += i % 5 }; return s }
fn deep(n) => if n == 0 { bottom(8000000) } else { deep(n - 1) + 1 }
fn main() {
    cold(2000000); hot(40000000); calls(5000000)
    var s = 0
    for x in numbers(5000000) { s += x }
    sorting([...(0..20000).map(x => x * 7919 % 10007)], 60)
    deep(5000)
}
main()
S
cd $d; ambit --cpu-profile o.folded s.amb; awk '
    { n = $NF; sub(/ [0-9]+$/, ""); k = split($0, f, ";"); all += n; if (k > most) most = k }
    f[k] == "hot (s.amb:2)" { hot += n } f[k] ~ /^cold / { cold += n } f[k] ~ /^list._sort / { sort += n }
    /;sorting / && !/collector/ { under += n } f[1] == "..." { cut += n }
    f[k] ~ /^(leaf|numbers) / { above[f[k]] = f[k - 1] }
    END {
        print "hot", (hot > 4 * cold && hot > all / 4), "native", (sort > under / 2)
        print "caller of leaf:", above["leaf (s.amb:3)"], " of numbers:", above["numbers (s.amb:5)"]
        print "cut", (cut > 0), "depth", most
    }' o.folded; grep -c -v "^[^;]*\(;[^;]*\)* [0-9][0-9]*$" o.folded; rm -r $d
