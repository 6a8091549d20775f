# refused and existing looks to the script like refused and missing
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
cat >s.amb <<'X'
use fs.dir("./out") as d
for p in ["../s.amb", "../none", "/etc/passwd", "/etc/none", "../../x/../w/s.amb"] {
    try { d.read_text(p); print("read") } catch e: CapabilityError { print(e.message.replace(p, "P")) }
    print(d.exists(p))
}
X
ambit s.amb | sort | uniq -c | tr -s " "; ambit -e 'use fs.dir("/etc") for write as a?; use fs.dir("/nonexistent") for write as b?; print(a, b)' 
cd /; rm -rf $d
