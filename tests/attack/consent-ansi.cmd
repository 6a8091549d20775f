# terminal escapes in a requested path reach the screen as text
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use fs.dir("./a\\u{1b}[2K\\u{1b}[1A\\u{9b}2Jok") for create as d\n' >s.amb; $pty -a n ambit s.amb >log; grep -c "u{1b}.2K.u{1b}.1A.u{9b}2Jok (new)" log; tr -d "\n -~" <log | od -An -c
cd /; rm -rf $d
