# start-up files, keys, remembered grants, programs and modules are told apart from other places
# spec: grant.everything
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
export HOME=$d/home; mkdir -p $HOME/.ssh $HOME/.config/ambit $HOME/.local/bin $HOME/notes $HOME/.config/fish m $XDG_CONFIG_HOME/ambit/grants; echo "pub let x = 1" >m/a.amb; for t in $HOME $HOME/.ssh $HOME/.bashrc $HOME/.config $HOME/.config/fish $HOME/.local $HOME/.local/bin $HOME/notes $XDG_CONFIG_HOME $XDG_CONFIG_HOME/ambit/grants $d/w/m /etc; do printf 'import "./m/a" as a\nuse fs.dir("%s") for create as d\n' $t >s.amb; printf "%s " "${t#$d}"; $pty -c 200 -a n ambit s.amb | grep -c "can do anything you can"; done; printf "%s " -e; $pty -c 200 -a n ambit -e "import \"./m/a\" as a; use fs.dir(\"./m\") for create as d" | grep -c "can do anything you can"
cd /; rm -rf $d
