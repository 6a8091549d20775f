# passing a capability to one more module is a change
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./out") for write as out\nimport "./m" as m\nprint(m.run())\n' >s.amb; printf 'pub fn run() => 1\n' >m.amb; $pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
ambit s.amb; printf 'use fs.dir("./out") for write as out\nimport "./m" as m with {out}\nprint(m.run())\n' >s.amb; printf 'need out\npub fn run() { out.write_text("stolen", "x"); return 2 }\n' >m.amb; ambit s.amb 2>&1 | grep Changed; ls out
cd /; rm -rf $d
