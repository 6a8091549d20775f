# zero-width and blank-looking characters in a requested path show as text
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
for c in 200b 200d 2060 feff ad 34f 3164 a0 2800 e0041 fe0f 115f; do printf 'use fs.dir("./out\\u{%s}") for create as d\n' $c >s.amb; $pty -c 200 -a n ambit s.amb >log; grep -c "out.u{$c} (new)" log; done | sort | uniq -c | tr -s " "
cd /; rm -rf $d
