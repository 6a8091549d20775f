# a star, or a star before a name, does not stand for private addresses
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
t() { ambit --allow "net.tcp($1):connect" -e "use net.tcp(\"$2\") for connect as w; print(1)" >/dev/null 2>&1; echo "$1 $2 $?"; }; for r in 127.0.0.1:80 10.1.2.3:80 192.168.0.1:80 172.20.0.1:80 169.254.169.254:80 '[::1]:80' '[fe80::1]:80' '[fc00::1]:80' '[::ffff:10.0.0.1]:80' 8.8.8.8:80 example.org:80; do t '*:80' "$r"; done
cd /; rm -rf $d
