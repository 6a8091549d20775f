d=$(mktemp -d); mkdir $d/www $d/into; head -c 3000000 /dev/urandom >$d/www/big; cp examples/data/access.log $d/www; : >$d/www/empty; for i in 1 2 3 4 5 6 7 8; do echo "file $i" >$d/www/f$i; done; echo old >$d/into/f1; echo half >$d/into/f2.part
ambit -y examples/static-server.amb $d/www -a 127.0.0.1:0 >$d/log & server=$!
while ! grep -q http $d/log; do sleep 0.05; done; at=$(sed 's|http://||; s|/$||' $d/log)
ambit -y examples/download.amb $at $d/into -n 3 big access.log empty f1 f2 f3 f4 f5 f6 f7 f8 missing | sed 's/ in [0-9.]* s//' | LC_ALL=C sort; kill $server; wait $server 2>/dev/null
for f in big access.log empty f1 f2 f8; do cmp $d/www/$f $d/into/$f && echo same; done; ls $d/into | tr '\n' ' '; rm -rf $d
