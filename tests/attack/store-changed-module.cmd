# a module that changed, came or went is asked about again by name
# spec: grant.always
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'import "./lib/m" as m\nuse fs.dir("./out") for write as out\nprint(m.x)\n' >s.amb; mkdir lib; echo 'pub let x = 1' >lib/m.amb; $pty -a a ambit grant s.amb >/dev/null; echo "granted $?"
ambit s.amb; echo 'pub let x = 2' >lib/m.amb; ambit s.amb 2>&1 | grep Changed; echo 'pub let x = 1' >lib/m.amb; ambit s.amb; printf 'import "./n" as n\npub let x = 1\n' >lib/m.amb; echo 'pub let y = 1' >lib/n.amb; ambit s.amb 2>&1 | grep Changed
cd /; rm -rf $d
