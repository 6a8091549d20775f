# a socket of the system, behind which programs do what they are told, is told apart
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
$pty -a y -a n ambit -e 'use net.unix("/run/nothing.sock") for connect as s' | grep -c "can do anything you can"; $pty -a n ambit -e 'use net.unix("./mine.sock") for listen as s' | grep -c "can do anything you can"
cd /; rm -rf $d
