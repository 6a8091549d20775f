# naming a file grants reading and creating it, never changing it; naming a directory only reading
# spec: grant.named
pty=$(dirname "$(command -v ambit)")/tests/pty; d=$(mktemp -d); export XDG_CONFIG_HOME=$d/cfg; mkdir -p $d/w/out $d/cfg; cd $d/w
echo old >f; ambit -e "use fs.file(args[0]) for write as f" f 2>/dev/null; echo $?; ambit -e "use fs.file(args[0]) for append as f" f 2>/dev/null; echo $?; ambit -e "use fs.dir(args[0]) for create as f" out 2>/dev/null; echo $?; ambit -e "use fs.file(args[0] + \"x\") as f" $d/cfg/ 2>/dev/null; echo $?; ambit -e "use fs.file(args[0]) for create as f" new; cat new f; ambit -e "use fs.named for read, write as n" f 2>&1 | sed -n 2p; ambit --allow fs.named:write -e "use fs.named for write as n; n.edit(\"f\").write(\"new\")" f; cat f; ambit --allow fs.named:write -e "use fs.named for write as n; n.edit(\"new\")" f 2>&1 | head -n 1; ambit -e "use fs.named for write as n" f 2>/dev/null; echo $?
cd /; rm -rf $d
