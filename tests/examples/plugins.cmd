d=$(mktemp -d); cp -r examples/plugins $d/p; cd $d/p; export XDG_CONFIG_HOME=$d/cfg
ambit -y run.amb hello there; ambit -y run.amb again; find notes -type f | sort
cd /; rm -rf $d
