# a remembered grant for hosts covers those hosts and ports, whatever the script asks for now
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
printf 'use net.tcp(args[0]) for connect as w\nprint("ran")\n' >s.amb; $pty -a a ambit grant s.amb example.org:443 >/dev/null; ambit s.amb example.org:443; ambit s.amb Example.ORG:443; for h in example.org:444 '*.example.org:443' a.example.org:443 'example.org:1-65535'; do ambit s.amb "$h" 2>/dev/null; echo $?; done; ambit grants | sed "s:$d::"
cd /; rm -rf $d
