# spec: spi.loan, spi.loan.failure, spi.loan.end, spi.loan.threads, spi.ends
so=$(dirname "$(command -v ambit)")/obj/tests/spi/lender.so
d=$(mktemp -d); cd $d
cat >s.amb <<'X'
import lender
import cap
use fs.dir(".") for read, write as here
fn kind(f) { try { return f() } catch e: IOError { return "${e.kind}: ${e.message}" } catch e { return "${type(e)}: ${e.message}" } }
here.write_text("t", "one\ntwo\nthree\nfour\nfive\n")
let f = here.open("t")
print(f.read_line(), lender.first(f).split("\n"), f.read_line())
print(kind(() => lender.first(here.append("t"))), kind(() => lender.first(cap.limit(here.open("t"), calls: 0))))
lender.make(here, "new")
print(kind(() => lender.make(here, "new")), kind(() => lender.make(cap.only(here, "read"), "other")))
let g = here.create("g")
group { for i in 0..20 { spawn lender.synced(g); spawn lender.fifth() } }
print("all of them")
let (view, revoke) = cap.revocable(g)
let k = lender.keep(view)
revoke()
k.close()
print(here.stat("g").size)
let a = lender.keep(g)
a.close()
let b = lender.keep(g)
print(kind(() => b.close(true)), cap.is_open(a), cap.is_open(b))
let c = lender.keep(g)
cap.close(c)
let d = lender.keep(g)
print("end of the program")
X
for how in "" --wire; do
    rm -f t g new
    ambit $how -y --provider $so s.amb
    echo "$(cat g)."
done 2>&1
rm -rf $d
