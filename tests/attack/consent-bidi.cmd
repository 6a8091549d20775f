# bidirectional controls in a requested path show as text and cannot reorder the line
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
mkdir "$(printf 'o\342\200\256tuo')"; printf 'use fs.dir("./o\\u{202e}tuo") for write as d\n' >s.amb; $pty -a n ambit s.amb >log; grep -c 'w/o.u{202e}tuo' log; grep -c "$(printf '\342\200\256')" log
cd /; rm -rf $d
